import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { IsoContent, IsoLayout } from "../../../internal/iso/layout.ts";
import { ESP_TYPE, ISO_PARTITION_TYPE } from "../../../internal/iso-format/gpt.ts";

/** Makes the ISO of a layout with xorriso, with its contents in `folder`, to compare platter's own with. */
export function xorrisoIso(layout: IsoLayout, { output, folder }: { output: string; folder: string }): void {
  const done = Bun.spawnSync(["xorriso", ...xorrisoArguments(layout, { output, folder })], {
    env: { PATH: process.env.PATH, SOURCE_DATE_EPOCH: String(layout.time), LC_ALL: "C.UTF-8" },
    stderr: "pipe",
  });
  if (done.exitCode !== 0) throw new Error(done.stderr.toString());
}

function xorrisoArguments(
  layout: IsoLayout,
  { output, folder }: { output: string; folder: string },
): string[] {
  let count = 0;
  const hostPath = (content: IsoContent | { inPlace: number }) => {
    if ("path" in content) return content.path;
    if (!("bytes" in content)) throw new Error("xorriso takes whole files");
    const path = join(folder, `content-${count++}`);
    writeFileSync(path, content.bytes);
    return path;
  };
  const time = `${new Date(layout.time * 1000).toISOString().replace(/[-:T]/g, "").slice(0, 14)}00`;
  const args = ["-as", "mkisofs", "-quiet", "-iso-level", "3", "-r", "-J", "-joliet-long"];
  args.push("-V", layout.volumeId, "-sysid", "LINUX");
  args.push(`--modification-date=${time}`, "--set_all_file_dates", time);
  args.push("--gpt_disk_guid", layout.uuid);
  args.push("-partition_offset", "16", "-iso_mbr_part_type", ISO_PARTITION_TYPE);
  args.push("-append_partition", "2", ESP_TYPE, hostPath(layout.espImage), "-appended_part_as_gpt");
  if (!layout.strictGpt) args.push("--mbr-force-bootable");
  args.push("-c", "boot.catalog");
  if (layout.bios !== undefined) {
    args.push("--grub2-mbr", hostPath(layout.bios.hybridMbr));
    args.push("-b", layout.bios.image.slice(1), "-no-emul-boot", "-boot-load-size", "4");
    args.push("-boot-info-table", "--grub2-boot-info", "-eltorito-alt-boot");
  }
  args.push("-e", "--interval:appended_partition_2:all::", "-no-emul-boot", "-o", output, "-graft-points");
  const files = layout.rootfs === undefined ? layout.files : [...layout.files, layout.rootfs];
  for (const { isoPath, content } of files) args.push(`${graft(isoPath)}=${graft(hostPath(content))}`);
  return args;
}

/** `=` parts the two sides of a graft point, `\` escapes. */
function graft(path: string): string {
  return path.replace(/[\\=]/g, "\\$&");
}
