import { ARCHITECTURES, type Architecture, type Driver } from "../../base/architecture.ts";
import { INITRD_PATH, type Menu, type MenuEntry } from "../../grub/menu-model.ts";
import { type InitramfsSummary, type LiveSupport, moduleName } from "../../initramfs/summary.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, finding } from "../findings/finding.ts";

/** The requirements that an initramfs is checked against. */
export interface InitramfsChecks {
  summary: InitramfsSummary;
  /** Path in the image, for messages. */
  path: string;
  /** Length of the compressed file in bytes; undefined if the size does not matter. */
  size: number | undefined;
  kernelVersion: string;
  /** The image's `modules.builtin`. */
  builtin: string | undefined;
  menu: Menu;
  architecture: Architecture;
  /** Whether the rootfs will have a directory `/LiveOS`. */
  nestedLiveOs: "present" | "absent";
}

/** Findings about an initramfs that keeps the ISO from booting, fully or in part. */
export function checkInitramfs(checks: InitramfsChecks): Finding[] {
  const { summary, path } = checks;
  if (summary.problem !== undefined) {
    const code = summary.problem.kind === "broken" ? "F_INITRAMFS_UNREADABLE" : "F_INITRAMFS_CLOSED";
    return [finding(code, `\`${path}\` ${printable(summary.problem.message)}.`), ...sizeFindings(checks)];
  }
  return [...liveFindings(checks), ...moduleFindings(checks), ...sizeFindings(checks)].map((each) => ({
    ...each,
    fix: each.fix.replaceAll("KVER", checks.kernelVersion),
  }));
}

/** Bytes. The initramfs of a live system without graphics drivers has less than half of this size. */
const LARGE = 192 * 1024 * 1024;

function sizeFindings({ path, size }: InitramfsChecks): Finding[] {
  if (size === undefined || size < LARGE) return [];
  return [finding("F_INITRAMFS_LARGE", `\`${path}\` has ${Math.round(size / 1024 / 1024)} MiB.`)];
}

/** An entry of the menu, and its index there. */
type IndexedEntry = MenuEntry & { index: number };

function liveFindings(checks: InitramfsChecks): Finding[] {
  const { summary, path } = checks;
  // Skip entries that load another initramfs too, since that one may have the missing parts.
  const entries = checks.menu.entries
    .map((entry, index) => ({ ...entry, index }))
    .filter((entry) => entry.initrdPaths.every((each) => each === INITRD_PATH));
  const unmet = argumentFindings(entries, summary);
  if (unmet.length > 0) return unmet;
  if (summary.live.size === 0) {
    const none = `None of dracut's \`dmsquash-live\`, Anaconda's module for it and Debian's live-boot is in \`${path}\``;
    if (summary.generator === undefined && summary.init === "for-live-media") return [];
    if (summary.generator === undefined && summary.init === "any")
      return [finding("F_INITRAMFS_OWN_INIT", `${none}, which has an \`init\` of its own.`)];
    return [finding("F_INITRAMFS_NO_LIVE", `${none}${madeBy(summary)}.`)];
  }
  const findings = overlayFindings(entries, summary);
  if (summary.live.has("dmsquash-live") && checks.nestedLiveOs === "present") {
    findings.push(finding("F_INITRAMFS_NESTED_LIVEOS", "There is a directory `/LiveOS` in the image."));
  }
  return findings;
}

/** The part of the initramfs that a kernel argument needs. */
const WANTS: readonly { pattern: RegExp; support: LiveSupport; title: string }[] = [
  { pattern: /^root=live:(?:https?|ftp|tftp|nfs):/, support: "livenet", title: "dracut's module `livenet`" },
  { pattern: /^root=live:/, support: "dmsquash-live", title: "dracut's module `dmsquash-live`" },
  { pattern: /^inst\.stage2=/, support: "anaconda", title: "Anaconda's dracut module" },
  { pattern: /^boot=live$/, support: "live-boot", title: "Debian's live-boot" },
  { pattern: /^boot=casper$/, support: "casper", title: "Ubuntu's casper" },
];

const adding = (module: string) =>
  `Build it again in the image: \`dracut --no-hostonly --add "dmsquash-live ${module}" --kver KVER /usr/lib/modules/KVER/initramfs.img\`.`;

const FOR_DRACUT =
  "Write `root=live:CDLABEL=LABEL rd.live.image` instead: the ISO is laid out for dracut's `dmsquash-live`.";

/** Special instructions for arguments that lack their part of the initramfs. */
const ARGUMENT_FIXES: Readonly<Partial<Record<LiveSupport, string>>> = {
  livenet: adding("livenet"),
  anaconda: adding("anaconda"),
  "live-boot": FOR_DRACUT,
  casper: FOR_DRACUT,
};

/**
 * Findings about arguments that the initramfs does not support. The initramfs must be of a known generator, since another
 * `init` may support any argument.
 */
