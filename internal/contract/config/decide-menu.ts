import type { Architecture } from "../../base/architecture.ts";
import type { Menu, VolumeLabel } from "../../grub/menu-model.ts";
import type { Finding } from "../findings/finding.ts";
import { checkMenuTexts } from "./check-menu.ts";
import type { ReadIsoYaml } from "./iso-yaml.ts";
import type { IsoYaml } from "./iso-yaml-schema.ts";
import type { KernelArgEdit } from "./kernel-arg-edits.ts";
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
  label: VolumeLabel | undefined;
  /** Changes of the kernel arguments of all entries. Default: none. */
  kernelArgs?: readonly KernelArgEdit[] | undefined;
  /** Whether the root file system has SELinux labels. Default: false. */
  labelled?: boolean | undefined;
}): { label: VolumeLabel; menu: Menu; findings: Finding[] } {
  const { config, osRelease, kernelArgs = [], labelled } = options;
  const fallback = defaultLabel(osRelease, options.architecture);
  const asked =
    options.label === undefined
      ? undefined
      : { label: options.label, findings: toVolumeLabel(options.label).findings };
  // The findings about iso.yaml's own label were made when it was read, with their place in it.
  const configured = config.label === undefined ? undefined : { label: config.label, findings: [] };
  const { label, ...aboutLabel } = asked ?? configured ?? fallback;
  const placeOf = options.placeOf ?? (() => undefined);
  const { menu, findings } = buildMenu({
    config,
    osRelease,
    label,
    replaced: asked && fallback.label,
    labelled,
    kernelArgs,
    placeOf,
  });
  const texts = checkMenuTexts({ config, kernelArgs, menu, label, placeOf });
  return { label, menu, findings: [...aboutLabel.findings, ...findings, ...texts] };
}
