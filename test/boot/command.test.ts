import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { BINARY, expectRefusal, Scene } from "../helpers/scene.ts";
import { until } from "../helpers/until.ts";

let scene: Scene;
beforeEach(() => {
  scene = new Scene("boot-command");
});
afterEach(() => scene[Symbol.dispose]());

/** An ISO by its first descriptor, with nothing that boots. */
const NOTHING = `${"x".repeat(32_769)}CD001${"x".repeat(30_000)}`;
const BIOS = ["--firmware", "bios", "--accel", "tcg", "--memory", "256"];

describe("platter boot", () => {
  test("a file that nothing boots: exit code 6, the phase, both reports, the logs kept", async () => {
    const iso = scene.write("nothing.iso", NOTHING);
    const logs = scene.at("logs");
    const junit = scene.at("junit.xml");
    const html = scene.at("page.html");
    const flags = [...BIOS, "--timeout", "50", "--keep", logs, "--junit", junit, "--html", html, "--json"];
    const ran = await scene.run(["boot", iso, ...flags]);
    await expectRefusal(scene, ran, {
      exit: 6,
      code: "E_NOT_BOOTED",
      says: ["did not boot", "failed in the firmware phase", "No bootable device"],
      hint: [logs],
    });
    const report = JSON.parse(ran.stdout);
    expect(report).toMatchObject({
      passed: 0,
      failed: 1,
      results: [{ failure: { code: "B_NO_BOOT_DEVICE" } }],
    });
    expect(readFileSync(junit, "utf8")).toContain('failures="1"');
    expect(existsSync(`${logs}/bios-cd.serial.log`)).toBe(true);
    const picture = readFileSync(`${logs}/bios-cd.png`).toString("base64");
    const page = readFileSync(html, "utf8");
    expect(page).toContain(`<img src="data:image/png;base64,${picture}"`);
    expect(page).toContain("B_NO_BOOT_DEVICE");
  }, 90_000);

  test("Ctrl-C ends the machine and leaves nothing", async () => {
    const iso = scene.write("nothing.iso", NOTHING);
    const running = scene.start(["boot", iso, ...BIOS, "--until", "never", "--keep", scene.at("logs")]);
    await until(() => scene.processes().some((each) => each.includes("qemu-system")));
    running.signal("SIGINT");
    const ran = await running.done;
    expect(ran.code).toBe(130);
    expect(await scene.leftovers()).toEqual([]);
  }, 90_000);

  test("--interactive gives the terminal to the machine: Ctrl-A X ends it", async () => {
    const iso = scene.write("nothing.iso", NOTHING);
    const child = Bun.spawn([BINARY, "boot", iso, ...BIOS, "--interactive"], {
      stdin: "pipe",
      stdout: "pipe",
      env: { PATH: process.env.PATH ?? "", TMPDIR: scene.tmp },
    });
    const decoder = new TextDecoder();
    let said = "";
    for await (const chunk of child.stdout) {
      said += decoder.decode(chunk, { stream: true });
      if (!said.includes("No bootable device")) continue;
      child.stdin.write("\x01x");
      child.stdin.end();
      break;
    }
    expect(await child.exited).toBe(0);
    expect(await scene.leftovers()).toEqual([]);
  }, 90_000);

  test("a signal ends an interactive machine too", async () => {
    const iso = scene.write("nothing.iso", NOTHING);
    const running = scene.start(["boot", iso, ...BIOS, "--interactive"]);
    await until(() => scene.processes().some((each) => each.includes("qemu-system")));
    running.signal("SIGTERM");
    const ran = await running.done;
    expect(ran.code).toBe(130);
    expect(await scene.leftovers()).toEqual([]);
  }, 90_000);

  test("an ISO that is not there, and an option that makes no sense, start no machine", async () => {
    const missing = await scene.run(["boot", "none.iso"]);
    expect(missing.code).not.toBe(0);
    expect(missing.stderr).toContain("none.iso");
    const iso = scene.write("nothing.iso", NOTHING);
    const wrong = await scene.run(["boot", iso, "--cpus", "much"]);
    expect(wrong.code).toBe(2);
    const regular = await scene.run(["boot", iso, "--until", "("]);
    expect(regular.code).toBe(2);
    expect(readdirSync(scene.tmp)).toEqual([]);
    const text = await scene.run(["boot", scene.write("text.txt", "hello\n")]);
    expect(text.stderr).toBe(
      `error[E_NOT_AN_ISO]: Cannot read \`${scene.at("text.txt")}\` as an ISO: it is a text file\n  hint:  Name the file of an ISO.\n`,
    );
    expect(text.code).toBe(6);
  });
});
