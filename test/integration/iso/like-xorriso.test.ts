/** platter's ISO and xorriso's, of one layout: docs/iso-format.md lists what differs. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { assembleIso, withIsoFile } from "../../../internal/iso/assemble.ts";
import type { IsoLayout } from "../../../internal/iso/layout.ts";
import { espImage } from "../../helpers/images/iso-image.ts";
import { xorrisoIso } from "../../helpers/images/xorriso-iso.ts";
import { noise } from "../../helpers/noise.ts";
import { Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

const scene = new Scene("like-xorriso");
afterAll(() => scene[Symbol.dispose]());

const text = (content: string) => ({ bytes: new Uint8Array(Buffer.from(content)) });
const file = (isoPath: string, content = isoPath) => ({ isoPath, content: text(content) });

function layoutWith(changes: Partial<IsoLayout> = {}): IsoLayout {
  return {
    volumeId: "LABEL_OF-24.CHARACTERS__",
    time: 1_700_000_000,
    uuid: "52daf732-d0fe-8dd4-9aa4-67c5ec1e394d",
    rootfs: {
      isoPath: "/LiveOS/squashfs.img",
      content: { path: scene.write("rootfs", "r".repeat(100_000)) },
    },
    files: [
      file("/.discinfo"),
      file("/.disk/52daf732-d0fe-8dd4-9aa4-67c5ec1e394d.uuid"),
      file("/.disk/info"),
      file("/EFI/BOOT/grub.cfg", "x".repeat(5000)),
      ...Array.from({ length: 90 }, (_, index) => file(`/boot/grub2/i386-pc/module_${index}-name.mod`)),
      { isoPath: "/images/eltorito.img", content: { bytes: noise(30_000) } },
      file(`/long ${"n".repeat(90)}.txt`),
      file(`/folder ${"n".repeat(200)}/file`),
    ],
    bios: { image: "/images/eltorito.img", hybridMbr: { bytes: noise(512) } },
    espImage: { bytes: espImage() },
    strictGpt: false,
    ...changes,
  };
}

interface Pair {
  ours: string;
  theirs: string;
}

async function bothOf(name: string, layout: IsoLayout): Promise<Pair> {
  const pair = { ours: scene.at(`${name}-ours.iso`), theirs: scene.at(`${name}-theirs.iso`) };
  const run = { checksum: "leave", signal: new AbortController().signal, task: { progress() {} } } as const;
  await withIsoFile(pair.ours, (iso) => assembleIso(iso, { layout, ...run }));
  xorrisoIso(layout, { output: pair.theirs, folder: scene.folder(name) });
  return pair;
}

function output(...command: string[]): string {
  const done = Bun.spawnSync(command, { env: { ...process.env, LC_ALL: "C.UTF-8" }, stderr: "ignore" });
  expect({ command, exit: done.exitCode }).toEqual({ command, exit: 0 });
  return done.stdout.toString();
}

/** A report of xorriso, with the places and sizes that may differ as `N`. */
function report(iso: string, ...args: string[]): string[] {
  const lines = output("xorriso", "-indev", iso, ...args).split("\n");
  return lines.map((line) =>
    line
      .replaceAll(iso, "ISO")
      .replace(/\d+d-\d+d/, "N")
      .replace(/start_\d+s/, "start_N")
      .replace(/^(ISO image size\/512 : ).*/, "$1N")
      .replace(/^(MBR partition +: +1 +0x00 +0xee +1 +).*/, "$1N")
      .replace(/^(GPT lba range +: +64 +).*/, "$1N")
      .replace(/^(GPT start and size : +1 +64 +).*/, "$1N")
      .replace(/^(GPT start and size : +[23] +)\d+/, "$1N")
      .replace(/^(El Torito catalog +: +)\d+/, "$1N")
      .replace(/^(El Torito boot img :.* )\d+$/, "$1N"),
  );
}

describe.each([
  ["BIOS and UEFI", {}],
  ["strict GPT", { strictGpt: true }],
  ["UEFI alone", { bios: undefined }],
] as const)("%s", (name, changes) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await bothOf(name.replaceAll(" ", "-"), layoutWith(changes));
  });

  test.each([
    ["-report_el_torito", "as_mkisofs"],
    ["-report_el_torito", "plain"],
    ["-report_system_area", "plain"],
  ])("xorriso %s %s", (what, how) => {
    const args = [what, how];
    const theirs = report(pair.theirs, ...args).filter(
      // The active entry is for a BIOS.
      (line) =>
        name !== "UEFI alone" || !/mbr-force-bootable|^MBR partition +: +2|^System area options/.test(line),
    );
    const ours = report(pair.ours, ...args).filter(
      (line) => name !== "UEFI alone" || !/^System area options/.test(line),
    );
    expect(theirs.length).toBeGreaterThan(5);
    expect(ours).toEqual(theirs);
  });

  test.each([
    ["ISO 9660", []],
    ["Rock Ridge", ["-R"]],
    ["Joliet", ["-J"]],
  ])("isoinfo -l: %s", (_, flags) => {
    const list = (iso: string) =>
      output("isoinfo", "-l", ...flags, "-i", iso)
        .split("\n")
        .map((line) =>
          line
            // The place; and the size of `..`, which xorriso takes from the directory itself.
            .replace(/\[ *\d+ (\d\d)\]/, "[$1]")
            .replace(/ \d+ (\S+ +\d+ +\d+ \[02\] {2}\.\. )$/, " N $1"),
        );
    const theirs = list(pair.theirs);
    expect(theirs.length).toBeGreaterThan(100);
    expect(list(pair.ours)).toEqual(theirs);
  });

  test("descriptors: the same bytes but for places, sizes and the preparer", () => {
    const differences = (sector: number) => {
      const [ours, theirs] = [pair.ours, pair.theirs].map((path) =>
        readFileSync(path).subarray(sector * 2048, (sector + 1) * 2048),
      );
      return [...ours!.entries()].filter(([at, byte]) => byte !== theirs![at]).map(([at]) => at);
    };
    const isPlace = (at: number) =>
      // Volume size, path tables, root directory, preparer.
      (at >= 80 && at < 88) || (at >= 132 && at < 166) || (at >= 446 && at < 574);
    for (const sector of [16, 18, 32, 33])
      expect(differences(sector).filter((at) => !isPlace(at))).toEqual([]);
    expect(differences(17).filter((at) => at < 71 || at >= 75)).toEqual([]);
    expect([differences(19), differences(34)]).toEqual([[], []]);
  });
});
