/** Files named on the command line that are not what they should be: each is refused without waiting and in one line. */
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

const folder = mkdtempSync(join(tmpdir(), "platter-input-files-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
Bun.spawnSync(["mkfifo", at("pipe")]);
mkdirSync(at("folder"));
writeFileSync(at("text.txt"), "hello\n");
Bun.spawnSync(["xorriso", "-as", "mkisofs", "-quiet", "-o", at("data.iso"), "-V", "DATA", at("text.txt")]);

function platter(...argv: string[]): { code: number; stdout: string; stderr: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([BINARY, ...argv], { stdin: "ignore" });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

const WRONG_KINDS: [string, string][] = [
  ["pipe", "it is a pipe"],
  ["folder", "it is a folder"],
  ["/dev/zero", "it is a character device"],
];

const COMMANDS: [string, (file: string) => string[]][] = [
  ["verify", (file) => ["verify", file]],
  ["implant", (file) => ["implant", file]],
  ["implant --check", (file) => ["implant", "--check", file]],
  ["boot", (file) => ["boot", file]],
  ["build --config", (file) => ["build", "oci:x", "-o", at("x.iso"), "--config", file]],
  ["render-grub --os-release", (file) => ["render-grub", "--os-release", file]],
  ["verify --against", (file) => ["verify", at("data.iso"), "--against", file]],
];

const CASES = COMMANDS.flatMap(([name, argv]) =>
  WRONG_KINDS.map(([file, says]) => [name, file, says, argv] as const),
)
  // A folder is a --work folder here.
  .filter(([name, file]) => name !== "verify --against" || file !== "folder");

test.each(CASES)("%s: %s is refused without waiting", (_, file, says, argv) => {
  const path = file.startsWith("/") ? file : at(file);
  const { code, stdout, stderr } = platter(...argv(path));
  expect(stderr).toMatch(/^error\[\w+\]: /);
  expect(stderr).toContain(`: Cannot read \`${path}\`: ${says}, not a `);
  expect(stdout).toBe("");
  expect(code).toBe(5);
});

test.each([
  ["text.txt", "it is not an ISO 9660 file system", "Name the file of an ISO."],
  ["data.iso", "no checksum is implanted", "Implant a checksum with `platter implant`."],
])("implant --check %s: the hint fits", (file, says, hint) => {
  const { code, stderr } = platter("implant", "--check", at(file));
  expect(stderr).toBe(
    `error[E_ISOMD5]: Cannot confirm the checksum of \`${at(file)}\`: ${says}\n  hint:  ${hint}\n`,
  );
  expect(code).toBe(6);
});
