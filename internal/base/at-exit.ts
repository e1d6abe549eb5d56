import { rmSync } from "node:fs";

/** Files and folders to remove at any end of the process, even one that runs no cleanup. */
const doomed = new Set<string>();
process.on("exit", () => {
  for (const path of doomed) removeNow(path);
});

/** A tool that was killed a moment ago may still put something into a folder that is being removed. */
function removeNow(path: string): void {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      rmSync(path, { recursive: true, force: true });
      return;
    } catch {
      Bun.sleepSync(10);
    }
  }
}

/** Has a path removed at the end of the process, however it comes. The result takes it from the list again. */
export function removeAtExit(path: string): () => void {
  doomed.add(path);
  return () => void doomed.delete(path);
}
