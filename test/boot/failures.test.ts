import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { type BootResult, type BootWay, wayName } from "../../internal/boot/boot-result.ts";
import { bootMatrix } from "../../internal/boot/matrix.ts";
import type { Phase } from "../../internal/boot/phase.ts";
import { bootOnce } from "../../internal/boot/run.ts";
import { openFileSource } from "../../internal/files/byte-source.ts";
import { readDirectoryTree } from "../../internal/iso/read/directory-tree.ts";
import { findNode } from "../../internal/iso/read/iso-node.ts";
import { readVolumeDescriptors } from "../../internal/iso/read/volume-descriptors.ts";
import { runTool } from "../../internal/process/run.ts";
import { request } from "../helpers/boot/machine-request.ts";
import { variantIso } from "../helpers/boot/variant.ts";
import { smallLive } from "../helpers/images/small-live.ts";
import { Scene } from "../helpers/scene.ts";

interface BrokenIso extends BootWay {
  name: string;
  make: (scene: Scene) => Promise<string>;
  phase: Phase;
  codes: readonly string[];
  /** Among the last lines on the console. */
  says: RegExp;
  timeout?: number;
}

const PATIENCE = ["--kernel-arg", "platter.patience=25"];

const BROKEN: readonly BrokenIso[] = [
  {
    name: "a broken eltorito.img",
    firmware: "bios",
    media: "cd",
    make: brokenBootImage,
    phase: "firmware",
    // Zeros are instructions too: the processor runs through them into something that hangs, or resets the machine.
    codes: ["B_TIMEOUT", "B_ENDED"],
    says: /Booting from DVD\/CD/,
    timeout: 40,
  },
  {
    name: "no driver for the stick in the initramfs",
    firmware: "bios",
    media: "usb",
    make: (scene) =>
      variantIso(scene, "no-usb", [
        "--without-module",
        "usb-storage",
        "--without-module",
        "uas",
        ...PATIENCE,
      ]),
    phase: "initramfs",
    codes: ["B_EMERGENCY"],
    says: /PLATTER-LIVE-FAIL no device with the label PLATTER_LIVE, seen: none/,
  },
  {
    name: "another label in the menu than the ISO's",
    firmware: "uefi",
    media: "cd",
    make: relabelledIso,
    phase: "initramfs",
    codes: ["B_EMERGENCY"],
    says: /PLATTER-LIVE-FAIL no device with the label PLATTER_LIVE, seen: sr0=OTHER/,
  },
  {
    name: "an unsigned GRUB under Secure Boot",
    firmware: "secure-boot",
    media: "cd",
    make: (scene) => variantIso(scene, "unsigned-grub", ["--unsigned-grub"]),
    phase: "shim",
    codes: ["B_SECURE_BOOT_VIOLATION"],
    says: /Verification failed: \(0x1A\) Security Violation/,
  },
];
const MINUTES = 60_000;

let scene: Scene;
const results = new Map<string, BootResult>();

beforeAll(async () => {
  scene = new Scene("failures");
  const isos = new Map<string, string>();
  for (const broken of BROKEN) isos.set(wayName(broken), await broken.make(scene));
  const made = await bootMatrix(BROKEN, {
    atOnce: 2,
    signal: new AbortController().signal,
    boot: (way, signal) => {
      const name = wayName(way);
      const timeout = BROKEN.find((each) => wayName(each) === name)?.timeout ?? 300;
      const own = { iso: isos.get(name) ?? "", until: /PLATTER-ROOT-OK/, keepIn: scene.at(name), timeout };
      return bootOnce(request(way, own), { run: runTool, signal, now: () => performance.now() });
    },
  });
  for (const result of made) results.set(wayName(result), result);
}, 20 * MINUTES);

afterAll(() => scene[Symbol.dispose]());

describe("a boot that fails is seen to fail, in its phase", () => {
  for (const broken of BROKEN) {
    test(`${broken.name}: ${broken.phase}`, () => {
      const result = results.get(wayName(broken));
      const failure = result?.failure;
      expect({ reached: result?.reached, phase: failure?.phase }).toEqual({
        reached: undefined,
        phase: broken.phase,
      });
      expect(broken.codes).toContain(failure?.code ?? "none");
      expect(failure?.lastLines.join("\n")).toMatch(broken.says);
      if (failure?.code === "B_ENDED") return;
      expect(readFileSync(result?.screenshot ?? "").toString("latin1", 1, 4)).toBe("PNG");
    });
  }
});

/** The good ISO, its El Torito image made of zeros. */
async function brokenBootImage(into: Scene): Promise<string> {
  const good = `${into.out}/good.iso`;
  await into.succeed(["build", `oci:${smallLive().oci}`, "-o", good]);
  const bad = `${into.out}/bad-eltorito.iso`;
  copyFileSync(good, bad);
  await using source = await openFileSource(good);
  const { primary } = (await readVolumeDescriptors(source)).value;
  const tree = (await readDirectoryTree(source, primary!)).value;
  const image = findNode(tree.root, "/images/eltorito.img");
  const file = await open(bad, "r+");
  try {
    await file.write(new Uint8Array(image!.size), 0, image!.size, image!.extents[0]!.lba * 2048);
  } finally {
    await file.close();
  }
  return bad;
}

/** A good ISO that got another label in its descriptors afterwards. */
async function relabelledIso(into: Scene): Promise<string> {
  const iso = await variantIso(into, "patient", PATIENCE);
  const file = await open(iso, "r+");
  try {
    for (let sector = 16, type = 0; type !== 255; sector++) {
      const descriptor = Buffer.alloc(2048);
      await file.read(descriptor, 0, descriptor.length, sector * 2048);
      type = descriptor[0]!;
      // The label has 32 bytes at offset 40 (ECMA-119, 8.4.7). In Joliet's descriptor it is UTF-16.
      const label =
        type === 2 ? Buffer.from("OTHER".padEnd(16), "utf16le").swap16() : Buffer.from("OTHER".padEnd(32));
      if (type === 1 || type === 2) await file.write(label, 0, label.length, sector * 2048 + 40);
    }
  } finally {
    await file.close();
  }
  return iso;
}