function argumentFindings(entries: readonly IndexedEntry[], summary: InitramfsSummary): Finding[] {
  return WANTS.flatMap(({ pattern, support, title }): Finding[] => {
    const wanting = entries.filter(({ kernelArgs }) => kernelArgs.some((each) => pattern.test(each)));
    const [first, ...others] = wanting;
    if (first === undefined) return [];
    const details = { entries: wanting.map(({ index }) => index) };
    const argument = first.kernelArgs.find((each) => pattern.test(each))!;
    const more = others.length > 0 ? ` (and ${others.length} more)` : "";
    const seen = `The entry \`${printable(first.title)}\`${more} has the kernel argument \`${printable(argument)}\``;
    const looksForFiles = support === "live-boot" || support === "casper";
    if (looksForFiles && summary.live.has(support))
      return [finding("F_INITRAMFS_LIVE_BOOT", `${seen}.`, details)];
    if (summary.generator === undefined || summary.live.has(support)) return [];
    const lacks = `${seen}, and ${title} is not in the initramfs${madeBy(summary)}.`;
    return [finding("F_INITRAMFS_ARGUMENT", lacks, { ...details, fix: ARGUMENT_FIXES[support] })];
  });
}

function madeBy({ generator, dracutVersion }: InitramfsSummary): string {
  if (generator === undefined || generator === "systemd") return "";
  return `, which ${generator}${dracutVersion === undefined ? "" : ` ${printable(dracutVersion)}`} made`;
}

/** Whether a switch is on. As in dracut, the last argument counts. */
function isOn(entry: MenuEntry, name: string): boolean {
  const given = entry.kernelArgs.findLast((each) => each === name || each.startsWith(`${name}=`));
  return given !== undefined && !["0", "no", "off"].includes(given.slice(name.length + 1));
}

function overlayFindings(entries: readonly IndexedEntry[], summary: InitramfsSummary): Finding[] {
  if (!summary.live.has("dmsquash-live") || summary.overlay === "by-itself") return [];
  const lacking = entries.filter(
    (entry) =>
      entry.kernelArgs.some((each) => /^(?:root=live:|inst\.stage2=)/.test(each)) &&
      !isOn(entry, "rd.live.overlay.overlayfs"),
  );
  const [first] = lacking;
  if (first === undefined) return [];
  const others = lacking.length > 1 ? ` (and ${lacking.length - 1} more)` : "";
  const renamed = lacking.some((entry) => isOn(entry, "rd.overlay"))
    ? " dracut calls it `rd.overlay` from version 110 on."
    : "";
  const version = printable(summary.dracutVersion ?? "of unknown version");
  const seen = `The entry \`${printable(first.title)}\`${others} does not have the kernel argument \`rd.live.overlay.overlayfs=1\`, and the initramfs has dracut ${version}.${renamed}`;
  return [finding("F_INITRAMFS_OVERLAY", seen, { entries: lacking.map(({ index }) => index) })];
}

const LIVE_MODULES: readonly Driver[] = ["squashfs", "isofs", "loop", "overlay"];
const OPTICAL: readonly Driver[] = ["sr_mod", "cdrom"];

function moduleFindings(checks: InitramfsChecks): Finding[] {
  const { summary, path, kernelVersion, architecture } = checks;
  const loadable = summary.kernels.get(kernelVersion);
  if (loadable === undefined && summary.kernels.size > 0) {
    const others = [...summary.kernels.keys()].sort().map((each) => `\`${printable(each)}\``);
    const seen = `\`${path}\` has modules for ${others.join(", ")}, and the kernel is \`${kernelVersion}\`.`;
    return [finding("F_INITRAMFS_KERNEL", seen)];
  }
  const list = checks.builtin ?? summary.builtin.get(kernelVersion);
  const builtin = new Set(list?.split("\n").map((line) => moduleName(line.trim())));
  const has = (name: string) => loadable?.has(name) === true || builtin.has(name);
  const unknown = list === undefined ? "; without a `modules.builtin`, the built-in modules are unknown" : "";
  const report = (code: Parameters<typeof finding>[0], drivers: readonly Driver[]): Finding[] => {
    const missing = drivers.filter((each) => !(typeof each === "string" ? [each] : each).some(has));
    if (missing.length === 0) return [];
    const names = missing.map((each) =>
      typeof each === "string" ? `\`${each}\`` : `\`${each.join("` or `")}\``,
    );
    const are = missing.length === 1 ? "is" : "are";
    return [
      finding(code, `${names.join(", ")} ${are} neither in \`${path}\` nor built into the kernel${unknown}.`),
    ];
  };
  const findings = [
    ...report("F_INITRAMFS_MODULES", LIVE_MODULES),
    ...report("F_INITRAMFS_OPTICAL", OPTICAL),
    ...report("F_INITRAMFS_USB", ARCHITECTURES[architecture].drivers.usb),
    ...report("F_INITRAMFS_USB_SOME", ARCHITECTURES[architecture].drivers.usbSome),
  ];
  if (summary.live.size === 0) return findings;
  const wanted = [
    summary.isoScan ? [] : ["dracut's `iso-scan`"],
    has("exfat") ? [] : ["the module `exfat`"],
  ].flat();
  if (wanted.length > 0) {
    findings.push(finding("F_INITRAMFS_VENTOY", `\`${path}\` lacks ${wanted.join(" and ")}.`));
  }
  return findings;
}
