import type { Architecture } from "../../base/architecture.ts";
import type { FoundFile } from "../../image/find-file.ts";
import { readEfiProgram } from "../../pe/efi-program.ts";
import { MAX_KERNEL, readKernelImage } from "../../pe/kernel-image.ts";
import { isFault } from "../../pe/pe-image.ts";
import type { Finding, FindingCode } from "../findings/finding.ts";
import { type Distribution, howToInstall } from "../pieces/packages.ts";
import type { BootProgram, BootPrograms } from "./boot-program.ts";
import { checkSecureBoot } from "./check-secure-boot.ts";
import { type SecureBoot, summariseSecureBoot } from "./secure-boot.ts";

/** Reads a file of the image. */
export type ReadBytes = (node: FoundFile["node"]) => Promise<Uint8Array>;

/** Reads and checks the programs that firmware, shim and GRUB start. */
export async function checkBootPrograms(
  found: {
    architecture: Architecture;
    shim: FoundFile | undefined;
    grub: FoundFile | undefined;
    kernel: FoundFile | undefined;
    distribution: Distribution | undefined;
  },
  readBytes: ReadBytes,
): Promise<{ findings: Finding[]; secureBoot: SecureBoot | undefined }> {
  const { architecture, shim, grub, kernel } = found;
  const programs: BootPrograms = {
    architecture,
    shim: shim && (await readProgram(shim, readBytes)),
    grub: grub && (await readProgram(grub, readBytes)),
    kernel: kernel && {
      path: kernel.path,
      image: isTooLarge(kernel)
        ? { kind: "none", fault: tooLarge(kernel), packing: "none" }
        : readKernelImage(await readBytes(kernel.node)),
    },
  };
  const findings = checkSecureBoot(programs).map((each): Finding => {
    const piece = PACKAGED.get(each.code);
    return piece === undefined ? each : { ...each, fix: howToInstall(piece, found) };
  });
  return { findings, secureBoot: summariseSecureBoot(programs) };
}

/** Findings that a newer package of shim or GRUB resolves. */
const PACKAGED: ReadonlyMap<FindingCode, Parameters<typeof howToInstall>[0]> = new Map([
  ["F_SHIM_FORMAT", "shim"],
  ["F_SHIM_UNSIGNED", "shim"],
  ["F_GCD_FORMAT", "grub"],
  ["F_GCD_UNSIGNED", "grub"],
  ["F_GCD_PREFIX", "grub"],
]);

async function readProgram(file: FoundFile, readBytes: ReadBytes): Promise<BootProgram> {
  const { path } = file;
  if (isTooLarge(file)) return { path, program: undefined, fault: tooLarge(file) };
  const read = readEfiProgram(await readBytes(file.node));
  return isFault(read)
    ? { path, program: undefined, fault: read.fault }
    : { path, program: read, fault: undefined };
}

function isTooLarge({ node }: FoundFile): boolean {
  return node.inode.size > MAX_KERNEL;
}

function tooLarge({ node }: FoundFile): string {
  return `has ${node.inode.size} bytes, more than any boot program`;
}
