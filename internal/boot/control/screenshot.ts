import { readFile, rm } from "node:fs/promises";
import { type Picture, parsePpm } from "./png.ts";
import type { Qmp } from "./qmp.ts";

/** The machine's screen; `scratch` is the path of a temporary file. @throws QmpError */
export async function readScreen(qmp: Qmp, scratch: string): Promise<Picture> {
  await qmp.execute("screendump", { filename: scratch });
  try {
    return parsePpm(await readFile(scratch));
  } finally {
    await rm(scratch, { force: true });
  }
}
