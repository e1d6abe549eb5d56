import { open, readFile } from "node:fs/promises";
import type { BootResult } from "./boot-result.ts";
import { ConsoleText } from "./console-text.ts";

/** A boot with its pictures and its serial log. */
export interface BootEvidence {
  result: BootResult;
  /** PNG. */
  menu: Uint8Array | undefined;
  /** PNG of the screen at the end. */
  end: Uint8Array | undefined;
  log: SerialText;
}

interface SerialText {
  /** The lines of the terminal, without movements of the cursor and colours. */
  lines: readonly string[];
  /** Bytes at the beginning that were left out. */
  leftOut: number;
}

/** Bytes of a serial log that are read, from its end. */
const MOST_LOG = 256 * 1024;

/** Reads the files that a boot wrote. */
export async function readEvidence(result: BootResult): Promise<BootEvidence> {
  const { menuScreenshot, screenshot, serialLog } = result;
  return {
    result,
    menu: menuScreenshot === undefined ? undefined : await readFile(menuScreenshot),
    end: screenshot === undefined ? undefined : await readFile(screenshot),
    log: await readSerialText(serialLog),
  };
}

async function readSerialText(path: string): Promise<SerialText> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const leftOut = Math.max(0, size - MOST_LOG);
    const bytes = new Uint8Array(size - leftOut);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, leftOut);
    const text = new ConsoleText();
    const lines = text.feed(bytes.subarray(0, bytesRead));
    return { lines: text.partial.trim() === "" ? lines : [...lines, text.partial], leftOut };
  } finally {
    await file.close();
  }
}
