import { parseArchitecture } from "../contract/architecture.ts";
import { hasErrors } from "../contract/finding.ts";
import { parseIsoYaml } from "../contract/iso-yaml.ts";
import { defaultLabel, toVolumeLabel } from "../contract/label.ts";
import { findingsError } from "../contract/make-plan.ts";
import { parseOsRelease } from "../contract/os-release.ts";
import { buildMenu } from "../grub/menu.ts";
import { renderGrub } from "../grub/render.ts";
import { markerPath } from "../iso/iso-files.ts";
import type { Reporter } from "../ui/reporter.ts";
import { ARTIFACTS } from "./work-dir.ts";

/** Stands in for a build's UUID: no ISO has it, so GRUB then goes by the label. */
const NO_BUILD = "00000000-0000-0000-0000-000000000000";

/**
 * The menus of texts alone, without any image.
 * @throws PlatterError for what is wrong in the texts
 */
export function renderFromTexts(about: {
  config: { text: string; file: string } | undefined;
  osRelease: string;
  label: string | undefined;
  reporter: Reporter;
}): Map<string, string> {
  const source = about.config ?? { text: "", file: "iso.yaml" };
  const osRelease = parseOsRelease(about.osRelease);
  const { config = {}, findings } = parseIsoYaml(source.text, source.file);
  const fallback = defaultLabel(osRelease, parseArchitecture(process.arch));
  const given = about.label ?? config.label;
  const { label = fallback.label, ...aboutLabel } = given === undefined ? fallback : toVolumeLabel(given);
  const built = buildMenu({ config, osRelease, label });
  const all = [...findings, ...aboutLabel.findings, ...built.findings];
  if (hasErrors(all)) throw findingsError(all, source.file);
  for (const { seen, severity } of all) if (severity === "warning") about.reporter.warn(seen);
  const medium = { menu: built.menu, label, marker: markerPath(NO_BUILD) };
  return new Map([
    [ARTIFACTS.efiConfig, renderGrub({ ...medium, firmware: "efi" })],
    [ARTIFACTS.biosConfig, renderGrub({ ...medium, firmware: "bios" })],
  ]);
}
