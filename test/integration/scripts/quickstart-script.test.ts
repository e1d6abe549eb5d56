/** scripts/quickstart and scripts/test on machines where they do not run: one line, and nothing is installed. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { hostProgram } from "../../helpers/scene.ts";

const SCRIPTS = resolve(import.meta.dir, "../../../scripts");
/** What the scripts need to say anything at all. */
const BASICS = ["bash", "sed", "dirname", "cut", "tr", "cat", "find", "mkdir", "id", "env"];

let project: string;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), "platter-test-quickstart-"));
  cpSync(SCRIPTS, join(project, "scripts"), { recursive: true });
  for (const name of BASICS) {
    mkdirSync(join(project, "bin"), { recursive: true });
    symlinkSync(hostProgram(name), join(project, "bin", name));
  }
});
afterEach(() => rmSync(project, { recursive: true }));

function program(path: string, script: string): void {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), `#!/bin/sh\n${script}\n`);
  chmodSync(join(project, path), 0o755);
}

function bash(args: string[], osRelease = "ID=debian\n"): { code: number; stdout: string; stderr: string } {
  writeFileSync(join(project, "os-release"), osRelease);
  const { exitCode, stdout, stderr } = Bun.spawnSync(["bash", ...args], {
    cwd: project,
    env: { PATH: join(project, "bin"), PLATTER_OS_RELEASE: join(project, "os-release") },
  });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

describe.each(["quickstart", "test"])("scripts/%s", (script) => {
  test("--help says what it does and installs nothing", () => {
    const { code, stdout, stderr } = bash([`scripts/${script}`, "--help"]);
    expect(stdout).toStartWith("Installs what is needed, ");
    expect(stdout).toContain(`  scripts/${script} [`);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  test.each([
    ["Fedora", "ID=fedora\n", "dnf install ", "libcap"],
    ["Bluefin", 'ID=bluefin\nID_LIKE="fedora"\n', "dnf install ", "libcap"],
    ["CentOS", 'ID="centos"\nID_LIKE="rhel fedora"\n', "dnf install ", "libcap"],
    ["Arch", "ID=arch\n", "pacman -S ", "libcap"],
    ["openSUSE", 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', "zypper install ", "libcap-progs"],
  ])("on %s, without apt-get: one line that names the packages", (_, osRelease, command, libcap) => {
    const { code, stdout, stderr } = bash([`scripts/${script}`], osRelease);
    expect(stderr).toStartWith(`scripts/${script} is for Debian and Ubuntu, and apt-get is not here. `);
    expect(stderr).toContain(`: ${command}nodejs npm`);
    expect(stderr).toEndWith(", then scripts/build\n");
    expect(stderr.trimEnd()).not.toContain("\n");
    expect(stdout).toBe("");
    expect(code).toBe(1);
    const names = bash(["-c", ". scripts/packages.sh; install_command libcap2-bin xorriso"], osRelease);
    expect(names.stdout).toBe(
      `${command}${libcap} ${command.startsWith("pacman") ? "libisoburn" : "xorriso"}`,
    );
  });
});

test.each([
  "bench",
  "build",
  "docs",
  "example",
  "offline-base",
  "release",
])("scripts/%s --help: what it takes", (name) => {
  mkdirSync(join(project, "examples/one"), { recursive: true });
  writeFileSync(join(project, "examples/one/Containerfile"), "");
  const { code, stdout, stderr } = bash([`scripts/${name}`, "--help"]);
  expect(stdout).toMatch(/^[A-Z]\w+s /);
  expect(stdout.match(/#!/)).toBeNull();
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});

test.each([
  "bench",
  "build",
  "check",
  "docs",
  "example",
  "offline-base",
  "quickstart",
  "release",
  "test",
])("scripts/%s refuses an unknown option before it does anything", (name) => {
  const { code, stdout, stderr } = bash([`scripts/${name}`, "--nope"]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
  expect(stderr).toStartWith("Unknown option: --nope\n");
});

test("scripts/example: a name that is not an example", () => {
  mkdirSync(join(project, "examples/one"), { recursive: true });
  writeFileSync(join(project, "examples/one/Containerfile"), "");
  const { code, stderr } = bash(["scripts/example", "nope"]);
  expect(stderr).toStartWith("Unknown example: nope\n");
  expect(stderr).toEndWith("Examples: one \n");
  expect(code).toBe(2);
});

test("scripts/quickstart: an option that it does not have", () => {
  const { code, stderr } = bash(["scripts/quickstart", "--fast"]);
  expect(stderr).toContain("scripts/quickstart [FOLDER]");
  expect(code).toBe(2);
});

test("without npm: one line that says how to install it", () => {
  const { code, stderr } = bash(["-c", ". scripts/packages.sh; install_modules"], "ID=arch\n");
  expect(stderr).toBe("npm is missing; install it: pacman -S nodejs npm\n");
  expect(code).toBe(1);
});

test("scripts/quickstart: its last line boots what it made", () => {
  for (const folder of ["cmd", "internal", "templates"]) mkdirSync(join(project, folder));
  writeFileSync(join(project, "package-lock.json"), "");
  program("bin/apt-get", "exit 9");
  program("bin/dpkg-query", "echo install ok installed");
  symlinkSync(hostProgram("grep"), join(project, "bin/grep"));
  program("node_modules/.bin/bun", "exit 9");
  writeFileSync(join(project, "node_modules/.package-lock.json"), "");
  program("test/fixtures/small-live.sh", "exit 0");
  program("dist/platter", `echo "$@" >> ${join(project, "calls")}`);
  const { code, stdout, stderr } = bash(["scripts/quickstart", "made"]);
  expect(stderr).toBe("");
  expect(stdout).toEndWith("\n  dist/platter boot made/small-live.iso\n");
  expect(code).toBe(0);
});
