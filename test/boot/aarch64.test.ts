import { expect, test } from "bun:test";
import { wayName, waysOn } from "../../internal/boot/boot-result.ts";
import { BINARY, Scene } from "../helpers/scene.ts";
import { smallLive } from "../helpers/small-live.ts";
import { expectLive, ROOT_OK } from "./live-line.ts";

const MINUTES = 60_000;

// The image's packages are downloaded, and each boot takes a minute or more under emulation.
if (process.env.PLATTER_TEST === "full") {
  test(
    "aarch64: the small live image boots with UEFI and with Secure Boot, from CD and from USB",
    async () => {
      const { oci, kver } = smallLive("arm64");
      using scene = new Scene("aarch64");
      const iso = `${scene.out}/aarch64.iso`;
      await scene.succeed(["build", `oci:${oci}`, "-o", iso]);
      const logs = scene.at("logs");
      const flags = ["--all", "--arch", "arm64", "--until", ROOT_OK.source, "--keep", logs, "--json"];
      const booted = Bun.spawnSync([BINARY, "boot", iso, ...flags, "--timeout", "1800"], { stderr: "pipe" });
      expect(booted.exitCode === 0 ? "" : booted.stderr.toString()).toBe("");
      expect(JSON.parse(booted.stdout.toString())).toMatchObject({ passed: 4, failed: 0 });
      for (const way of waysOn("aarch64"))
        expectLive(`${logs}/${wayName(way)}.serial.log`, way, { kver, cdBus: "virtio" });
    },
    150 * MINUTES,
  );
}
