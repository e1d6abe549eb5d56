import { describe, expect, test } from "bun:test";
import { wayName, waysOn } from "../../internal/boot/boot-result.ts";
import { expectLive, ROOT_OK } from "../helpers/boot/live-line.ts";
import { variantIso } from "../helpers/boot/variant.ts";
import { smallLive } from "../helpers/images/small-live.ts";
import { BINARY, Scene } from "../helpers/scene.ts";

const MINUTES = 60_000;

/** Boots in machines of aarch64; `report` is that of `--json`. */
function boot(iso: string, ...flags: string[]) {
  const always = ["--arch", "arm64", "--until", ROOT_OK.source, "--timeout", "1800", "--json"];
  const ran = Bun.spawnSync([BINARY, "boot", iso, ...always, ...flags], { stderr: "pipe" });
  return { code: ran.exitCode, stderr: ran.stderr.toString(), report: JSON.parse(ran.stdout.toString()) };
}

// The image's packages are downloaded, and each boot takes a minute or more under emulation.
if (process.env.PLATTER_TEST === "full") {
  describe("aarch64", () => {
    test(
      "the small live image boots with UEFI and with Secure Boot, from CD and from USB",
      async () => {
        const { oci, kver } = smallLive("arm64");
        using scene = new Scene("aarch64");
        const iso = `${scene.out}/aarch64.iso`;
        await scene.succeed(["build", `oci:${oci}`, "-o", iso]);
        const logs = scene.at("logs");
        const { code, stderr, report } = boot(iso, "--all", "--keep", logs);
        expect(code === 0 ? "" : stderr).toBe("");
        expect(report).toMatchObject({ passed: 4, failed: 0 });
        for (const way of waysOn("aarch64"))
          expectLive(`${logs}/${wayName(way)}.serial.log`, way, { kver, cdBus: "virtio" });
      },
      150 * MINUTES,
    );

    test(
      "with Secure Boot, shim refuses a GRUB that is not signed",
      async () => {
        using scene = new Scene("aarch64-unsigned");
        const iso = await variantIso(scene, "arm64-unsigned-grub", ["--arch", "arm64", "--unsigned-grub"]);
        const { code, report } = boot(iso, "--firmware", "secure-boot", "--keep", scene.at("logs"));
        expect(code).toBe(6);
        expect(report.results[0].failure).toMatchObject({ code: "B_SECURE_BOOT_VIOLATION", phase: "shim" });
      },
      60 * MINUTES,
    );

    test(
      "a kernel without a console on the serial line gets it from the menu",
      async () => {
        using scene = new Scene("aarch64-silent");
        const iso = await variantIso(scene, "arm64-no-serial", ["--arch", "arm64", "--no-serial"]);
        const { code, stderr, report } = boot(iso, "--media", "usb", "--keep", scene.at("logs"));
        expect(code === 0 ? "" : stderr).toBe("");
        expect(report.results[0].menu).toEqual({ kind: "console-added" });
      },
      60 * MINUTES,
    );
  });
}
