/** Every option of `boot` and `verify` either changes something or is refused with a reason. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createProgram } from "../../../cmd/program.ts";
import type { World } from "../../../cmd/world.ts";
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { type Ran, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(120_000);

let scene: Scene;
beforeEach(() => {
  scene = new Scene("options");
});
afterEach(() => scene[Symbol.dispose]());

/** The long names of all options of a command. */
function optionsOf(name: string): string[] {
  const program = createProgram({ worldFor: () => ({}) as World, writeOut: () => undefined });
  const command = program.commands.find((each) => each.name() === name);
  return (command?.options ?? []).map(({ long }) => long ?? "").sort();
}

const NOTHING = `${"x".repeat(32_769)}CD001${"x".repeat(30_000)}`;

/** Puts a QEMU in the place of the real one that writes down its arguments and then does as the script says. */
function fakeQemu(script = "echo 'localhost login: '"): void {
  for (const architecture of ["x86_64", "aarch64"])
    scene.fake(`qemu-system-${architecture}`, `echo "$0 $*" >> ${scene.at("calls")}\n${script}`);
}

const calls = () => readFileSync(scene.at("calls"), "utf8").trimEnd().split("\n");
const boot = (...flags: string[]): Promise<Ran> =>
  scene.run(["boot", scene.write("x.iso", NOTHING), "--accel", "tcg", "--firmware", "bios", ...flags]);

/** The arguments of the one machine that was started. */
async function machine(...flags: string[]): Promise<string> {
  fakeQemu();
  const ran = await boot(...flags);
  expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
  return calls()[0]!;
}

const BOOT: Record<string, () => Promise<void>> = {
  "--firmware": async () => expect(await machine("--firmware", "uefi")).toContain("if=pflash"),
  "--media": async () => expect(await machine("--media", "usb")).toContain("usb-storage"),
  "--all": async () => {
    fakeQemu();
    await scene.succeed(["boot", scene.write("x.iso", NOTHING), "--all", "--accel", "tcg"]);
    expect(calls()).toHaveLength(6);
  },
  "--until": async () => {
    fakeQemu("echo READY");
    expect((await boot()).code).toBe(6);
    expect((await boot("--until", "READY")).code).toBe(0);
  },
  "--timeout": async () => {
    fakeQemu("exec sleep 100");
    const { code, stderr } = await boot("--timeout", "1");
    expect(stderr).toContain("After 1 seconds the boot is still in");
    expect(code).toBe(6);
  },
  "--memory": async () => expect(await machine("--memory", "333")).toContain("333M"),
  "--cpus": async () => expect(await machine("--cpus", "3")).toContain("-smp 3"),
  "--jobs": async () => {
    // Each machine waits for all six: with fewer together it would wait until the time is up.
    fakeQemu(
      `while [ "$(wc -l < ${scene.at("calls")})" -lt 6 ]; do sleep 0.05; done\necho 'localhost login: '`,
    );
    const iso = scene.write("x.iso", NOTHING);
    await scene.succeed(["boot", iso, "--all", "--accel", "tcg", "--jobs", "6", "--timeout", "40"]);
    expect((await boot("--jobs", "2")).stderr).toContain(
      "Cannot use `--jobs`: only one machine runs without `--all`",
    );
  },
  "--accel": async () => {
    fakeQemu();
    await scene.succeed(["boot", scene.write("x.iso", NOTHING), "--firmware", "bios", "--accel", "kvm"]);
    expect(calls()[0]).toContain("accel=kvm");
  },
  "--network": async () => {
    expect(await machine()).not.toContain("-nic user");
    await machine("--network");
    expect(calls()[1]).toContain("-nic user");
  },
  "--arch": async () => {
    fakeQemu();
    const iso = scene.write("x.iso", NOTHING);
    const ran = await scene.run(["boot", iso, "--accel", "tcg", "--arch", "arm64"]);
    // Firmware for the other architecture need not be installed here.
    if (ran.code === 0) expect(calls()[0]).toContain("qemu-system-aarch64");
    else expect(ran.stderr).toContain("Cannot boot: no UEFI firmware for aarch64 found");
  },
  "--no-menu": async () => {
    // With the menu, a silent GRUB is spoken to through the machine protocol, which this QEMU does not have.
    const iso = scene.at("tiny.iso");
    await scene.succeed(["build", `dir:${tinyImage(scene.at("image"))}`, "-o", iso]);
    fakeQemu("printf 'Welcome to GRUB!\\r\\n'; sleep 1; echo 'localhost login: '");
    const outcome = async (...flags: string[]) =>
      JSON.parse((await scene.run(["boot", iso, "--accel", "tcg", "--json", ...flags])).stdout).results[0]
        .menu.kind;
    expect(await outcome()).toBe("not-driven");
    expect(await outcome("--no-menu")).toBe("left-alone");
  },
  "--keep": async () => {
    await machine("--keep", scene.at("logs"));
    expect(existsSync(scene.at("logs/bios-cd.serial.log"))).toBe(true);
  },
  "--junit": async () => {
    await machine("--junit", scene.at("junit.xml"));
    expect(readFileSync(scene.at("junit.xml"), "utf8")).not.toContain("ATTACHMENT");
  },
  "--html": async () => {
    fakeQemu("echo 'Kernel panic - not syncing: <b>no init</b>'");
    const { code } = await boot("--html", scene.at("page.html"));
    expect(code).toBe(6);
    const page = readFileSync(scene.at("page.html"), "utf8");
    expect(page).toContain("<h1>x.iso</h1>");
    expect(page).toContain("The kernel panicked.");
    expect(page).toContain("&lt;b&gt;no init&lt;/b&gt;</pre></details>");
  },
  "--json": async () => {
    fakeQemu();
    const { stdout } = await boot("--json");
    expect(JSON.parse(stdout)).toMatchObject({ passed: 1 });
    expect(stdout).not.toContain(scene.tmp);
    // A log that is named is there.
    const { results } = JSON.parse((await boot("--json", "--keep", scene.at("logs"))).stdout);
    expect(existsSync(results[0].serialLog)).toBe(true);
  },
  "--interactive": async () => {
    expect(await machine("--interactive")).toContain("mon:stdio");
    for (const [flag, ...value] of [
      ["--all"],
      ["--until", "x"],
      ["--timeout", "9"],
      ["--jobs", "2"],
      ["--no-menu"],
      ["--keep", "logs"],
      ["--junit", "x.xml"],
      ["--html", "x.html"],
      ["--json"],
    ] as const) {
      const { code, stderr } = await boot("--interactive", flag, ...value);
      expect(stderr).toContain(`${flag}\``);
      expect(stderr).toContain("`--interactive` gives the machine to you");
      expect(code).toBe(2);
    }
  },
};

