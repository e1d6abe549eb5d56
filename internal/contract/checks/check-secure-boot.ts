import { ARCHITECTURES, efiSuffix } from "../../base/architecture.ts";
import type { EfiProgram } from "../../pe/efi-program.ts";
import { findsMenu } from "../../pe/grub-embedded.ts";
import { revokedBy } from "../../pe/sbat.ts";
import { issuersOf, MICROSOFT_2011, MICROSOFT_2023, signersOf, trustOf } from "../../pe/trust.ts";
import type { VendorTable } from "../../pe/vendor-certificate.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, type FindingCode, finding } from "../findings/finding.ts";
import type { BootProgram, BootPrograms } from "./boot-program.ts";
import { levelFor } from "./secure-boot.ts";

/** The keys of a shim without the section `.vendor_cert`. */
const NO_KEYS: VendorTable = {
  allowed: { certificates: [], hashes: [] },
  denied: { certificates: [], hashes: [] },
};

/** The codes of the findings about each program. */
const CODES = {
  shim: {
    format: "F_SHIM_FORMAT",
    machine: "F_SHIM_MACHINE",
    noGenerations: "F_SHIM_SBAT_MISSING",
    revoked: "F_SHIM_REVOKED",
  },
  grub: {
    format: "F_GCD_FORMAT",
    machine: "F_GCD_MACHINE",
    unsigned: "F_GCD_UNSIGNED",
    modified: "F_GCD_MODIFIED",
    untrusted: "F_GCD_UNTRUSTED",
    noGenerations: "F_GCD_SBAT_MISSING",
    revoked: "F_GCD_REVOKED",
  },
  kernel: {
    format: "F_KERNEL_FORMAT",
    machine: "F_KERNEL_MACHINE",
    unsigned: "F_KERNEL_UNSIGNED",
    modified: "F_KERNEL_MODIFIED",
    untrusted: "F_KERNEL_UNTRUSTED",
    revoked: "F_KERNEL_REVOKED",
  },
} as const satisfies Record<string, Record<string, FindingCode>>;

type Started = keyof typeof CODES;

/** Findings about whether firmware, shim and GRUB can start the next program, without and with Secure Boot. */
export function checkSecureBoot(programs: BootPrograms): Finding[] {
  const { shim, grub, kernel, architecture } = programs;
  const findings: Finding[] = [];
  const check = (
    started: Started,
    options: { path: string; program: EfiProgram | undefined; fault?: string | undefined },
  ) => {
    const { path, program, fault } = options;
    if (fault !== undefined)
      findings.push(finding(CODES[started].format, `\`${path}\` ${printable(fault)}.`));
    const machine = efiSuffix(architecture).toUpperCase();
    if (program === undefined || program.machine === machine) return program;
    const seen = `\`${path}\` is a program for ${program.machine}, and the image is for ${machine} (${architecture}).`;
    findings.push(finding(CODES[started].machine, seen));
    return undefined;
  };
  const shimProgram = shim && check("shim", shim);
  const grubProgram = grub && check("grub", grub);
  if (shim !== undefined && shimProgram !== undefined) {
    findings.push(...shimSignature(shim.path, shimProgram), ...generation("shim", { ...shim, programs }));
  }
  const vendor = shimProgram && (shimProgram.vendor ?? NO_KEYS);
  if (grub !== undefined && grubProgram !== undefined) {
    findings.push(...signature("grub", { path: grub.path, program: grubProgram, vendor }));
    findings.push(...generation("grub", { ...grub, programs }), ...menuPlace(grub.path, grubProgram));
  }
  if (kernel === undefined) return findings;
  const { path, image } = kernel;
  if (image.kind === "none")
    findings.push(finding("F_KERNEL_FORMAT", `\`${path}\` ${printable(image.fault)}.`));
  if (image.kind === "x86" && !ARCHITECTURES[architecture].plainKernels)
    findings.push(
      finding("F_KERNEL_MACHINE", `\`${path}\` is a kernel for x86, and the image is for ${architecture}.`),
    );
  else if (image.kind === "x86")
    findings.push(finding("F_KERNEL_UNSIGNED", `\`${path}\` is not an EFI program, so it has no signature.`));
  if (image.packing === "gzip" && image.kind !== "none")
    findings.push(finding("F_KERNEL_GZIP", `\`${path}\` is compressed with gzip.`));
  if (image.kind !== "efi") return findings;
  const program = check("kernel", { path, program: image.program });
  if (program !== undefined) findings.push(...signature("kernel", { path, program, vendor }));
  return findings;
}

