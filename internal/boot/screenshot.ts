import { readFile, rm, writeFile } from "node:fs/promises";
import { encodePng, parsePpm } from "./png.ts";
import type { Qmp } from "./qmp.ts";

/** Has QEMU write what the machine's screen shows, and keeps it as a PNG file. */
export async function takeScreenshot(
  qmp: Qmp,
  { to, scratch }: { to: string; scratch: string },
): Promise<void> {
  await qmp.execute("screendump", { filename: scratch });
  try {
    await writeFile(to, encodePng(parsePpm(await readFile(scratch))));
  } finally {
    await rm(scratch, { force: true });
  }
}
