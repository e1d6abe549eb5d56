import { type Architecture, hasBios } from "../base/architecture.ts";
import type { Reporter } from "../base/progress.ts";
import { checkRoots } from "../contract/checks/check-roots.ts";
import { checkEntries } from "../contract/config/check-menu.ts";
import { decideMenu } from "../contract/config/decide-menu.ts";
import { parseIsoYaml } from "../contract/config/iso-yaml.ts";
import type { KernelArgEdit } from "../contract/config/kernel-arg-edits.ts";
import { parseOsRelease } from "../contract/config/os-release.ts";
import { reportFindings } from "../contract/findings/report-findings.ts";
import type { VolumeLabel } from "../grub/menu-model.ts";
import { renderGrub } from "../grub/render.ts";
import { markerPath } from "../iso/iso-files.ts";
import { ARTIFACTS } from "./work/work-dir.ts";

/** The UUID in menus without a build. No ISO has it, so GRUB searches by the label. */
const NO_BUILD = "00000000-0000-0000-0000-000000000000";

/** The menus of texts alone, without any image. @throws PlatterError for errors in the texts */
export function renderFromTexts(texts: {
  config: { text: string; file: string } | undefined;
  osRelease: string;
  label: VolumeLabel | undefined;
  kernelArgs: readonly KernelArgEdit[];
  /** Determines the default label, and whether the BIOS menu is made. */
  architecture: Architecture;
  reporter: Reporter;
}): Map<string, string> {
  const source = texts.config ?? { text: "", file: "iso.yaml" };
  const osRelease = parseOsRelease(texts.osRelease);
  const { sound, placeOf, findings } = parseIsoYaml(source.text, source.file);
  const { architecture } = texts;
  const decided = decideMenu({ ...texts, config: sound, placeOf, osRelease });
  const { menu, label } = decided;
  const all = [
    ...findings,
    ...decided.findings,
    ...checkEntries(menu, { font: "present" }),
    ...checkRoots({ menu, label, placeOf, initramfs: undefined }),
  ];
  reportFindings(all, { reference: source.file, strictness: "normal", reporter: texts.reporter });
  const medium = { menu, label, marker: markerPath(NO_BUILD) };
  const menus = new Map<string, string>([[ARTIFACTS.efiConfig, renderGrub({ ...medium, firmware: "efi" })]]);
  if (hasBios(architecture)) menus.set(ARTIFACTS.biosConfig, renderGrub({ ...medium, firmware: "bios" }));
  return menus;
}
