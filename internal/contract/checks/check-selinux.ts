import type { Menu, MenuEntry } from "../../grub/menu-model.ts";
import { findFile, namesIn } from "../../image/find-file.ts";
import type { TreeNode } from "../../image/image-tree.ts";
import { parseSelinuxConfig } from "../../selinux/selinux-config.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, finding } from "../findings/finding.ts";

const CONFIG = "etc/selinux/config";
/** dracut's argument for a live system, whose root is an overlayfs. */
const LIVE = "rd.live.image";
/** Kernel arguments with which SELinux does not stop an unlabelled system. */
const HARMLESS = /^(?:enforcing=0|selinux=0|security=(?!selinux$).+)$/;

/** Whether SELinux does not enforce its policy in a system that the entry starts, whatever the image says. */
export function switchesSelinuxOff({ kernelArgs }: Pick<MenuEntry, "kernelArgs">): boolean {
  return kernelArgs.some((each) => HARMLESS.test(each));
}

/** Findings about entries that start an enforcing SELinux: without labels, or over an overlayfs. */
export async function checkSelinux(
  {
    root,
    readText,
    labelled,
  }: { root: TreeNode; readText: (node: TreeNode) => Promise<string>; labelled: boolean },
  menu: Menu,
): Promise<Finding[]> {
  const config = findFile(root, CONFIG);
  if (config === undefined) return [];
  const { mode, type } = parseSelinuxConfig(await readText(config.node));
  if (mode !== "enforcing") return [];
  if (!namesIn(root, `etc/selinux/${type}/policy`).some((name) => /^policy\.\d+$/.test(name))) return [];
  const entries = menu.entries
    .map((entry, index) => ({ ...entry, index }))
    .filter((entry) => !switchesSelinuxOff(entry) && (!labelled || entry.kernelArgs.includes(LIVE)));
  const [first, ...others] = entries;
  if (first === undefined) return [];
  const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
  const seen = `\`${config.path}\` has \`SELINUX=enforcing\`, and the entry \`${printable(first.title)}\`${more} does not have \`enforcing=0\`.`;
  const code = labelled ? "F_SELINUX_OVERLAY" : "F_SELINUX_UNLABELLED";
  return [finding(code, seen, { entries: entries.map(({ index }) => index) })];
}
