import { readFile, rm, writeFile } from "node:fs/promises";
import { encodePng, parsePpm } from "./png.ts";
import type { Qmp } from "./qmp.ts";

/** Writes the machine's screen to a PNG file. */
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
