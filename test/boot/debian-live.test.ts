import { expect, test } from "bun:test";
import { resolve } from "node:path";
import type { BootWay } from "../../internal/boot/boot-result.ts";
import { bootMatrix } from "../../internal/boot/matrix.ts";
import { bootOnce } from "../../internal/boot/run.ts";
import { runTool } from "../../internal/tool/run.ts";
import { Scene } from "../helpers/scene.ts";
import { request } from "./machine-request.ts";

const FIXTURE = resolve(import.meta.dir, "../fixtures/debian-live.sh");
const IMAGE = "containers-storage:localhost/platter-test/debian-live";
const WAYS: readonly BootWay[] = [
  { firmware: "bios", media: "cd" },
  { firmware: "uefi", media: "usb" },
  { firmware: "secure-boot", media: "cd" },
];
const MINUTES = 60_000;

// A full Debian with systemd takes several minutes to make and to boot.
if (process.env.PLATTER_TEST === "full") {
  test(
    "a full Debian live system, built out of podman's storage, boots to its login prompt",
    async () => {
      const made = Bun.spawnSync([FIXTURE], { stderr: "pipe" });
      expect(made.exitCode === 0 ? "" : made.stderr.toString().slice(-2000)).toBe("");
      using scene = new Scene("debian-live");
      const iso = `${scene.out}/debian-live.iso`;
      // podman looks for its storage where the user's settings say.
      const built = Bun.spawnSync([resolve("dist/platter"), "build", IMAGE, "-o", iso], { stderr: "pipe" });
      expect(built.exitCode === 0 ? "" : built.stderr.toString()).toBe("");
      expect(await scene.leftovers()).toEqual([]);
      const results = await bootMatrix(WAYS, {
        atOnce: 2,
        signal: new AbortController().signal,
        boot: (way, signal) =>
          bootOnce(
            // No pattern: what counts as booted without one is tried on a real system here.
            request(way, { iso, memoryMiB: 2048, timeout: 900, keepIn: scene.at("logs") }),
            { run: runTool, signal, now: () => performance.now() },
          ),
      });
      for (const result of results) {
        expect(result.failure).toBeUndefined();
        expect(result.reached).toMatch(/login:|Reached target/);
      }
    },
    60 * MINUTES,
  );
}
