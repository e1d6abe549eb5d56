import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import {
  checkVersion,
  compareDotted,
  findOnHost,
  findProgram,
  TOOLS,
  type ToolName,
  toolMissing,
} from "../../internal/tool/find.ts";
import type { ToolCall } from "../../internal/tool/run.ts";

const scratch = mkdtempSync(join(tmpdir(), "platter-find-"));
const hostPath = process.env.PATH;
afterAll(() => {
  process.env.PATH = hostPath;
  rmSync(scratch, { recursive: true });
});

describe("compareDotted", () => {
  test.each([
    ["4.5", "4.5"],
    ["4.5", "4.5.0"],
    ["2.02", "2.2"],
    ["1", "1.0.0"],
  ])("%s and %s are the same", (a, b) => {
    expect(compareDotted(a, b)).toBe(0);
    expect(compareDotted(b, a)).toBe(0);
  });

  test.each([
    ["4.4", "4.5"],
    ["4.5", "4.5.1"],
    ["4.9", "4.10"],
    ["2.06", "2.12"],
    ["1.4.8", "1.5.0"],
    ["9", "10"],
  ])("%s is before %s", (a, b) => {
    expect(compareDotted(a, b)).toBeLessThan(0);
    expect(compareDotted(b, a)).toBeGreaterThan(0);
  });

  test("it is an order", () => {
    const version = fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        expect(Math.sign(compareDotted(a, b)) + Math.sign(compareDotted(b, a))).toBe(0);
        if (compareDotted(a, b) <= 0 && compareDotted(b, c) <= 0)
          expect(compareDotted(a, c)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

describe("checkVersion", () => {
  const check = (name: ToolName, told: { stdout?: string; stderr?: string }, argv = ["/usr/bin/x"]) => {
    const calls: ToolCall[] = [];
    const run = async (call: ToolCall) => {
      calls.push(call);
      return { exitCode: 0, stdout: told.stdout ?? "", stderr: told.stderr ?? "" };
    };
    const version = checkVersion(name, { argv, run, signal: new AbortController().signal });
    return { version, calls };
  };

  test.each([
    ["mksquashfs", "mksquashfs version 4.5.1 (2022/03/17)\ncopyright (C) 2022", "4.5.1"],
    ["mksquashfs", "mksquashfs version 4.6.1-1 (2023/03/25)", "4.6.1"],
    ["mksquashfs", "mksquashfs version 4.5-git.1 (2021/07/22)", "4.5"],
    ["mkfs.erofs", "mkfs.erofs (erofs-utils) 1.8.6\navailable compressors: lz4, lz4hc", "1.8.6"],
    ["grub-mkimage", "grub-mkimage (GRUB) 2.06-13+deb12u1", "2.06"],
    ["grub-mkimage", "grub2-mkimage (GRUB) 2.12", "2.12"],
  ] as const)("%s: %j is %s", async (name, stdout, version) => {
    expect(await check(name, { stdout }).version).toBe(version);
    expect(await check(name, { stderr: stdout }).version).toBe(version);
  });

  test("the program is asked as it wants to be asked", async () => {
    const { calls, version } = check("grub-mkimage", { stdout: "(GRUB) 2.12" }, ["/opt/grub2-mkimage"]);
    await version;
    expect(calls).toMatchObject([
      { argv: ["/opt/grub2-mkimage", "--version"], name: "grub-mkimage", accept: [0, 1] },
    ]);
  });

  test.each([
    [
      "mksquashfs",
      "mksquashfs version 4.4 (2019/08/29)",
      "`mksquashfs` 4.4 is too old: 4.5 or later is needed",
    ],
    [
      "mkfs.erofs",
      "mkfs.erofs 1.5\nusage: [options] FILE",
      "`mkfs.erofs` 1.5 is too old: 1.8 or later is needed",
    ],
    ["grub-mkimage", "(GRUB) 2.00", "`grub-mkimage` 2.00 is too old: 2.2 or later is needed"],
  ] as const)("%s is refused at %j", async (name, stdout, message) => {
    await expect(check(name, { stdout }).version).rejects.toMatchObject({
      code: "E_TOOL_VERSION",
      exitCode: 4,
      message: expect.stringContaining(message),
      hint: expect.stringContaining(TOOLS[name].packages),
    });
  });

  test("what tells no version is shown with what it told", async () => {
    await expect(
      check("mksquashfs", { stdout: "one\n", stderr: "cannot open shared object\n" }).version,
    ).rejects.toMatchObject({
      code: "E_TOOL_VERSION",
      message: "`/usr/bin/x` did not tell a version that platter understands",
      detail: ["one", "cannot open shared object"],
    });
    await expect(check("mksquashfs", {}, []).version).rejects.toMatchObject({
      message: "`mksquashfs` did not tell a version that platter understands",
    });
  });
});

describe("findProgram", () => {
  const folder = (name: string) => {
    mkdirSync(join(scratch, name), { recursive: true });
    return join(scratch, name);
  };
  const program = (path: string, mode = 0o755) => {
    writeFileSync(path, "");
    chmodSync(path, mode);
    return path;
  };

  test("the first of PATH that is a program", () => {
    const [first, second, third] = [folder("first"), folder("second"), folder("third")];
    mkdirSync(join(first, "program"));
    program(join(second, "program"), 0o644);
    const found = program(join(third, "program"));
    process.env.PATH = `${first}:${second}:${third}`;
    // Root may run what nobody may run as little as anybody else.
    expect(findProgram("program")).toBe(found);
  });

  test("never one of the folder platter was started in", () => {
    const here = folder("here");
    program(join(here, "platter-test-tool"));
    const before = process.cwd();
    process.chdir(here);
    try {
      for (const path of ["", ".", ":", "./", "bin", `..:.:${folder("empty")}`]) {
        process.env.PATH = path;
        expect(findProgram("platter-test-tool")).toBeUndefined();
      }
    } finally {
      process.chdir(before);
    }
  });

  test("a symlink to a program, and not one to nowhere", () => {
    const links = folder("links");
    symlinkSync(program(join(folder("target"), "real")), join(links, "platter-good"));
    symlinkSync("/nowhere", join(links, "platter-bad"));
    process.env.PATH = links;
    expect(findProgram("platter-good")).toBe(join(links, "platter-good"));
    expect(findProgram("platter-bad")).toBeUndefined();
  });

  test("grub-mkimage by Fedora's name as well as by Debian's", () => {
    const [debian, both] = [folder("debian"), folder("both")];
    program(join(debian, "grub-mkimage"));
    program(join(both, "grub-mkimage"));
    program(join(both, "grub2-mkimage"));
    process.env.PATH = debian;
    expect(findOnHost("grub-mkimage")).toBe(join(debian, "grub-mkimage"));
    process.env.PATH = both;
    expect(findOnHost("grub-mkimage")).toBe(join(both, "grub2-mkimage"));
  });
});

test("a missing tool is named with what was looked for, and the package to install", () => {
  expect(toolMissing("grub-mkimage", "in the image")).toMatchObject({
    code: "E_TOOL_MISSING",
    exitCode: 4,
    message: "`grub-mkimage` was not found in the image (looked for `grub2-mkimage`, `grub-mkimage`)",
    hint: expect.stringMatching(/`grub2-tools`.*`grub-common`.*--tools auto\|image\|host/),
  });
});
