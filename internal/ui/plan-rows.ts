import { switchesSelinuxOff } from "../contract/checks/check-selinux.ts";
import type { Piece, Plan } from "../contract/plan/plan.ts";
import { counted } from "../text/counted.ts";
import { printable } from "../text/printable.ts";
import { formatBytes } from "./format.ts";
import type { Row } from "./rows.ts";

/** `long` also lists paths, kernel arguments and patterns. */
export type Detail = "short" | "long";

/** The parts of a plan as rows of a table. */
export function planRows(plan: Plan, detail: Detail): Row[] {
  const rows: Row[] = [
    ["label", plan.label],
    ["file times", `${timeText(plan.time)}, for everything on the ISO`],
    ["digest", plan.image.digest ?? "none"],
    ...kernelRows(plan, detail),
    ...loaderRows(plan, detail),
    ...menuRows(plan, detail),
    ...plan.payloads.map(({ digest, names }): Row => {
      return ["payload", `${names.join(" ") || "without a name"} ${digest}`];
    }),
    ...addedRows(plan, detail),
    ...(plan.overlays ?? []).map(({ path, digest }): Row => ["overlay", `${path} ${digest}`]),
    ...selinuxRows(plan),
    ["left out", ...excludeLines(plan.excludes, detail)],
  ];
  return rows.map(([name, ...lines]) => [name, ...lines.map(printable)]);
}

/** `2023-11-14 22:13:20 UTC`. */
function timeText(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

function kernelRows({ kernel }: Plan, detail: Detail): Row[] {
  const { version, vmlinuz, initramfs } = kernel;
  if (detail === "long")
    return [
      ["kernel", version],
      ["vmlinuz", pieceText(vmlinuz)],
      ["initramfs", pieceText(initramfs)],
    ];
  const sizes = `vmlinuz ${formatBytes(vmlinuz.size)}   initramfs ${formatBytes(initramfs.size)}`;
  return [["kernel", `${version}   ${sizes}`]];
}

function loaderRows({ efi, bios, font }: Plan, detail: Detail): Row[] {
  const modules = bios === null ? "no BIOS modules" : counted(bios.modules.length, "BIOS module");
  if (detail === "long")
    return [
      ["vendor", efi.vendor],
      ["shim", pieceText(efi.shim)],
      ["GRUB", pieceText(efi.grub)],
      ["MOK manager", efi.mm === null ? "none" : pieceText(efi.mm)],
      ["BIOS modules", bios === null ? "none" : counted(bios.modules.length, "file")],
      ["font", font === null ? "none" : pieceText(font)],
    ];
  const programs = efi.mm === null ? "shim and GRUB" : "shim, GRUB and MOK manager";
  return [
    ["boot loaders", `${programs} of ${efi.vendor}; ${modules}; ${font === null ? "no font" : "font"}`],
  ];
}

function menuRows({ menu }: Plan, detail: Detail): Row[] {
  const { timeout, entries } = menu;
  const waits = timeout < 0 ? "waits for a key" : `starts the default after ${timeout} s`;
  const lines = entries.map(({ title, kernelArgs }, index) => {
    const mark = index === menu.default ? "→" : " ";
    const args = detail === "long" ? `: ${kernelArgs.join(" ")}` : "";
    return `${mark} ${index} "${title}"${args}`;
  });
  return [["menu", waits, ...lines]];
}

function addedRows({ added }: Plan, detail: Detail): Row[] {
  if (added === undefined) return [];
  if (detail === "long")
    return [["added", ...added.map((piece) => `${piece.isoPath} from ${pieceText(piece)}`)]];
  const bytes = added.reduce((sum, { size }) => sum + size, 0);
  return [["added", `${counted(added.length, "file")}, ${formatBytes(bytes)} (-v lists them)`]];
}

function excludeLines(excludes: readonly string[], detail: Detail): string[] {
  if (excludes.length === 0) return ["nothing"];
  if (detail === "long") return [...excludes];
  return [`${counted(excludes.length, "pattern")} (-v lists them)`];
}

const LABELS_TEXT = {
  policy: "labels by the policy",
  image: "labels of the image",
  none: "no labels",
} as const;

/** Policy, mode and labels, and the entries that start without an enforcing SELinux. */
function selinuxRows({ selinux, menu }: Plan): Row[] {
  if (selinux === undefined) return [];
  const { policy, mode, labels } = selinux;
  const named = policy === null ? [] : [`policy ${policy.type} with ${counted(policy.patterns, "pattern")}`];
  const off = menu.entries.flatMap((entry, index) => (switchesSelinuxOff(entry) ? [index] : []));
  const entries = off.length === 0 ? [] : [`not enforcing in entry ${off.join(", ")}`];
  return [["SELinux", [...named, mode ?? "no mode", LABELS_TEXT[labels], ...entries].join("; ")]];
}

function pieceText({ source, size }: Piece): string {
  return `${source} (${formatBytes(size)})`;
}
