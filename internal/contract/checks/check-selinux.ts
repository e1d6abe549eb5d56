import type { Menu } from "../../grub/menu-model.ts";
import { findFile, namesIn } from "../../image/find-file.ts";
import type { TreeNode } from "../../image/image-tree.ts";
import { resolve } from "../../image/resolve.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, finding } from "../findings/finding.ts";

const CONFIG = "etc/selinux/config";
const LABEL = "security.selinux";
/** Kernel arguments with which SELinux does not stop an unlabelled system. */
const HARMLESS = /^(?:enforcing=0|selinux=0|security=(?!selinux$).+)$/;

/** Entries that start an enforcing SELinux over a root file system without labels. */
export async function checkSelinux(
  { root, readText }: { root: TreeNode; readText: (node: TreeNode) => Promise<string> },
  menu: Menu,
): Promise<Finding[]> {
  const entries = menu.entries
    .map((entry, index) => ({ ...entry, index }))
    .filter(({ kernelArgs }) => !kernelArgs.some((each) => HARMLESS.test(each)));
  const [first, ...others] = entries;
  const config = findFile(root, CONFIG);
  if (first === undefined || config === undefined || isLabelled(root)) return [];
  const text = await readText(config.node);
  const setting = (name: string) => new RegExp(`^\\s*${name}\\s*=\\s*(\\S+)`, "m").exec(text)?.[1];
  if (setting("SELINUX") !== "enforcing") return [];
  const type = setting("SELINUXTYPE") ?? "targeted";
  if (!namesIn(root, `etc/selinux/${type}/policy`).some((name) => /^policy\.\d+$/.test(name))) return [];
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  const seen = `\`${config.path}\` has \`SELINUX=enforcing\`, and the entry \`${printable(first.title)}\`${more} does not have \`enforcing=0\`.`;
  return [finding("F_SELINUX_UNLABELLED", seen, { entries: entries.map(({ index }) => index) })];
}

/** The root directory and `/usr` stand for all: labels are written to a whole tree. */
function isLabelled(root: TreeNode): boolean {
  return [root, resolve(root, "usr")].some((node) => node?.inode.xattrs?.has(LABEL) === true);
}
