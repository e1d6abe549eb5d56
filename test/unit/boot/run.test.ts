import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BootRequest, bootOnce } from "../../../internal/boot/run.ts";
import { actor, world } from "../../helpers/boot/actor.ts";

let folder: string;
let iso: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "platter-test-boot-"));
  iso = join(folder, "a, b.iso");
  writeFileSync(iso, "not much of an ISO");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function request(over: Partial<BootRequest> = {}): BootRequest {
  return {
    firmware: "bios",
    media: "cd",
    iso,
    architecture: "x86_64",
    accelerator: "tcg",
    memoryMiB: 256,
    cpus: 1,
    network: "none",
    timeout: 20,
    menu: "leave-alone",
    keepIn: join(folder, "logs"),
    ...over,
  };
}

describe("bootOnce", () => {
  test("ends the machine once it is up, and reports the phases", async () => {
    const seen: string[][] = [];
    const phases: string[] = [];
    const says = ["SeaBIOS", "Welcome to GRUB!", "[    0.000000] Linux version 6.1", "x login: ", ""];
    const result = await bootOnce(request(), {
      ...world(actor({ says, ending: "stays", seen })),
      onPhase: (phase) => phases.push(phase),
    });
    expect(result.failure).toBeUndefined();
    expect(result.reached).toBe("x login:");
    expect(result.phases.map(({ phase }) => phase)).toEqual(["firmware", "grub", "kernel"]);
    expect(phases).toEqual(["firmware", "grub", "kernel"]);
    expect(readFileSync(result.serialLog, "utf8")).toContain("Welcome to GRUB!");
    expect(seen[0]?.join(" ")).toContain(`file=${folder}/a,, b.iso`);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(".platter-"))).not.toContain(
      seen[0]?.join(" ").match(/\.platter-\w+/)?.[0] ?? "none",
    );
  });

  test("a machine that goes off has not booted", async () => {
    const result = await bootOnce(request(), world(actor({ says: ["Welcome to GRUB!"], ending: "goes" })));
    expect(result.failure).toMatchObject({ code: "B_ENDED", phase: "grub", lastLines: ["Welcome to GRUB!"] });
    expect(result.screenshot).toBeUndefined();
  });

  test("a failure on the console ends the machine, and is reported without a screenshot too", async () => {
    const run = actor({ says: ["SeaBIOS", "No bootable device."], ending: "stays" });
    const result = await bootOnce(request(), world(run));
    expect(result.failure).toMatchObject({ code: "B_NO_BOOT_DEVICE", phase: "firmware" });
    expect(result.screenshot).toBeUndefined();
  }, 20_000);

  test("an interruption is thrown, after the machine has ended", async () => {
    const stop = new AbortController();
    const run = actor({ says: ["SeaBIOS"], ending: "stays", onStay: () => stop.abort() });
    await expect(bootOnce(request(), world(run, stop.signal))).rejects.toMatchObject({
      code: "E_INTERRUPTED",
    });
  });

  test("a QEMU that fails is an error, not a boot that failed", async () => {
    const run = actor({ says: [], ending: "fails" });
    await expect(bootOnce(request(), world(run))).rejects.toMatchObject({ code: "E_TOOL_FAILED" });
  });

  test("logs that cannot be kept are an error", async () => {
    const run = actor({ says: [], ending: "goes" });
    const keepIn = join(iso, "logs");
    await expect(bootOnce(request({ keepIn }), world(run))).rejects.toMatchObject({ code: "E_BOOT_LOGS" });
  });

  test("BIOS on aarch64 is refused", async () => {
    const run = actor({ says: [], ending: "goes" });
    const wanted = bootOnce(request({ architecture: "aarch64" }), world(run));
    // Without an emulator for aarch64 it is that which is missing.
    await expect(wanted).rejects.toMatchObject({ code: expect.stringMatching(/E_BOOT_WAY|E_TOOL_MISSING/) });
  });
});
