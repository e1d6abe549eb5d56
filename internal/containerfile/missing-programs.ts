import type { PackagedPiece } from "../base/packages.ts";
import { findFile, namesIn } from "../image/find-file.ts";
import { pathOf, type TreeNode } from "../image/image-tree.ts";

/** The programs for an initramfs that finds its root file system on the ISO, as far as the image lacks them. */
export function missingForInitramfs(root: TreeNode): PackagedPiece[] {
  const hasDracut = ["usr/bin/dracut", "usr/sbin/dracut"].some((path) => findFile(root, path) !== undefined);
  const modules = namesIn(root, "usr/lib/dracut/modules.d");
  const hasLive = modules.some((name) => /^\d*dmsquash-live$/.test(name));
  return [
    ...(hasDracut && hasLive ? [] : (["dracut"] as const)),
    ...(findFile(root, "usr/bin/zstd") === undefined ? (["zstd"] as const) : []),
  ];
}

/**
 * The programs that lead to a login prompt, as far as the image lacks them. An `init` that is not systemd decides for
 * itself which programs it needs.
 */
export function missingForLogin(root: TreeNode): PackagedPiece[] {
  const init = findFile(root, "sbin/init");
  if (init !== undefined && !pathOf(init.node).endsWith("/systemd")) return [];
  const needed = [
    ["init", init],
    // systemd starts the prompt on a serial line when udev reports its device.
    ["udev", findFile(root, "lib/systemd/systemd-udevd")],
    ["getty", findFile(root, "sbin/agetty")],
    ["login", findFile(root, "bin/login")],
  ] as const;
  return needed.filter(([, found]) => found === undefined).map(([piece]) => piece);
}
