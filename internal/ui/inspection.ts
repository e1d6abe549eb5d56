import { switchesSelinuxOff } from "../contract/checks/check-selinux.ts";
import type { SecureBoot } from "../contract/checks/secure-boot.ts";
import type { BootClaims } from "../contract/findings/boot-claims.ts";
import type { Finding } from "../contract/findings/finding.ts";
import { findingLines } from "../contract/findings/finding-lines.ts";
import type { Piece, Plan } from "../contract/plan/plan.ts";
import { printable } from "../text/printable.ts";
import { bootClaimLines } from "./boot-claims-text.ts";
import { formatBytes } from "./format.ts";
import { secureBootText } from "./secure-boot-text.ts";

/** A plan and its findings for people. */
export function renderInspection(options: {
  reference: string;
  plan: Plan | undefined;
  findings: readonly Finding[];
  secureBoot: SecureBoot | undefined;
  /** Undefined without a plan. */
  boots: BootClaims | undefined;
  /** The least and the most bytes that the ISO can have. */
  isoSize?: { least: number; most: number } | undefined;
}): string {
  const { reference, plan, findings, secureBoot, boots, isoSize } = options;
  const rows = plan === undefined ? [["image", reference]] : planRows(plan);
  if (boots !== undefined) {
    const [firstWay = "", ...otherWays] = bootClaimLines(boots);
    rows.push(["boots on", firstWay], ...otherWays.map((line) => ["", line]));
  }
  if (secureBoot !== undefined) rows.push(["Secure Boot", secureBootText(secureBoot)]);
  if (isoSize !== undefined) {
    rows.push(["ISO size", `${formatBytes(isoSize.least)} to ${formatBytes(isoSize.most)}, by estimate`]);
  }
  const width = Math.max(...rows.map(([name]) => name!.length)) + 2;
  const table = rows.map(([name, value]) => `${name!.padEnd(width)}${printable(value!)}`);
  const listed = findings.flatMap((finding) => ["", ...findingLines(finding)]);
  return `${[...table, ...listed].join("\n")}\n`;
}

function planRows(plan: Plan): string[][] {
  const { image, kernel, efi, bios, font, menu } = plan;
  return [
    ["image", image.reference],
    ["digest", image.digest ?? "none"],
    ["architecture", plan.architecture],
    ["product", `${plan.product} ${plan.productVersion}`.trim() || "unknown"],
    ["label", plan.label],
    ["time", new Date(plan.time * 1000).toISOString()],
    ["kernel", kernel.version],
    ["vmlinuz", pieceText(kernel.vmlinuz)],
    ["initramfs", pieceText(kernel.initramfs)],
    ["vendor", efi.vendor],
    ["shim", pieceText(efi.shim)],
    ["GRUB", pieceText(efi.grub)],
    ["MOK manager", efi.mm === null ? "none" : pieceText(efi.mm)],
    ["BIOS modules", bios === null ? "none" : `${bios.modules.length} files`],
    ["font", font === null ? "none" : pieceText(font)],
    ["menu", `waits ${menu.timeout} s, default is entry ${menu.default}`],
    ...menu.entries.map(({ title, kernelArgs }, i) => [`  entry ${i}`, `${title}: ${kernelArgs.join(" ")}`]),
    ...plan.payloads.map(({ digest, names }) => [
      "payload",
      `${names.join(" ") || "without a name"} ${digest}`,
    ]),
    ["excludes", plan.excludes.join(" ") || "none"],
    ...selinuxRows(plan),
  ];
}

const LABELS_TEXT = {
  policy: "labels by the policy",
  image: "labels of the image",
  none: "no labels",
} as const;

/** Policy, mode and labels, and the entries that start without an enforcing SELinux. */
function selinuxRows({ selinux, menu }: Plan): string[][] {
  if (selinux === undefined) return [];
  const { policy, mode, labels } = selinux;
  const named = policy === null ? [] : [`policy ${policy.type} with ${policy.patterns} patterns`];
  const off = menu.entries.flatMap((entry, index) => (switchesSelinuxOff(entry) ? [index] : []));
  const entries = off.length === 0 ? [] : [`not enforcing in entry ${off.join(", ")}`];
  return [["SELinux", [...named, mode ?? "no mode", LABELS_TEXT[labels], ...entries].join("; ")]];
}

function pieceText({ source, size }: Piece): string {
  return `${source} (${formatBytes(size)})`;
}
