/** ISOs whose texts are made to act on the terminal of the person who verifies them. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY } from "../../helpers/scene.ts";
import { makeIso, makeTree, readIso, temporaryFolder } from "../../helpers/verify/fixture.ts";

setDefaultTimeout(300_000);

const folder = temporaryFolder("verify-hostile");
afterAll(() => rmSync(folder, { recursive: true }));

/** Ten ASCII characters, and what takes their place: as UTF-8 or Latin-1, and in Joliet's UCS-2. */
const PLACEHOLDER = "HOSTILENAM";
const BYTES = Buffer.from("\x1b]0;pwn\x07\x9b2", "latin1");
const WIDE = "\x1b]0\x07\x9b\u202e\u2066\u200e\u2028\x7f";
const CONTROLS = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Cs}/u;

function replaceAll(bytes: Uint8Array, from: Uint8Array, to: Uint8Array): number {
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  let count = 0;
  for (let at = whole.indexOf(from); at >= 0; at = whole.indexOf(from, at + 1), count++) whole.set(to, at);
  return count;
}

/** An ISO with hostile label, file name, Joliet name, FAT label, menu title, path in the menu and label in the menu. */
function hostileIso(): string {
  const base = makeTree(folder);
  const menu = `menuentry '${PLACEHOLDER}' {\n\tlinux /${PLACEHOLDER}/x root=live:CDLABEL=${PLACEHOLDER}x\n}\n`;
  const path = makeIso(base, {
    label: PLACEHOLDER,
    espLabel: PLACEHOLDER,
    change: ({ tree, esp }) => {
      writeFileSync(join(tree, PLACEHOLDER), "x");
      writeFileSync(join(tree, "boot/grub2/grub.cfg"), menu);
      esp["EFI/BOOT/grub.cfg"] = Buffer.from(menu);
    },
  });
  const bytes = readIso(path);
  const wide = Buffer.from(WIDE, "utf16le").swap16();
  expect(replaceAll(bytes, Buffer.from(PLACEHOLDER, "utf16le").swap16(), wide)).toBeGreaterThan(1);
  expect(replaceAll(bytes, Buffer.from(PLACEHOLDER), BYTES)).toBeGreaterThan(6);
  writeFileSync(path, bytes);
  return path;
}

function platter(...argv: string[]): { code: number; stdout: string; stderr: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([BINARY, ...argv], { stdin: "ignore" });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

const iso = hostileIso();

test("verify: label, names, FAT label and menus of an ISO are shown escaped", () => {
  const { code, stdout, stderr } = platter("verify", iso);
  expect(code).toBe(6);
  expect(stdout + stderr).not.toMatch(CONTROLS);
  expect(stdout).toContain("\\x1b]0;pwn\\x07\\x9b2");
  expect(stdout).toContain("\\x1b]0\\x07\\x9b\\u202e\\u2066\\u200e\\u2028\\x7f");
});

test("verify --json: the texts are data, exact as they are on the ISO", () => {
  const { stdout } = platter("verify", "--json", iso);
  expect(JSON.parse(stdout).volumeId).toBe(BYTES.toString("latin1"));
});

test("usage errors and file names show what was typed escaped", () => {
  const hostile = "\x1b]0;pwn\x07\u202e";
  for (const argv of [
    [hostile],
    ["verify", hostile],
    ["verify", `--${hostile}`],
    ["verify", iso, "--against", hostile],
    ["boot", hostile],
    ["boot", iso, "--firmware", hostile],
    ["implant", "--check", hostile],
    ["inspect", `oci:${hostile}`],
    ["inspect", `dir:${hostile}`, "--arch", hostile],
    ["build", `oci:${hostile}`, "-o", `${hostile}/x.iso`],
    ["build", iso, "-o", join(folder, "x.iso"), "--compression", hostile],
  ]) {
    const { code, stdout, stderr } = platter(...argv);
    expect(code).not.toBe(0);
    expect(stdout + stderr).not.toMatch(CONTROLS);
    expect(stderr).toContain("\\x1b]0;pwn\\x07");
  }
});
