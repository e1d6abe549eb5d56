import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ALL_WAYS } from "../../internal/boot/boot-result.ts";
import { BINARY, Scene } from "../helpers/scene.ts";

const SCRIPT = resolve(import.meta.dir, "../../scripts/example");
/** Where podman may not start containers. */
const BUILD_OPTIONS = ["--isolation", "chroot", "--network", "host"];
const MINUTES = 60_000;

// A full Debian with systemd takes several minutes to make, and several for each boot.
if (process.env.PLATTER_TEST === "full") {
  test(
    "examples/debian is built without a registry, and boots to its login in all six ways",
    () => {
      using scene = new Scene("example");
      const iso = scene.at("out/debian.iso");
      const made = Bun.spawnSync([SCRIPT, "debian", "--offline-base", "-o", iso, "--", ...BUILD_OPTIONS], {
        stderr: "pipe",
      });
      expect(made.exitCode === 0 ? "" : made.stderr.toString().slice(-2000)).toBe("");
      const logs = scene.at("logs");
      const flags = ["--all", "--timeout", "1800", "--keep", logs, "--json"];
      const booted = Bun.spawnSync([BINARY, "boot", iso, ...flags], { stderr: "pipe" });
      expect(booted.exitCode === 0 ? "" : booted.stderr.toString()).toBe("");
      expect(JSON.parse(booted.stdout.toString())).toMatchObject({ passed: ALL_WAYS.length, failed: 0 });
      for (const { firmware, media } of ALL_WAYS) {
        const log = readFileSync(`${logs}/${firmware}-${media}.serial.log`, "utf8");
        expect(log).toMatch(/Command line: .*root=live:CDLABEL=DEBIAN_LIVE/);
        if (firmware === "secure-boot") expect(log).toMatch(/secure boot enabled/i);
      }
    },
    240 * MINUTES,
  );
}
