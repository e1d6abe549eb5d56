import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Finding } from "../../../internal/contract/findings/finding.ts";
import { liveFiles, newc } from "../../helpers/cpio.ts";
import { smallLive } from "../../helpers/images/small-live.ts";
import { KVER, tinyImage } from "../../helpers/images/tiny-image.ts";
import { hostProgram, Scene } from "../../helpers/scene.ts";

const INITRAMFS = `image/usr/lib/modules/${KVER}/initramfs.img`;
const PATH_SHOWN = `\`/usr/lib/modules/${KVER}/initramfs.img\``;

let scene: Scene;
beforeAll(() => {
  scene = new Scene("initramfs");
  tinyImage(scene.at("image"));
  unpack("early", [{ name: "kernel/x86/microcode/GenuineIntel.bin", content: noise(100_000) }]);
  unpack("live", [...liveFiles(KVER), { name: "usr/lib/firmware/noise", content: noise(3_000_000) }]);
});
afterAll(() => scene[Symbol.dispose]());

function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  // Half of it can be made smaller.
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 32_768));
  return bytes;
}

function unpack(folder: string, entries: readonly { name: string; content?: string | Uint8Array }[]): void {
  for (const { name, content } of entries) {
    if (content === undefined) continue;
    const path = scene.at(join(folder, name));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
}

function shell(script: string): Buffer {
  const done = Bun.spawnSync(["bash", "-euo", "pipefail", "-c", script], { cwd: scene.path, stderr: "pipe" });
  if (done.exitCode !== 0) throw new Error(done.stderr.toString());
  return done.stdout;
}

const archived = (folder: string) => `(cd ${folder} && find . | cpio --quiet -o -H newc)`;

async function inspect(...flags: string[]): Promise<Finding[]> {
  const { stdout } = await scene.succeed(["inspect", "dir:image", "--json", ...flags]);
  return JSON.parse(stdout).findings;
}

async function findingsWith(
  initramfs: Uint8Array,
  ...flags: string[]
): Promise<Pick<Finding, "code" | "seen">[]> {
  writeFileSync(scene.at(INITRAMFS), initramfs);
  return (await inspect(...flags)).map(({ code, seen }) => ({ code, seen }));
}

describe("an initramfs that the real tools packed", () => {
  test.each([
    "cat",
    "gzip",
    "gzip -9n",
    "zstd -q",
    "zstd -q -19 --long=27",
    "xz --check=crc32",
    "xz --check=none",
    "lz4 -l -q",
  ])("%s, after early microcode: all of it is read", async (tool) => {
    hostProgram(tool.split(" ")[0]!);
    const plain = shell(`${archived("early")}; ${archived("live")} | ${tool}`);
    expect(await findingsWith(plain)).toEqual([]);
    // dracut pads, and another archive may follow.
    const more = shell(`${archived("early")}; ${archived("early")} | ${tool}; head -c 4096 /dev/zero`);
    const rest = shell(`${archived("live")} | ${tool}`);
    const aligned = Buffer.concat([more, Buffer.alloc(4 - (more.length % 4)), rest]);
    expect(await findingsWith(aligned)).toEqual([]);
  });

  test("cut off: where, and that nothing more is said of it", async () => {
    for (const [tool, says] of [
      ["gzip", "ends within the gzip data that begins at byte 0."],
      ["zstd -q", "ends within the zstd data that begins at byte 0."],
      ["xz --check=crc32", "has xz data at byte 0 that ends too early."],
      ["lz4 -l -q", "ends within the lz4 block at byte 4."],
    ] as const) {
      const whole = shell(`${archived("live")} | ${tool}`);
      expect(await findingsWith(whole.subarray(0, whole.length / 2))).toEqual([
        { code: "F_INITRAMFS_UNREADABLE", seen: `${PATH_SHOWN} ${says}` },
      ]);
    }
  });

  test("packed as no kernel can unpack it", async () => {
    for (const [tool, says] of [
      ["xz", "with a check that the kernel does not know"],
      ["lz4 -q", "lz4's frame format"],
    ] as const) {
      expect(await findingsWith(shell(`${archived("live")} | ${tool}`))).toEqual([
        { code: "F_INITRAMFS_UNREADABLE", seen: expect.stringContaining(says) },
      ]);
    }
  });

  test("packed as platter cannot unpack it: a note", async () => {
    for (const tool of ["bzip2", "lzma"]) {
      expect(await findingsWith(shell(`${archived("live")} | ${tool}`))).toEqual([
        { code: "F_INITRAMFS_CLOSED", seen: `${PATH_SHOWN} is compressed with ${tool} at byte 0.` },
      ]);
    }
  });

  test("xz, and no xz on the machine: all of it is read", async () => {
    writeFileSync(scene.at(INITRAMFS), shell(`${archived("live")} | xz --check=crc32`));
    const { stdout } = await scene.succeed(["inspect", "dir:image", "--json"], { path: scene.only() });
    expect(JSON.parse(stdout).findings).toEqual([]);
  });

  test("xz with a dictionary that platter does not take: a note", async () => {
    const tool = "xz --check=crc32 --lzma2=preset=1,dict=192MiB";
    expect(await findingsWith(shell(`${archived("live")} | ${tool}`))).toEqual([
      {
        code: "F_INITRAMFS_CLOSED",
        seen: `${PATH_SHOWN} has xz data at byte 0 that needs a dictionary of 201326592 bytes, and platter takes at most 134217728.`,
      },
    ]);
  });
});

describe("what an initramfs lacks", () => {
  const LIST = `image/usr/lib/modules/${KVER}/modules.builtin`;
  const lacking = (pattern: RegExp) => newc(liveFiles(KVER).filter(({ name }) => !pattern.test(name)));

  test("modules, unless they are built in", async () => {
    const initramfs = lacking(/squashfs|isofs/);
    expect(await findingsWith(initramfs)).toMatchObject([
      { code: "F_INITRAMFS_MODULES", seen: expect.stringContaining("`squashfs`, `isofs` are neither") },
    ]);
    writeFileSync(scene.at(LIST), "kernel/fs/squashfs/squashfs.ko\nkernel/fs/isofs/isofs.ko\n");
    expect(await findingsWith(initramfs)).toEqual([]);
    rmSync(scene.at(LIST));
  });

  test("the kernel's modules", async () => {
    expect(await findingsWith(newc(liveFiles("5.10")))).toEqual([
      {
        code: "F_INITRAMFS_KERNEL",
        seen: `${PATH_SHOWN} has modules for \`5.10\`, and the kernel is \`${KVER}\`.`,
      },
    ]);
  });

  test("live support; a stage that needs no kernel does not look", async () => {
    const bare = liveFiles(KVER).filter(({ name }) => !/dmsquash-live|dracut/.test(name));
    expect(await findingsWith(newc([...bare, "init"]))).toMatchObject([{ code: "F_INITRAMFS_OWN_INIT" }]);
    const initramfs = newc(bare);
    expect(await findingsWith(initramfs)).toMatchObject([{ code: "F_INITRAMFS_NO_LIVE" }]);
    const strict = await scene.run(["inspect", "dir:image", "--strict"]);
    expect(strict.code).toBe(3);
    expect(strict.stderr).toContain("[E_INITRAMFS_NO_LIVE]");
    const squash = await scene.succeed(["squash", "dir:image", "-o", "out/squashfs.img", "--strict"]);
    expect(squash.stderr).not.toContain("F_INITRAMFS");
  });

  test("damage in it is reported together with all other problems", async () => {
    writeFileSync(scene.at(INITRAMFS), "an initramfs\n");
    const ran = await scene.run(["inspect", "dir:image", "--json", "--vendor", "nobody"]);
    expect(ran.code).toBe(2);
    expect(JSON.parse(ran.stdout).findings).toMatchObject([
      { code: "F_VENDOR_UNKNOWN" },
      { code: "F_INITRAMFS_UNREADABLE", seen: expect.stringContaining("beginning with 61 6e 20 69 6e 69") },
    ]);
  });
});

test("the small live image: its own init does what dracut would, and there is nothing to find", async () => {
  const { stdout } = await scene.succeed(["inspect", `oci:${smallLive().oci}`, "--json"]);
  const findings: Finding[] = JSON.parse(stdout).findings;
  expect(findings).toEqual([]);
});
