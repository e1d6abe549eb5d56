import { type Architecture, efiSuffix } from "../../base/architecture.ts";
import { displayPath } from "../../bytes/byte-path.ts";
import { type FoundFile, findFile } from "../../image/find-file.ts";
import type { TreeNode } from "../../image/image-tree.ts";
import { counted } from "../../text/counted.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, finding } from "../findings/finding.ts";
import {
  BINARIES,
  type Binary,
  binaryPlaces,
  findBinaries,
  MAX_NAMES,
  VENDOR_FOLDERS,
  type Vendors,
  vendorsOf,
} from "./efi-places.ts";
import { type Distribution, howToInstall } from "./packages.ts";

export interface FoundEfi {
  vendor: string;
  /** All vendors of the image, in byte order. */
  vendors: string[];
  shim: FoundFile;
  grub: FoundFile;
  mm: FoundFile | undefined;
}

interface EfiOptions {
  architecture: Architecture;
  vendor: string | undefined;
  distribution: Distribution | undefined;
}

/** Clauses C3 and C4: the vendor, and its signed EFI binaries. */
export function locateEfi(
  root: TreeNode,
  options: EfiOptions,
): { efi: FoundEfi | undefined; findings: Finding[] } {
  const { architecture } = options;
  const found = vendorsOf(root);
  const findings = nameFindings(found);
  if (found.crowded !== undefined) return { efi: undefined, findings };
  const vendors = found.names.length > 0 ? found.names : vendorOfDebian(root, options);
  if (options.vendor !== undefined && !vendors.includes(options.vendor)) {
    return { efi: undefined, findings: [...findings, unknownVendor(options.vendor, vendors)] };
  }
  const eligible = options.vendor === undefined ? vendors : [options.vendor];
  const candidates = eligible.map((vendor) => ({
    vendor,
    binaries: findBinaries(root, { architecture, vendor }),
  }));
  const chosen =
    candidates.find(({ binaries }) => BINARIES.every((binary) => binaries[binary] !== undefined)) ??
    candidates[0];
  if (chosen === undefined) {
    const seen = `The image has no directory other than \`BOOT\` in ${VENDOR_FOLDERS.join(", ")}.${elsewhere(root, architecture)}`;
    const fix = howToInstall("shim", options);
    return { efi: undefined, findings: [...findings, finding("F_VENDOR_MISSING", seen, { fix })] };
  }
  const { vendor } = chosen;
  if (vendors.length > 1) {
    const seen = `There are ${counted(vendors.length, "vendor")} (${listed(vendors)}), and \`${vendor}\` was chosen.`;
    findings.push(finding("F_VENDOR_SEVERAL", seen));
  }
  const { shim, grub, mm } = chosen.binaries;
  for (const binary of BINARIES) {
    if (chosen.binaries[binary] === undefined) findings.push(missing(binary, { root, vendor, options }));
  }
  if (shim === undefined || grub === undefined) return { efi: undefined, findings };
  return { efi: { vendor, vendors, shim, grub, mm }, findings };
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(", ");
}

function nameFindings({ odd, crowded }: Vendors): Finding[] {
  const findings = odd.slice(0, 3).map((path) => {
    return finding("F_VENDOR_NAME", `The directory \`${displayPath(path)}\` is ignored.`);
  });
  if (crowded !== undefined) {
    const seen = `\`${displayPath(crowded)}\` has more than ${MAX_NAMES} entries.`;
    findings.push(finding("F_VENDOR_MANY", seen));
  }
  return findings;
}

function unknownVendor(wanted: string, vendors: readonly string[]): Finding {
  const has = vendors.length === 0 ? "it has no vendor" : `it has ${listed(vendors)}`;
  return finding("F_VENDOR_UNKNOWN", `The image does not have the vendor \`${printable(wanted)}\`; ${has}.`);
}

/** Debian and Ubuntu keep their binaries outside any vendor's directory. */
function vendorOfDebian(root: TreeNode, { architecture, distribution }: EfiOptions): string[] {
  const shim = `usr/lib/shim/shim${efiSuffix(architecture)}.efi`;
  const isThere = findFile(root, `${shim}.signed`) !== undefined || findFile(root, shim) !== undefined;
  return isThere ? [distribution === "ubuntu" ? "ubuntu" : "debian"] : [];
}

const MISSING_CODES = { shim: "F_SHIM_MISSING", grub: "F_GCD_MISSING", mm: "F_MM_MISSING" } as const;

function missing(
  binary: Binary,
  { root, vendor, options }: { root: TreeNode; vendor: string; options: EfiOptions },
): Finding {
  const { architecture } = options;
  const places = binaryPlaces(binary, { root, architecture, vendor });
  const name = `${binary === "grub" ? "gcd" : binary}${efiSuffix(architecture)}.efi`;
  const looked = `The image has no \`${name}\`; looked for ${places.map((path) => `\`${displayPath(path)}\``).join(", ")}.`;
  const instead = {
    shim: () => elsewhere(root, architecture),
    grub: () => plainGrub(root, places, architecture),
    mm: () => "",
  }[binary]();
  return finding(MISSING_CODES[binary], looked + instead, { fix: howToInstall(binary, options) });
}

/** The path of a shim in the folder of openSUSE. */
function elsewhere(root: TreeNode, architecture: Architecture): string {
  const path = [`usr/share/efi/${architecture}/shim.efi`, `usr/lib64/efi/shim.efi`].find(
    (each) => findFile(root, each) !== undefined,
  );
  if (path === undefined) return "";
  return ` \`${displayPath(path)}\` exists, but platter does not use it: it belongs to openSUSE's layout.`;
}

/** A GRUB for hard disks, which authors mistake for the required GRUB. */
function plainGrub(root: TreeNode, places: readonly string[], architecture: Architecture): string {
  const name = `grub${efiSuffix(architecture)}.efi`;
  const found = places
    .map((path) => findFile(root, path.replace(/gcd(\w+)\.efi/, name))?.path)
    .find((path) => path !== undefined);
  if (found === undefined) return "";
  return ` \`${found}\` exists, but looks for its menu on a hard disk, not on optical media.`;
}
