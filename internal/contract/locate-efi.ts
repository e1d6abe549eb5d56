import type { TreeNode } from "../image/image-tree.ts";
import { type Architecture, efiSuffix } from "./architecture.ts";
import { type Finding, finding } from "./finding.ts";
import { type FoundFile, findFile, namesIn } from "./locate-kernel.ts";

export interface FoundEfi {
  vendor: string;
  /** All vendors of the image, in byte order. */
  vendors: string[];
  shim: FoundFile;
  grub: FoundFile;
  mm: FoundFile | undefined;
}

type Binary = "shim" | "grub" | "mm";

/** Clauses C3 and C4: the vendor, and its signed EFI binaries. */
export function locateEfi(
  root: TreeNode,
  options: { architecture: Architecture; vendor: string | undefined },
): { efi: FoundEfi | undefined; findings: Finding[] } {
  const { architecture } = options;
  const vendors = vendorsOf(root);
  const listed = vendors.map((vendor) => `\`${vendor}\``).join(", ");
  if (options.vendor !== undefined && vendors.length > 0 && !vendors.includes(options.vendor)) {
    const seen = `There is no vendor \`${options.vendor}\` in the image, which has ${listed}.`;
    return { efi: undefined, findings: [finding("F_VENDOR_UNKNOWN", seen)] };
  }
  const findings: Finding[] = [];
  const eligible = options.vendor === undefined ? vendors : [options.vendor];
  const complete = eligible.find((vendor) =>
    (["shim", "grub", "mm"] as const).every(
      (b) => findBinary(root, b, { architecture, vendor }) !== undefined,
    ),
  );
  // Debian and Ubuntu keep their binaries outside any vendor's directory.
  const vendor = complete ?? eligible[0] ?? debianVendor(root, architecture);
  if (vendor === undefined) {
    findings.push(
      finding("F_VENDOR_MISSING", `No directory but \`BOOT\` is in ${VENDOR_FOLDERS.join(", ")}.`),
    );
    return { efi: undefined, findings };
  }
  if (vendors.length > 1) {
    findings.push(
      finding(
        "F_VENDOR_SEVERAL",
        `There are ${vendors.length} vendors (${listed}), and \`${vendor}\` was chosen.`,
      ),
    );
  }
  const [shim, grub, mm] = (["shim", "grub", "mm"] as const).map((b) =>
    findBinary(root, b, { architecture, vendor }),
  );
  const suffix = efiSuffix(architecture);
  if (shim === undefined) {
    findings.push(
      finding(
        "F_SHIM_MISSING",
        notFound(`shim${suffix}.efi`, candidates("shim", { root, architecture, vendor })),
      ),
    );
  }
  if (grub === undefined) {
    const plain = plainGrub(root, { architecture, vendor });
    const seen = notFound(`gcd${suffix}.efi`, candidates("grub", { root, architecture, vendor }));
    const instead =
      plain === undefined
        ? ""
        : ` \`${plain}\` is there, but looks for its menu on a hard disk, not on optical media.`;
    findings.push(finding("F_GCD_MISSING", seen + instead));
  }
  if (mm === undefined) {
    findings.push(
      finding("F_MM_MISSING", notFound(`mm${suffix}.efi`, candidates("mm", { root, architecture, vendor }))),
    );
  }
  if (shim === undefined || grub === undefined) return { efi: undefined, findings };
  return { efi: { vendor, vendors, shim, grub, mm }, findings };
}

const VENDOR_FOLDERS = ["`/usr/lib/efi/shim/*/EFI`", "`/usr/lib/bootupd/updates/EFI`", "`/boot/efi/EFI`"];

function notFound(name: string, paths: readonly string[]): string {
  return `There is no \`${name}\`; looked for ${paths.map((path) => `\`/${path}\``).join(", ")}.`;
}

/** The first place of clause C3 that names any vendor decides. */
function vendorsOf(root: TreeNode): string[] {
  const bases = [
    namesIn(root, "usr/lib/efi/shim").map((version) => `usr/lib/efi/shim/${version}/EFI`),
    ["usr/lib/bootupd/updates/EFI"],
    ["boot/efi/EFI"],
  ];
  for (const group of bases) {
    const vendors = new Set(
      group.flatMap((base) => namesIn(root, base).filter((name) => isVendor(root, base, name))),
    );
    if (vendors.size > 0) return [...vendors].sort();
  }
  return [];
}

function isVendor(root: TreeNode, base: string, name: string): boolean {
  return (
    /^[\w.-]+$/.test(name) && name.toUpperCase() !== "BOOT" && namesIn(root, `${base}/${name}`).length > 0
  );
}

/** A vendor's name for Debian's own places, where no directory is named after one. */
function debianVendor(root: TreeNode, architecture: Architecture): string | undefined {
  const shim = `usr/lib/shim/shim${efiSuffix(architecture)}.efi`;
  return findFile(root, `${shim}.signed`) !== undefined || findFile(root, shim) !== undefined
    ? "debian"
    : undefined;
}

function findBinary(
  root: TreeNode,
  binary: Binary,
  where: { architecture: Architecture; vendor: string },
): FoundFile | undefined {
  for (const path of candidates(binary, { root, ...where })) {
    const found = findFile(root, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every path where clause C4 lets a binary lie, the preferred one first. */
function candidates(
  binary: Binary,
  where: { root: TreeNode; architecture: Architecture; vendor: string },
): string[] {
  const { root, architecture, vendor } = where;
  const suffix = efiSuffix(architecture);
  const name = `${binary === "grub" ? "gcd" : binary}${suffix}.efi`;
  const packaged = ["shim", "grub2"].flatMap((folder) => {
    const base = `usr/lib/efi/${folder}`;
    const versions = namesIn(root, base);
    return (versions.length > 0 ? versions : ["*"]).map(
      (version) => `${base}/${version}/EFI/${vendor}/${name}`,
    );
  });
  const places = [
    `boot/efi/EFI/${vendor}/${name}`,
    ...packaged,
    `usr/lib/bootupd/updates/EFI/${vendor}/${name}`,
  ];
  if (binary === "grub") {
    const target = architecture === "x86_64" ? "x86_64-efi" : "arm64-efi";
    return [
      ...places,
      `usr/lib/grub/${target}-signed/${name}.signed`,
      `usr/lib/grub/${target}/monolithic/${name}`,
    ];
  }
  return [...places, `usr/lib/shim/${name}.signed`, `usr/lib/shim/${name}`];
}

/** A GRUB for hard disks, which people take for the one that is needed. */
function plainGrub(
  root: TreeNode,
  where: { architecture: Architecture; vendor: string },
): string | undefined {
  const name = `grub${efiSuffix(where.architecture)}.efi`;
  return candidates("grub", { root, ...where })
    .map((path) => path.replace(/gcd(\w+)\.efi/, name))
    .map((path) => findFile(root, path)?.path)
    .find((path) => path !== undefined);
}
