import { readFileSync } from "node:fs";
import { freemem } from "node:os";

/** Share of the free memory for decompressed layers. The page cache and the compressing threads need the rest. */
const SHARE = 0.25;

/** Bytes of memory for decompressed layers on this machine. */
export function memoryForLayers(): number {
  return Math.min(freemem(), cgroupLimit("/")) * SHARE;
}

/**
 * The lowest memory limit of the control groups of this process, in bytes. Infinity without a limit (Linux,
 * admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst). `root` is the folder in which the file systems of the kernel are
 * mounted.
 */
export function cgroupLimit(root: string): number {
  let least = Number.POSITIVE_INFINITY;
  for (const line of read(`${root}/proc/self/cgroup`).split("\n")) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (path === undefined) continue;
    const isUnified = controllers === "";
    if (!isUnified && !controllers?.split(",").includes("memory")) continue;
    const mount = `${root}/sys/fs/cgroup${isUnified ? "" : "/memory"}`;
    const file = isUnified ? "memory.max" : "memory.limit_in_bytes";
    // In a container, the path may be the host's, and the mounted root is the container's own group.
    for (const group of withParents(path)) {
      const limit = Number.parseInt(read(`${mount}${group}/${file}`), 10);
      if (limit < least) least = limit;
    }
  }
  return least;
}

/** `/a/b` as `/a/b`, `/a` and the root. */
function* withParents(path: string): Generator<string> {
  for (let at = path.replace(/\/+$/, ""); at !== ""; at = at.slice(0, at.lastIndexOf("/"))) yield at;
  yield "";
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
