import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlatterError } from "../../../internal/base/error.ts";
import { openInput, readInput, readInputText } from "../../../internal/files/open-input.ts";

const folder = mkdtempSync(join(tmpdir(), "platter-open-input-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
writeFileSync(at("file"), "12345");
mkdirSync(at("folder"));
symlinkSync("file", at("link"));
symlinkSync("pipe", at("link-to-pipe"));
Bun.spawnSync(["mkfifo", at("pipe")]);
const OPTIONS = { code: "E_INPUT", limit: 5 } as const;

/** What it throws, as message. */
async function refusal(open: () => unknown): Promise<string> {
  try {
    await open();
  } catch (error) {
    if (!(error instanceof PlatterError)) throw error;
    expect(error.code).toBe("E_INPUT");
    expect(error.exitCode).toBe(5);
    return error.message;
  }
  return "nothing";
}

describe("readInput", () => {
  test("reads a file, and one at the end of a link", () => {
    expect(readInput(at("file"), OPTIONS).toString()).toBe("12345");
    expect(readInputText(at("link"), OPTIONS)).toBe("12345");
  });

  test("reads a file of /proc, whose size is given as 0", () => {
    expect(readInputText("/proc/self/comm", { code: "E_INPUT", limit: 100 })).not.toBe("");
  });

  test.each([
    ["pipe", "a pipe"],
    ["link-to-pipe", "a pipe"],
    ["folder", "a folder"],
    ["/dev/zero", "a character device"],
  ])("%s: refused without waiting, by its kind", async (name, kind) => {
    const path = name.startsWith("/") ? name : at(name);
    const message = `Cannot read \`${path}\`: it is ${kind}, not a regular file`;
    expect(await refusal(() => readInput(path, OPTIONS))).toBe(message);
  });

  test("a file above the limit is refused, also where its size is not known before", async () => {
    const small = { code: "E_INPUT", limit: 4 } as const;
    const message = `Cannot read \`${at("file")}\`: it has 5 bytes or more, and at most 4 are allowed`;
    expect(await refusal(() => readInput(at("file"), small))).toBe(message);
    expect(await refusal(() => readInput("/proc/self/status", small))).toContain("at most 4 are allowed");
    writeFileSync(at("sparse"), "");
    truncateSync(at("sparse"), 2 ** 43);
    expect(await refusal(() => readInput(at("sparse"), OPTIONS))).toContain(`it has ${2 ** 43} bytes`);
  });

  test("a missing file", async () => {
    const message = `Cannot read \`${at("none")}\`: no such file or directory`;
    expect(await refusal(() => readInput(at("none"), OPTIONS))).toBe(message);
  });
});

describe("openInput", () => {
  test("opens a file to read, and to write", async () => {
    await using reader = await openInput(at("file"), { code: "E_INPUT", flags: "r" });
    expect(await reader.readFile("utf8")).toBe("12345");
    await using writer = await openInput(at("file"), { code: "E_INPUT", flags: "r+" });
    await writer.write("12345", 0);
  });

  test.each([
    ["pipe", "a pipe"],
    ["folder", "a folder"],
    ["/dev/zero", "a character device"],
    ["/dev/null", "a character device"],
  ])("%s: refused without waiting, by its kind", async (name, kind) => {
    const path = name.startsWith("/") ? name : at(name);
    for (const flags of ["r", "r+"] as const) {
      const message = `Cannot read \`${path}\`: it is ${kind}, not a file or a disk`;
      expect(await refusal(() => openInput(path, { code: "E_INPUT", flags }))).toBe(message);
    }
  });

  test("a missing file", async () => {
    const message = `Cannot open \`${at("none")}\`: no such file or directory`;
    expect(await refusal(() => openInput(at("none"), { code: "E_INPUT", flags: "r" }))).toBe(message);
  });
});
