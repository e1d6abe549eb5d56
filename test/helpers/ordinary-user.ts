/**
 * A real unprivileged user, with ids for its user namespaces, whom the host need not know: passwd(5), subuid(5) and
 * subgid(5) are replaced in a mount namespace of its own. Needs root.
 */
import { chownSync } from "node:fs";
import type { Scene } from "./scene.ts";

const UID = 4711;
const SUBORDINATE = "user:1000000:65536\n";

export interface OrdinaryUser {
  /** What goes before a command that is to be the user's. */
  prefix: readonly string[];
  env: Record<string, string>;
}

/** The user owns the scene, with the folders for outputs and temporary files, and one for its home. */
export function ordinaryUser(scene: Scene): OrdinaryUser {
  const home = scene.folder("home");
  const runtime = scene.folder("runtime");
  for (const folder of [scene.path, scene.out, scene.tmp, home, runtime]) chownSync(folder, UID, UID);
  const replaced = {
    passwd: scene.write("etc/passwd", `root:x:0:0::/:/bin/sh\nuser:x:${UID}:${UID}::${home}:/bin/sh\n`),
    group: scene.write("etc/group", `root:x:0:\nuser:x:${UID}:\n`),
    subuid: scene.write("etc/subuid", SUBORDINATE),
    subgid: scene.write("etc/subgid", SUBORDINATE),
  };
  const mounts = Object.entries(replaced).map(([name, path]) => `mount --bind ${path} /etc/${name}`);
  const script = `${mounts.join(" && ")} && exec setpriv --reuid ${UID} --regid ${UID} --clear-groups "$@"`;
  return {
    prefix: ["unshare", "--mount", "sh", "-euc", script, "sh"],
    env: { HOME: home, XDG_RUNTIME_DIR: runtime },
  };
}
