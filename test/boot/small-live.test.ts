import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { ALL_WAYS, type BootResult, wayName } from "../../internal/boot/boot-result.ts";
import { bootMatrix } from "../../internal/boot/matrix.ts";
import { bootOnce } from "../../internal/boot/run.ts";
import { runTool } from "../../internal/tool/run.ts";
import { Scene } from "../helpers/scene.ts";
import { smallLive } from "../helpers/small-live.ts";
import { request } from "./machine-request.ts";

/** What the initramfs and the first process inside the root file system say on the console. */
const LIVE_OK = /^PLATTER-LIVE-OK (.*)$/m;
const ROOT_OK = /PLATTER-ROOT-OK pid1/;
/** Emulated machines on two cores: about 30 s each. */
const MINUTES = 60_000;

let scene: Scene;
let results: BootResult[];

beforeAll(async () => {
  scene = new Scene("boot");
  const iso = `${scene.out}/small-live.iso`;
  await scene.succeed(["build", `oci:${smallLive().oci}`, "-o", iso]);
  const world = { run: runTool, now: () => performance.now() };
  const boot = (way: (typeof ALL_WAYS)[number], signal: AbortSignal) =>
    bootOnce(request(way, { iso, until: ROOT_OK, keepIn: scene.at(wayName(way)) }), { ...world, signal });
  results = await bootMatrix(ALL_WAYS, { boot, atOnce: 2, signal: new AbortController().signal });
}, 15 * MINUTES);

afterAll(() => scene[Symbol.dispose]());

describe("the small live image boots", () => {
  for (const [index, way] of ALL_WAYS.entries()) {
    test(wayName(way), () => {
      const result = results[index]!;
      expect(result.failure).toBeUndefined();
      expect(result.reached).toMatch(ROOT_OK);
      const log = readFileSync(result.serialLog, "utf8").replaceAll("\r", "");
      const said = Object.fromEntries(
        (LIVE_OK.exec(log)?.[1] ?? "").split(" ").map((pair) => pair.split("=") as [string, string]),
      );
      expect(said).toMatchObject({
        label: "PLATTER_LIVE",
        dev: way.media === "cd" ? "sr0" : "sda",
        bus: way.media === "cd" ? "ata" : "usb",
        firmware: way.firmware === "bios" ? "bios" : "efi",
        secureboot: { bios: "none", uefi: "0", "secure-boot": "1" }[way.firmware],
        lockdown: way.firmware === "secure-boot" ? "integrity" : "none",
        kver: smallLive().kver,
        rootfs: "squashfs",
        os: "debian-12",
        // Capability, device node, hard link, owner, mode, time, whiteouts: all as the image has them.
        checks: "ok",
      });
      if (way.firmware === "secure-boot") expect(log).toMatch(/secureboot: Secure boot enabled/i);
    });
  }
});
