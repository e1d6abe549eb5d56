import { displayPath } from "../../bytes/byte-path.ts";
import type { Menu, VolumeLabel } from "../../grub/menu-model.ts";
import { findFile, namesIn } from "../../image/find-file.ts";
import type { TreeNode } from "../../image/image-tree.ts";
import { counted } from "../../text/counted.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, finding } from "../findings/finding.ts";

/** The inputs for checking the files of a live system. */
interface LiveChecks {
  root: TreeNode;
  readText: (node: TreeNode) => Promise<string>;
  /** Whether the root file system omits a path. */
  exclude: (path: string) => boolean;
  menu: Menu;
  label: VolumeLabel;
}

/** Most bytes of a file that is checked. */
const MAX_TEXT = 1024 * 1024;
/** The most lines of a file that a finding names. */
const MAX_LISTED = 3;

/** Findings about files that belong to the machine on which the image was built, or that no live system should have. */
export async function checkLive(checks: LiveChecks): Promise<Finding[]> {
  return [
    ...emptyFiles(checks),
    ...(await machineIds(checks)),
    ...hostKeys(checks),
    ...(await fstab(checks)),
    ...(await storage(checks)),
  ];
}

function emptyFiles(checks: LiveChecks): Finding[] {
  const empty = ["etc/resolv.conf", "etc/hosts", "etc/hostname"].filter(
    (path) => liveFile(checks, path)?.inode.size === 0,
  );
  if (empty.length === 0) return [];
  return [finding("F_LIVE_EMPTY", `${listed(empty)} ${empty.length === 1 ? "is" : "are"} empty.`)];
}

async function machineIds(checks: LiveChecks): Promise<Finding[]> {
  const found: string[] = [];
  for (const path of ["etc/machine-id", "var/lib/dbus/machine-id"]) {
    if (/^[0-9a-f]{32}\s*$/i.test((await textOf(checks, path)) ?? "")) found.push(path);
  }
  if (found.length === 0) return [];
  const commands = found
    .map((path) => (path.startsWith("etc/") ? `: >/${path}` : `rm /${path}`))
    .join(" && ");
  const fix = `Remove it in the image: \`${commands}\`.`;
  return [finding("F_LIVE_MACHINE_ID", `There is a machine-id in ${listed(found)}.`, { fix })];
}

function hostKeys(checks: LiveChecks): Finding[] {
  const keys = namesIn(checks.root, "etc/ssh")
    .filter((name) => /^ssh_host_\w+_key$/.test(name))
    .map((name) => `etc/ssh/${name}`)
    .filter((path) => (liveFile(checks, path)?.inode.size ?? 0) > 0);
  return keys.length === 0 ? [] : [finding("F_LIVE_HOST_KEYS", `There are private keys: ${listed(keys)}.`)];
}

/** Devices by properties of a single machine, or by their names. */
const DEVICE =
  /^(?:(?:PART)?(?:UUID|LABEL)=|\/dev\/(?:(?:sd|hd|vd|xvd|nvme|mmcblk|md|dm-|bcache)\w*|mapper\/.+|disk\/by-.+)$)/;

async function fstab(checks: LiveChecks): Promise<Finding[]> {
  if (checks.menu.entries.every(({ kernelArgs }) => kernelArgs.includes("fstab=no"))) return [];
  const own = [`LABEL=${checks.label}`, `/dev/disk/by-label/${checks.label}`];
  const lines = ((await textOf(checks, "etc/fstab")) ?? "").split("\n").flatMap((line, index) => {
    const [device = "", , , options = ""] = line.trim().split(/\s+/);
    const isAwaited = !options.split(",").some((each) => each === "noauto" || each === "nofail");
    const name = device.replace(/"/g, "");
    return DEVICE.test(name) && isAwaited && !own.includes(name) ? [{ number: index + 1, name }] : [];
  });
  if (lines.length === 0) return [];
  const shown = lines
    .slice(0, MAX_LISTED)
    .map(({ number, name }) => `\`${printable(name.slice(0, 80))}\` in line ${number}`);
  const more = lines.length > MAX_LISTED ? `, and ${lines.length - MAX_LISTED} more` : "";
  return [finding("F_LIVE_FSTAB", `\`/etc/fstab\` has ${shown.join(", ")}${more}.`)];
}

const STORAGES = ["var/lib/containers/storage", "usr/lib/containers/storage"];

/** Checks only the driver overlay, since other drivers do not use whiteouts. */
async function storage(checks: LiveChecks): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const path of STORAGES) {
    const records = imagesOf((await textOf(checks, `${path}/overlay-images/images.json`)) ?? "[]");
    const [first] = records;
    if (first === undefined) continue;
    const count = counted(records.length, "image");
    const name = first.names?.[0] ?? first.id;
    const seen = `\`${displayPath(path)}\` has ${count}, such as \`${printable(String(name).slice(0, 120))}\`.`;
    findings.push(finding("F_LIVE_STORAGE", seen));
  }
  return findings;
}

function imagesOf(text: string): { id?: unknown; names?: unknown[] | null }[] {
  try {
    const records: unknown = JSON.parse(text);
    return Array.isArray(records) ? records.filter((each) => typeof each === "object" && each !== null) : [];
  } catch {
    // Another finding or error reports a storage that podman could not read.
    return [];
  }
}

function liveFile({ root, exclude }: LiveChecks, path: string): TreeNode | undefined {
  const parts = path.split("/");
  if (parts.some((_, index) => exclude(parts.slice(0, index + 1).join("/")))) return undefined;
  return findFile(root, path)?.node;
}

async function textOf(checks: LiveChecks, path: string): Promise<string | undefined> {
  const node = liveFile(checks, path);
  if (node === undefined || node.inode.size === 0 || node.inode.size > MAX_TEXT) return undefined;
  return checks.readText(node);
}

function listed(paths: readonly string[]): string {
  return paths.map((path) => `\`${displayPath(path)}\``).join(", ");
}
