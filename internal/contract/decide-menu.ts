import { buildMenu, type Menu } from "../grub/menu.ts";
import type { Architecture } from "./architecture.ts";
import type { Finding } from "./finding.ts";
import type { ReadIsoYaml } from "./iso-yaml.ts";
import type { IsoYaml } from "./iso-yaml-schema.ts";
import { defaultLabel, toVolumeLabel, type VolumeLabel } from "./label.ts";
import type { OsRelease } from "./os-release.ts";

/** The label and the menu: of what was asked for, else of the configuration, else of the distribution's name. */
export function decideMenu(about: {
  config: IsoYaml;
  placeOf?: ReadIsoYaml["placeOf"] | undefined;
  osRelease: OsRelease;
  architecture: Architecture;
  label: string | undefined;
}): { label: VolumeLabel; menu: Menu; findings: Finding[] } {
  const { config, osRelease } = about;
  const fallback = defaultLabel(osRelease, about.architecture);
  const given = about.label ?? config.label;
  const { label = fallback.label, ...aboutLabel } = given === undefined ? fallback : toVolumeLabel(given);
  const { menu, findings } = buildMenu({ config, osRelease, label, placeOf: about.placeOf });
  return { label, menu, findings: [...aboutLabel.findings, ...findings] };
}