/** Findings about how shim judges GRUB, or the kernel when GRUB loads it. */
function signature(
  started: "grub" | "kernel",
  options: { path: string; program: EfiProgram; vendor: VendorTable | undefined },
): Finding[] {
  const { path, program, vendor } = options;
  const trust = trustOf(program, vendor);
  switch (trust) {
    case "vendor":
    case "firmware":
      return [];
    case "unsigned":
      return [finding(CODES[started].unsigned, `\`${path}\` has no signature.`)];
    case "modified":
    case "broken":
      return [finding(CODES[started].modified, notHolding(path, { program, trust }))];
    case "denied":
      return [finding(CODES[started].revoked, `shim's own list of forbidden programs has \`${path}\`.`)];
    case "other": {
      // Without shim its trusted keys are unknown.
      if (vendor === undefined) return [];
      const known = vendor.allowed.certificates.map(({ subject }) => subject);
      const seen = `\`${path}\` is signed by ${names(signersOf(program))}, and shim trusts ${known.length === 0 ? "no certificate of its own" : names(known)}.`;
      return [finding(CODES[started].untrusted, seen)];
    }
    default: {
      const never: never = trust;
      return never;
    }
  }
}

/** Findings about how firmware judges shim. */
function shimSignature(path: string, program: EfiProgram): Finding[] {
  if (program.signatures.length === 0) return [finding("F_SHIM_UNSIGNED", `\`${path}\` has no signature.`)];
  const issuers = issuersOf(program);
  if (issuers.length === 0) {
    const trust = program.signatures.some(({ state }) => state === "modified") ? "modified" : "broken";
    return [finding("F_SHIM_MODIFIED", notHolding(path, { program, trust }))];
  }
  const [old, current] = [MICROSOFT_2011, MICROSOFT_2023].map((name) => issuers.includes(name));
  if (old && current) return [];
  const seen = `\`${path}\` is signed only by ${names(issuers)}.`;
  if (!old && !current) return [finding("F_SHIM_SIGNER", seen)];
  return [finding(old ? "F_SHIM_ONLY_2011" : "F_SHIM_ONLY_2023", seen)];
}

function notHolding(
  path: string,
  { program, trust }: { program: EfiProgram; trust: "modified" | "broken" },
): string {
  const by = names(signersOf(program));
  return trust === "modified"
    ? `\`${path}\` was changed after ${by} signed it.`
    : `\`${path}\` has a signature that platter does not understand, or that the named signer (${by}) did not make.`;
}

/** Generations matter only for signed programs. Unsigned programs do not start in any case. */
function generation(
  started: "shim" | "grub",
  { path, program, programs }: BootProgram & { programs: BootPrograms },
): Finding[] {
  if (program === undefined || program.signatures.length === 0) return [];
  const { sbat } = program;
  if (sbat === undefined || sbat.length === 0)
    return [finding(CODES[started].noGenerations, `\`${path}\` has no \`.sbat\` section with generations.`)];
  const level = levelFor(programs);
  const revoked = revokedBy(level, sbat);
  if (revoked.length === 0) return [];
  const listed = revoked.map(
    ({ name, generation: own, wanted }) => `\`${name}\` ${own} (${wanted} is needed)`,
  );
  const seen = `\`${path}\` has generations that the revocations of ${dateOf(level.date)} refuse: ${listed.join(", ")}.`;
  return [finding(CODES[started].revoked, seen)];
}

/** `2025051000` as `2025-05-10`. */
function dateOf(date: string): string {
  return date.replace(/^(\d{4})(\d\d)(\d\d).*$/, "$1-$2-$3");
}

function menuPlace(path: string, { grub }: EfiProgram): Finding[] {
  if (grub === undefined || findsMenu(grub) !== false) return [];
  const place =
    grub.prefix === undefined || grub.prefix === "" ? "an empty path" : `\`${printable(grub.prefix)}\``;
  const seen = `\`${path}\` looks for its menu in ${place}, and the ISO has it in \`/EFI/BOOT\` and \`/boot/grub\`.`;
  return [finding("F_GCD_PREFIX", seen)];
}

function names(list: readonly string[]): string {
  return list.length === 0 ? "an unknown signer" : list.map((name) => `\`${printable(name)}\``).join(" and ");
}
