import { rmSync } from "node:fs";

/** Files and folders to remove at any end of the process, even one that runs no cleanup. */
const doomed = new Set<string>();
process.on("exit", () => {
  for (const path of doomed) removeNow(path);
});

/** Tries again if a tool that was just killed still adds files to the folder. */
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

/** Registers a path for removal at any end of the process. The returned function removes it from the list. */
export function removeAtExit(path: string): () => void {
  doomed.add(path);
  return () => void doomed.delete(path);
}
