import type { Architecture } from "../../base/architecture.ts";
import type { Menu, VolumeLabel } from "../../grub/menu-model.ts";
import type { Finding } from "../findings/finding.ts";
import { checkMenuTexts } from "./check-menu.ts";
import type { ReadIsoYaml } from "./iso-yaml.ts";
import type { IsoYaml } from "./iso-yaml-schema.ts";
import { defaultLabel, toVolumeLabel } from "./label.ts";
import { buildMenu } from "./menu.ts";
import type { OsRelease } from "./os-release.ts";

/**
 * The label and the menu. They come from the user's choices, then from the configuration, then from the distribution's
 * name.
 */
export function decideMenu(options: {
  config: IsoYaml;
  placeOf?: ReadIsoYaml["placeOf"] | undefined;
  osRelease: OsRelease;
  architecture: Architecture;
  label: string | undefined;
  /** Whether the root file system has SELinux labels. Default: false. */
  labelled?: boolean | undefined;
}): { label: VolumeLabel; menu: Menu; findings: Finding[] } {
  const { osRelease } = options;
  const fallback = defaultLabel(osRelease, options.architecture);
  const asked = options.label === undefined ? undefined : toVolumeLabel(options.label);
  // Entries and arguments name the label, so they are not checked if it cannot be used.
  const isUnusable = asked !== undefined && asked.label === undefined;
  const config = isUnusable ? withoutLabel(options.config) : options.config;
  // The findings about iso.yaml's own label were made when it was read, with their place in it.
  const configured = config.label === undefined ? undefined : { label: config.label, findings: [] };
  const { label = fallback.label, ...aboutLabel } = asked ?? configured ?? fallback;
  const placeOf = options.placeOf ?? (() => undefined);
  const { menu, findings } = buildMenu({ config, osRelease, label, labelled: options.labelled, placeOf });
  const texts = checkMenuTexts({ config, label, placeOf });
  return { label, menu, findings: [...aboutLabel.findings, ...findings, ...texts] };
}

/** The keys of iso.yaml that do not depend on the label. */
function withoutLabel({ grub2, selinux }: IsoYaml): IsoYaml {
  return { grub2: grub2 && { timeout: grub2.timeout }, selinux };
}
