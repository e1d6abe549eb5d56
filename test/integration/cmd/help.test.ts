/** Help, version and the variables that give options their defaults, as the binary has them. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createProgram } from "../../../cmd/program.ts";
import type { World } from "../../../cmd/world.ts";
import packageJson from "../../../package.json" with { type: "json" };
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

const COMMANDS = createProgram({ worldFor: () => ({}) as World, writeOut: () => undefined }).commands.map(
  (each) => each.name(),
);

let scene: Scene;
beforeEach(() => {
  scene = new Scene("help");
});
afterEach(() => scene[Symbol.dispose]());

test.each(COMMANDS)("the help of %s, asked for in each way", async (name) => {
  const ways = [
    ["help", name],
    [name, "--help"],
    [name, "-h"],
    ["--help", name],
    ["-q", "-h", name],
  ];
  const [first, ...others] = await Promise.all(ways.map((args) => scene.run(args)));
  expect(first).toMatchObject({ code: 0, stderr: "" });
  expect(first!.stdout).toContain(`\nUsage: platter ${name} [options]`);
  for (const { code, stdout, stderr } of others)
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: first!.stdout, stderr: "" });
});

test("the help of platter, asked for in each way", async () => {
  const [first, ...others] = await Promise.all([["--help"], ["-h"], ["help"]].map((args) => scene.run(args)));
  expect(first!.stdout).toContain("\nUsage: platter [options] <command>\n\nExamples:\n");
  for (const { stdout } of others) expect(stdout).toBe(first!.stdout);
});

test.each([
  [["help", "bild"], "`bild`", "Try `platter help build`."],
  [["--help", "nothing"], "`nothing`", "List the commands with `platter help`."],
])("%j: no such command", async (args, says, hint) => {
  await expectRefusal(scene, await scene.run(args), {
    exit: 2,
    code: "E_HELP_TOPIC",
    says: [says],
    hint: [hint],
  });
});

test("a missing argument: the command's usage follows, and where its options are", async () => {
  const { code, stderr } = await scene.run(["verify"]);
  expect(stderr).toBe(
    "error: missing required argument 'iso'\n\nUsage: platter verify [options] <iso>\n`platter verify --help` shows all options.\n",
  );
  expect(code).toBe(2);
});

test("version: what the binary was made from", async () => {
  const { stdout } = await scene.succeed(["version", "--json"]);
  const info = JSON.parse(stdout);
  // Sources that were copied without their repository have no commit.
  expect(String(info.date)).toMatch(/^(\d{4}-\d\d-\d\d|null)$/);
  expect(String(info.commit)).toMatch(/^([0-9a-f]{40}(-dirty)?|null)$/);
  expect(info).toEqual({
    version: 1,
    platter: packageJson.version,
    commit: info.commit,
    date: info.date,
    target: expect.stringMatching(/^bun-linux-(x64|arm64)(-musl)?$/),
    bun: packageJson.devDependencies.bun,
  });
  expect((await scene.succeed(["version"])).stdout).toBe(
    `platter  ${info.platter}\ncommit   ${info.commit ?? "unknown"}\ndate     ${info.date ?? "unknown"}\ntarget   ${info.target}\nbun      ${info.bun}\n`,
  );
  expect((await scene.succeed(["--version"])).stdout).toBe(`platter ${info.platter}\n`);
});

describe("variables", () => {
  beforeEach(() => tinyImage(scene.at("image")));
  const BUILD = ["build", "dir:image", "-o", "out/x.iso"];
  const built = async (...more: Parameters<Scene["succeed"]>) => {
    await scene.succeed(...more);
    return Bun.hash(readFileSync(scene.at("out/x.iso")));
  };

  /** When each file of a folder was last written. */
  const timesIn = (folder: string) =>
    (readdirSync(scene.at(folder), { recursive: true }) as string[])
      .sort()
      .map((name) => [name, statSync(join(scene.at(folder), name)).mtimeMs]);

  test("PLATTER_COMPRESSION: as the option, which wins", async () => {
    const env = { PLATTER_COMPRESSION: "none" };
    const none = await built([...BUILD, "--compression", "none"]);
    const fast = await built([...BUILD, "--compression", "fast"]);
    expect(none).not.toBe(fast);
    expect(await built(BUILD, { env })).toBe(none);
    expect(await built([...BUILD, "--compression", "fast"], { env })).toBe(fast);
  });

  test("PLATTER_COMPRESSION: no effect on a run that compresses nothing", async () => {
    const env = { PLATTER_COMPRESSION: "none" };
    await scene.succeed(["build", "dir:image", "--work", "work", "--to", "render-grub"], { env });
  });

  test("PLATTER_WORK and PLATTER_CACHE: the folders hold what the options would put there", async () => {
    await scene.succeed(BUILD, { env: { PLATTER_WORK: "w", PLATTER_CACHE: "c" } });
    expect(existsSync(scene.at("w/plan.json"))).toBe(true);
    expect(readdirSync(scene.at("c")).length).toBeGreaterThan(0);
    await scene.succeed([...BUILD, "--work", "other"], { env: { PLATTER_WORK: "unused" } });
    expect(existsSync(scene.at("unused"))).toBe(false);
  });

  test("empty variables count as not set", async () => {
    const env = { PLATTER_WORK: "", PLATTER_CACHE: "", PLATTER_COMPRESSION: "" };
    expect(await built(BUILD, { env })).toBe(await built(BUILD));
  });

  test.each([
    ["render-grub", ["--os-release", "image/etc/os-release", "--label", "NEW"]],
    ["bios-image", ["--modules", "image/usr/lib/grub/i386-pc", "-o", "out/x.img"]],
    ["efi-image", ["--efi-dir", "esp", "-o", "out/x.img"]],
  ])("PLATTER_WORK: %s without an image leaves the work directory alone", async (command, args) => {
    scene.write("esp/EFI/BOOT/BOOTX64.EFI", "x");
    await scene.succeed(["build", "dir:image", "--work", "w", "-o", "out/x.iso"]);
    writeFileSync(scene.at("w/plan.json"), "not a plan");
    const env = { PLATTER_WORK: "w" };
    const before = timesIn("w");
    const { stdout } = await scene.succeed([command, ...args]);
    expect((await scene.succeed([command, ...args], { env })).stdout).toBe(stdout);
    expect(timesIn("w")).toEqual(before);
  });

  test("a wrong value: the error names the variable", async () => {
    const ran = await scene.run(BUILD, { env: { PLATTER_COMPRESSION: "lzma", PLATTER_WORK: "w" } });
    expect(ran.stderr).toContain("[E_COMPRESSION]");
    expect(ran.stderr).toContain("note: `--compression` is `lzma`, from PLATTER_COMPRESSION\n");
    expect(ran.code).toBe(2);
    const given = await scene.run([...BUILD, "--compression", "lzma"]);
    expect(given.stderr).not.toContain("note:");
  });

  test("a wrong value that a parser refuses: the error names the variable", async () => {
    const ran = await scene.run(["boot", "x.iso"], { env: { PLATTER_CPUS: "0" } });
    expect(ran.stderr).toContain("note: `--cpus` is `0`, from PLATTER_CPUS\n");
    expect(ran.code).toBe(2);
    const choice = await scene.run(BUILD, { env: { PLATTER_PULL: "maybe" } });
    expect(choice.stderr).toContain("'maybe' from env 'PLATTER_PULL' is invalid");
    expect(choice.code).toBe(2);
  });

  test("PLATTER_PULL and PLATTER_CACHE_SIZE: no effect on a run that does not need them", async () => {
    const env = { PLATTER_PULL: "always", PLATTER_CACHE_SIZE: "1G" };
    expect(await built(BUILD, { env })).toBe(await built(BUILD));
  });

  test("PLATTER_PROGRESS: --quiet wins, and --progress wins", async () => {
    const json = await scene.succeed(BUILD, { env: { PLATTER_PROGRESS: "json" } });
    expect(
      json.stderr
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).version),
    ).not.toContain(undefined);
    expect((await scene.succeed(["-q", ...BUILD], { env: { PLATTER_PROGRESS: "json" } })).stderr).toBe("");
    const plain = await scene.succeed([...BUILD, "--progress", "plain"], {
      env: { PLATTER_PROGRESS: "json" },
    });
    expect(plain.stderr).toContain("[1/");
  });

  test("-v says which options come from variables", async () => {
    const { stderr } = await scene.succeed(["-v", ...BUILD], { env: { PLATTER_WORK: "w" } });
    expect(stderr).toContain("`--work` is `w`, from PLATTER_WORK\n");
  });
});

test("explain: a code in small letters, and one that does not exist", async () => {
  const { stdout } = await scene.succeed(["explain", "f_kernel_unsigned"]);
  expect(stdout).toStartWith("F_KERNEL_UNSIGNED: the kernel is not signed\n\ntype        finding, warning\n");
  await expectRefusal(scene, await scene.run(["explain", "E_STRT"]), {
    exit: 2,
    code: "E_EXPLAIN",
    says: ["`E_STRT`"],
    hint: ["platter explain E_START"],
  });
});