describe("boot", () => {
  test("the list has all options", () => expect(Object.keys(BOOT).sort()).toEqual(optionsOf("boot")));

  test.each(Object.keys(BOOT))("%s", async (option) => BOOT[option]!());

  test.each([
    ["--firmware", "bios"],
    ["--media", "usb"],
  ])("%s with --all is refused", async (flag, value) => {
    const { code, stderr } = await scene.run(["boot", scene.write("x.iso", NOTHING), "--all", flag, value]);
    expect(stderr).toContain(
      `: Cannot use \`${flag}\`: \`--all\` boots with every firmware from each medium`,
    );
    expect(code).toBe(2);
  });

  test("logs of a failed boot stay where the message says, others do not stay", async () => {
    fakeQemu("echo nothing");
    const { stderr } = await boot();
    const [name, ...others] = readdirSync(scene.tmp);
    expect(others).toEqual([]);
    expect(stderr).toContain(`Look at the serial logs and screenshots in \`${scene.tmp}/${name}\`.`);
    fakeQemu();
    await boot();
    expect(readdirSync(scene.tmp)).toEqual([name!]);
  });
});

const VERIFY: Record<string, () => Promise<void>> = {
  "--require": async () => {
    expect((await scene.run(["verify", await tinyIso()])).code).toBe(0);
    const { code, stderr } = await scene.run(["verify", await tinyIso("--no-bios"), "--require", "bios"]);
    expect(stderr).toContain("does not boot with BIOS\n");
    expect(code).toBe(6);
  },
  "--against": async () => {
    const iso = await tinyIso("--work", "work");
    expect((await scene.run(["verify", iso, "--against", "work"])).code).toBe(0);
    const other = await tinyIso("--label", "OTHER");
    const { code, stdout } = await scene.run(["verify", other, "--against", "work"]);
    expect(stdout).toContain("           the label is `OTHER`, planned was `");
    expect(stdout).not.toContain("undefined");
    expect(code).toBe(6);
  },
  "--json": async () => {
    const { stdout } = await scene.run(["verify", await tinyIso(), "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, verdict: "boots" });
  },
};

async function tinyIso(...flags: string[]): Promise<string> {
  const iso = scene.at(`tiny${flags.join("")}.iso`);
  await scene.succeed(["build", `dir:${tinyImage(scene.at("image"))}`, "-o", iso, ...flags]);
  return iso;
}

describe("verify", () => {
  test("the list has all options", () => expect(Object.keys(VERIFY).sort()).toEqual(optionsOf("verify")));

  test.each(Object.keys(VERIFY))("%s", async (option) => VERIFY[option]!());
});
