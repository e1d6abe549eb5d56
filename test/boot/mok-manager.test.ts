/** The menu's entry for MokManager, with Secure Boot on. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { bootOnce } from "../../internal/boot/run.ts";
import { isFault, parsePe } from "../../internal/pe/pe-image.ts";
import { runTool } from "../../internal/process/run.ts";
import { request } from "../helpers/boot/machine-request.ts";
import { smallLive } from "../helpers/images/small-live.ts";
import { Scene } from "../helpers/scene.ts";

const MINUTES = 60_000;

let scene: Scene;
beforeAll(() => {
  scene = new Scene("mok-manager");
});
afterAll(() => scene[Symbol.dispose]());

test(
  "GRUB starts MokManager from the entry that an unsigned kernel gets",
  async () => {
    const image = scene.at("image");
    expect(Bun.spawnSync(["cp", "-a", smallLive().rootfs, image]).exitCode).toBe(0);
    const modules = `${image}/usr/lib/modules`;
    const kernel = `${modules}/${readdirSync(modules)[0]}/vmlinuz`;
    writeFileSync(kernel, withoutSignature(readFileSync(kernel)));
    const iso = scene.at("out/x.iso");
    await scene.succeed(["build", `dir:${image}`, "-o", iso, "--compression", "fast"]);
    // The entry after the only other one becomes the default, in the ISO's copy of the menu and in the ESP's.
    const bytes = readFileSync(iso);
    const places = [...bytes.toString("latin1").matchAll(/^set default=0$/gm)].map(({ index }) => index);
    expect(places.length).toBeGreaterThanOrEqual(2);
    for (const at of places) bytes.write("set default=1", at, "latin1");
    writeFileSync(iso, bytes);
    const until = /Shim UEFI key management/;
    const about = { iso, until, keepIn: scene.at("logs"), timeout: 300 } as const;
    const way = { firmware: "secure-boot", media: "cd" } as const;
    const result = await bootOnce(request(way, about), {
      run: runTool,
      signal: new AbortController().signal,
      now: () => performance.now(),
    });
    expect(result.failure).toBeUndefined();
    expect(readFileSync(result.serialLog ?? "", "utf8")).toContain(
      "Enroll a key for Secure Boot (MokManager)",
    );
  },
  10 * MINUTES,
);

/** A program without its certificate table ("PE Format", Attribute Certificate Table), which is its end. */
function withoutSignature(program: Uint8Array): Uint8Array {
  const image = parsePe(program);
  if (isFault(image) || image.certificates === undefined) throw new Error("the kernel is not signed");
  const bare = Buffer.from(program.subarray(0, image.certificates.offset));
  bare.fill(0, image.certificateEntryAt, image.certificateEntryAt! + 8);
  return bare;
}
