/** Containers that are really run. */
import type { OrdinaryUser } from "./ordinary-user.ts";
import { hostProgram } from "./scene.ts";

/** Storage of an ordinary user's own that needs nothing of the kernel and nothing installed. */
export const USER_STORAGE = ["--storage-driver", "vfs"];

/**
 * The command line of `podman run` with these arguments, for root or for an ordinary user. crun takes neither a hybrid
 * cgroup tree nor limits that it would have to raise, and machines for tests often have both: so it runs in a mount
 * namespace that shows the unified tree alone, without cgroups of its own and with low limits. What shuts the container
 * in is as always.
 */
export function podmanRun(args: readonly string[], user?: OrdinaryUser): string[] {
  const script = 'umount -R /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup && exec "$@" || exit 125';
  const limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096"];
  const podman = [hostProgram("podman"), ...(user === undefined ? [] : USER_STORAGE)];
  const run = [...podman, "run", "--cgroups=disabled", ...limits, ...args];
  return [hostProgram("unshare"), "--mount", "sh", "-c", script, "sh", ...(user?.prefix ?? []), ...run];
}
