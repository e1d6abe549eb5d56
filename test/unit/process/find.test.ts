import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { checkVersion, compareDotted, TOOLS } from "../../../internal/process/find.ts";
import { findProgram, requirePrograms, skippedLines } from "../../../internal/process/program.ts";
import type { ToolCall } from "../../../internal/process/run.ts";

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
  const check = (printed: { stdout?: string; stderr?: string }) => {
    const calls: ToolCall[] = [];
    const run = async (call: ToolCall) => {
      calls.push(call);
      return { exitCode: 0, stdout: printed.stdout ?? "", stderr: printed.stderr ?? "" };
    };
    const program = { path: "/usr/bin/x", run, signal: new AbortController().signal };
    return { version: checkVersion("mkfs.erofs", program), calls };
  };

  test.each([
    ["mkfs.erofs (erofs-utils) 1.8.6\navailable compressors: lz4, lz4hc", "1.8.6"],
    ["mkfs.erofs 1.10", "1.10"],
  ])("%j is %s", async (stdout, version) => {
    expect(await check({ stdout }).version).toBe(version);
    expect(await check({ stderr: stdout }).version).toBe(version);
  });

  test("the program is asked with a limit on its answer", async () => {
    const { calls, version } = check({ stdout: "mkfs.erofs (erofs-utils) 1.8.6" });
    await version;
    expect(calls).toMatchObject([
      { argv: ["/usr/bin/x", "-V"], name: "mkfs.erofs", accept: [0, 1], maxOutput: 1024 * 1024 },
    ]);
  });

  test("an old version is refused", async () => {
    await expect(check({ stdout: "mkfs.erofs 1.5\nusage: [options] FILE" }).version).rejects.toMatchObject({
      code: "E_TOOL_VERSION",
      exitCode: 4,
      message: expect.stringContaining("Cannot use `mkfs.erofs` 1.5: 1.8 or later is needed"),
      hint: expect.stringContaining(TOOLS["mkfs.erofs"].packages),
    });
  });

  test("an output without a version is shown", async () => {
    await expect(
      check({ stdout: "one\n", stderr: "cannot open shared object\n" }).version,
    ).rejects.toMatchObject({
      code: "E_TOOL_VERSION",
      message: "Cannot read the version of `/usr/bin/x`: its output does not have one",
      detail: ["one", "cannot open shared object"],
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
});

describe("requirePrograms", () => {
  const needs = [
    { programs: ["platter-no-skopeo", "platter-no-podman"], by: "`docker://a`", hint: "Install skopeo." },
    { programs: ["sh"], by: "`sh`", hint: "Install a shell." },
    { programs: ["platter-no-erofs"], by: "`--rootfs erofs`", hint: "Install `erofs-utils`." },
  ];

  test("all programs that are missing are named together, with what needs them", () => {
    process.env.PATH = hostPath;
    expect(() => requirePrograms(needs.slice(1, 2))).not.toThrow();
    expect(() => requirePrograms(needs)).toThrow(
      expect.objectContaining({
        code: "E_TOOL_MISSING",
        exitCode: 4,
        message:
          "Cannot start: `docker://a` needs `platter-no-skopeo` or `platter-no-podman`, which is not in PATH; `--rootfs erofs` needs `platter-no-erofs`, which is not in PATH",
        hint: "Install skopeo. Install `erofs-utils`.",
        detail: [],
      }),
    );
  });

  test("relative entries of PATH are passed over with a line that says so", () => {
    process.env.PATH = `.:${hostPath}:../x::.`;
    const lines = [".", "../x", ""].map(
      (folder) => `PATH has \`${folder}\`, which platter ignores because it is not absolute`,
    );
    expect(skippedLines()).toEqual(lines);
    expect(() => requirePrograms(needs)).toThrow(expect.objectContaining({ detail: lines }));
    process.env.PATH = hostPath;
  });
});
