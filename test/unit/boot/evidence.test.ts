import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BootResult } from "../../../internal/boot/boot-result.ts";
import { readEvidence } from "../../../internal/boot/evidence.ts";
import { bootResult } from "../../helpers/boot/boot-result.ts";

const folder = mkdtempSync(join(tmpdir(), "platter-test-evidence-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function resultOf(log: string, own: Partial<BootResult> = {}): BootResult {
  const serialLog = join(folder, "serial.log");
  writeFileSync(serialLog, log);
  return bootResult({ serialLog, ...own });
}

test("readEvidence: the lines of the log without colours, the unfinished one too, and the pictures that exist", async () => {
  const screenshot = join(folder, "end.png");
  writeFileSync(screenshot, "PNG");
  const read = await readEvidence(resultOf("\x1b[31mone\x1b[0m\r\ntwo\r\nlogin: ", { screenshot }));
  expect(read.log).toEqual({ lines: ["one", "two", "login: "], leftOut: 0 });
  expect(read.menu).toBeUndefined();
  expect(Buffer.from(read.end!).toString()).toBe("PNG");
});

test("readEvidence: of a long log the end", async () => {
  const lines = Array.from({ length: 40_000 }, (_, index) => `line ${index}`);
  const { log } = await readEvidence(resultOf(lines.join("\n")));
  expect(log.lines.at(-1)).toBe("line 39999");
  expect(log.leftOut).toBe(lines.join("\n").length - 256 * 1024);
  expect(log.lines.join("\n").length).toBeLessThanOrEqual(256 * 1024);
});
