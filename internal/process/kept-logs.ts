import { lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Logs that outlive a failed run: the logs of a boot, and the log of a tool with the process id of platter. */
const NAME = /^platter-(boot-logs-\w{6}|\d+-[\w-]+\.log)$/;
/** Milliseconds that they are kept for the user. */
const TIME = 24 * 60 * 60 * 1000;

/**
 * Removes the user's logs of failed runs in `parent` that are older than a day. Returns their paths. `now` is in
 * milliseconds since 1970.
 */
export function removeOldLogs(parent: string, now: number): string[] {
  const removed: string[] = [];
  for (const name of namesIn(parent)) {
    if (!NAME.test(name)) continue;
    const path = join(parent, name);
    try {
      const { uid, mtimeMs } = lstatSync(path);
      if (uid !== process.geteuid?.() || now - mtimeMs < TIME) continue;
      rmSync(path, { recursive: true, force: true });
      removed.push(path);
    } catch {
      // Another run was faster, or the system refused. Then the log stays.
    }
  }
  return removed;
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}
