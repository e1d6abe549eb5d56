/** Booting in a real QEMU a medium that boots nothing. */
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { firmwareRuns } from "../../../internal/boot/accelerator.ts";
import { bootOnce } from "../../../internal/boot/run.ts";
import { runTool } from "../../../internal/process/run.ts";
import { world } from "../../helpers/boot/actor.ts";
import { request } from "../../helpers/boot/machine-request.ts";

const folder = mkdtempSync(join(tmpdir(), "platter-test-boot-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const iso = join(folder, "a, b.iso");
writeFileSync(iso, "not much of an ISO");

describe("with a real QEMU", () => {
  test("a medium that is not an ISO fails in the firmware, with a screenshot", async () => {
    const keepIn = join(folder, "real");
    const result = await bootOnce(
      request({ firmware: "bios", media: "cd" }, { iso, keepIn, timeout: 60 }),
      world(runTool),
    );
    expect(result.failure).toMatchObject({ code: "B_NO_BOOT_DEVICE", phase: "firmware" });
    const png = readFileSync(result.screenshot ?? "");
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    // A screen in text mode is 720 by 400, not nothing.
    expect(png.readUInt32BE(16)).toBeGreaterThanOrEqual(640);
    expect(readFileSync(result.serialLog, "latin1")).toContain("SeaBIOS");
  }, 90_000);

  test("a time limit ends it", async () => {
    const result = await bootOnce(
      request(
        { firmware: "uefi", media: "cd" },
        { iso, timeout: 1, until: /never/, keepIn: join(folder, "limit") },
      ),
      world(runTool),
    );
    expect(result.failure).toMatchObject({ code: "B_TIMEOUT", phase: "firmware" });
    expect(existsSync(result.screenshot ?? "")).toBe(true);
  }, 60_000);

  test.each(["bios", "uefi", "secure-boot"] as const)("the probe hears %s firmware", async (firmware) => {
    // Ten seconds are for KVM; emulated on a busy machine it takes longer.
    const slow = { ...world(runTool), now: () => performance.now() / 8 };
    expect(await firmwareRuns("tcg", { architecture: "x86_64", firmware }, slow)).toBe(true);
  }, 90_000);
});
