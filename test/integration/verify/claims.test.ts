/** Where verify says that an ISO boots: never where it does not, and with the reason. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { memorySource } from "../../../internal/files/byte-source.ts";
import { summarizeInitramfs } from "../../../internal/initramfs/summary.ts";
import { judgeIso, notAnIso, type Verdict } from "../../../internal/verify/verdict.ts";
import { tinyPrograms } from "../../helpers/boot/boot-programs.ts";
import { claimTexts } from "../../helpers/claim-texts.ts";
import { type CpioEntry, liveFiles, newc } from "../../helpers/cpio.ts";
import { efiProgram } from "../../helpers/efi-program.ts";
import { BINARY } from "../../helpers/scene.ts";
import {
  limitedSource,
  MENU,
  makeIso,
  makeTree,
  put,
  readIso,
  run,
  type Tree,
  temporaryFolder,
} from "../../helpers/verify/fixture.ts";

setDefaultTimeout(300_000);

const folder = temporaryFolder("verify-claims");
afterAll(() => rmSync(folder, { recursive: true }));
const base = soundTree();

/** The contract's tree, with boot programs that Secure Boot lets start and an initramfs for live media. */
function soundTree(): Tree {
  const made = makeTree(folder);
  const { shim, gcd, mm, kernel } = tinyPrograms();
  const programs = { "EFI/BOOT/BOOTX64.EFI": shim, "EFI/BOOT/grubx64.efi": gcd, "EFI/BOOT/mmx64.efi": mm };
  Object.assign(made.esp, programs);
  put(made.tree, {
    ...programs,
    "images/pxeboot/vmlinuz": kernel,
    "images/pxeboot/initrd.img": newc(liveFiles("6.1.0")),
  });
  return made;
}

async function verdictOf(path: string): Promise<Verdict> {
  return (await judge(readIso(path))).verdict;
}

function judge(bytes: Uint8Array) {
  const { signal } = new AbortController();
  return judgeIso(limitedSource(bytes), {
    summarize: (input) => summarizeInitramfs(input, { signal }),
  });
}

async function linesOf(path: string): Promise<string[]> {
  const verdict = await verdictOf(path);
  return "boots" in verdict ? [verdict.kind, ...claimTexts(verdict.boots)] : [verdict.kind];
}

const YES = ["BIOS: yes", "UEFI: yes", "Secure Boot: yes"];
const nowhere = (reason: string) => [
  "boots-nowhere",
  `BIOS: no: ${reason}`,
  `UEFI: no: ${reason}`,
  `Secure Boot: no: ${reason}`,
];

const setMenu = (own: Tree, text: string) => {
  for (const path of ["boot/grub2/grub.cfg", "EFI/BOOT/grub.cfg"]) writeFileSync(join(own.tree, path), text);
  own.esp["EFI/BOOT/grub.cfg"] = Buffer.from(text);
};
const setKernel = (own: Tree, bytes: Uint8Array) =>
  writeFileSync(join(own.tree, "images/pxeboot/vmlinuz"), bytes);
const setInitramfs = (own: Tree, files: readonly CpioEntry[]) =>
  writeFileSync(join(own.tree, "images/pxeboot/initrd.img"), newc(files));
const OTHER = MENU.replace("CDLABEL=TEST-LABEL", "CDLABEL=OTHER");
const withoutLive = liveFiles("6.1.0")
  .filter(({ name }) => !name.includes("dmsquash"))
  .map((file) => (file.name.endsWith("modules.txt") ? { ...file, content: "systemd\nbase\n" } : file));
const secondEntry = (label: string) =>
  MENU + MENU.slice(MENU.indexOf("menuentry")).replace("CDLABEL=TEST-LABEL", `CDLABEL=${label}`);

describe("the claims follow from what is on the ISO", () => {
  const cases: [string, (own: Tree) => void, string[]][] = [
    ["a sound one boots in all ways", () => undefined, ["boots", ...YES]],
    [
      "a kernel without a signature",
      (own) => setKernel(own, efiProgram({ content: "x".repeat(900), linux: "x86" })),
      ["boots", ...YES.slice(0, 2), "Secure Boot: no: the kernel is not signed (F_KERNEL_UNSIGNED)"],
    ],
    [
      "a kernel packed with gzip",
      (own) => setKernel(own, gzipSync(tinyPrograms().kernel)),
      ["boots", ...YES.slice(0, 2), "Secure Boot: no: the kernel is compressed with gzip (F_KERNEL_GZIP)"],
    ],
    [
      "a kernel file without a kernel",
      (own) => setKernel(own, Buffer.from("no kernel".repeat(900))),
      nowhere("the kernel file does not hold a kernel (F_KERNEL_FORMAT)"),
    ],
    [
      "a label that no entry matches",
      (own) => setMenu(own, OTHER),
      nowhere("a kernel argument looks for another label than the ISO's (F_MENU_LABEL_MISMATCH)"),
    ],
    [
      "a label that one of two entries matches",
      (own) => setMenu(own, secondEntry("OTHER")),
      [
        "boots",
        ...YES.map(
          (line) =>
            `${line}, but not with every menu entry: a kernel argument looks for another label than the ISO's (F_MENU_LABEL_MISMATCH)`,
        ),
      ],
    ],
    [
      "no argument that names a root file system",
      (own) => setMenu(own, MENU.replace("root=live:CDLABEL=TEST-LABEL rd.live.image ", "")),
      nowhere("a menu entry does not name a root file system (F_MENU_NO_ROOT)"),
    ],
    [
      "an initramfs without live support",
      (own) => setInitramfs(own, withoutLive),
      nowhere("a kernel argument needs a program that the initramfs does not have (F_INITRAMFS_ARGUMENT)"),
    ],
    [
      "an initramfs with an init of its own",
      (own) => setInitramfs(own, [{ name: "init", content: "#!/bin/sh\n", mode: 0o100755 }]),
      [
        "boots",
        ...YES.map((line) => `${line}, but the initramfs has an \`init\` of its own (F_INITRAMFS_OWN_INIT)`),
      ],
    ],
    [
      "an initramfs that is damaged",
      (own) => writeFileSync(join(own.tree, "images/pxeboot/initrd.img"), "x".repeat(5000)),
      nowhere("the initramfs is damaged, or has a format that no kernel reads (F_INITRAMFS_UNREADABLE)"),
    ],
    [
      "a menu that names a kernel which is not there",
      (own) => setMenu(own, MENU.replace("/vmlinuz ", "/vmlinux ")),
      nowhere("/images/pxeboot/vmlinux, which the menu names, is missing (menu-file)"),
    ],
    [
      "a menu for BIOS with another label than that for UEFI",
      (own) => writeFileSync(join(own.tree, "boot/grub2/grub.cfg"), OTHER),
      [
        "boots",
        "BIOS: no: a kernel argument looks for another label than the ISO's (F_MENU_LABEL_MISMATCH)",
        ...YES.slice(1),
      ],
    ],
    [
      "shim without a signature",
      (own) => {
        own.esp["EFI/BOOT/BOOTX64.EFI"] = readFileSync("/usr/lib/shim/shimx64.efi");
      },
      ["boots", "BIOS: yes", "UEFI: yes"],
    ],
    [
      "no GRUB next to shim",
      (own) => void delete own.esp["EFI/BOOT/grubx64.efi"],
      [
        "boots",
        "BIOS: yes",
        "UEFI: no: the program that shim starts is missing (shim-second-stage)",
        "Secure Boot: no: the program that shim starts is missing (shim-second-stage)",
      ],
    ],
    [
      "a root file system that is not a squashfs",
      (own) => writeFileSync(join(own.tree, "LiveOS/squashfs.img"), "x".repeat(100_000)),
      ["boots-nowhere"],
    ],
  ];

  test.each(cases)("%s", async (_, change, lines) => {
    const found = await linesOf(makeIso(base, { change }));
    expect(found.slice(0, lines.length)).toEqual(lines);
  });

  test("shim and a squashfs say which of them it is", async () => {
    const shim = await linesOf(
      makeIso(base, { change: cases.find(([name]) => name.startsWith("shim without"))![1] }),
    );
    expect(shim[3]).toContain("shim is not signed (F_SHIM_UNSIGNED)");
    const root = await linesOf(makeIso(base, { change: cases.at(-1)![1] }));
    expect(root[1]).toContain("(squashfs-magic)");
  });
});

describe("the check of labels and the claims agree", () => {
  const NAMED = "root=live:CDLABEL=TEST-LABEL";
  test.each([
    ["the ISO's label", NAMED, "ok", "boots"],
    ["the label of another ISO", "root=live:CDLABEL=OTHER", "problem", "boots-nowhere"],
    [
      "a variable in quotes, which GRUB does not replace",
      "'root=live:CDLABEL=\x24{isolabel}'",
      "problem",
      "boots-nowhere",
    ],
    ["a variable that GRUB sets", "root=live:CDLABEL=\x24{volid}", "ok", "boots"],
    [
      "only a kickstart file, on another medium",
      "inst.ks=hd:LABEL=OEMDRV:/ks.cfg",
      "problem",
      "boots-nowhere",
    ],
    ["a kickstart file on another medium", `${NAMED} inst.ks=hd:LABEL=OEMDRV:/ks.cfg`, "ok", "boots"],
    ["udev's escapes and a path", "inst.stage2=hd:LABEL=TEST\\\\x2dLABEL:/dir", "ok", "boots-nowhere"],
  ])("%s", async (_, argument, status, kind) => {
    const menu = MENU.replace(`${NAMED} rd.live.image`, () => argument);
    const { report, verdict } = await judge(readIso(makeIso(base, { change: (own) => setMenu(own, menu) })));
    const found: string[] = report.checks
      .filter(({ code }) => code === "menu-label")
      .map(({ status }) => status);
    expect([...found, verdict.kind]).toEqual([status, kind]);
  });
});

describe("firmware", () => {
  const sound = readIso(makeIso(base));

  test("a blank first block: not from a USB stick on BIOS, and not on UEFI without partitions", async () => {
    const bytes = sound.slice();
    bytes.fill(0, 0, 512);
    const { verdict } = await judge(bytes);
    expect("boots" in verdict && claimTexts(verdict.boots)).toEqual([
      "BIOS: yes, but not from a USB stick: the first block has no boot code",
      "UEFI: yes",
      "Secure Boot: yes",
    ]);
  });

  test("without a GPT the EFI system partition on a stick is missing", async () => {
    const bytes = sound.slice();
    bytes.fill(0, 0, 2048);
    const { verdict } = await judge(bytes);
    const reason = "not from a USB stick: no partition is a readable EFI system partition";
    expect("boots" in verdict && claimTexts(verdict.boots).slice(1)).toEqual([
      `UEFI: yes, but ${reason}`,
      `Secure Boot: yes, but ${reason}`,
    ]);
  });

  test("without a boot record it does not boot from a CD", async () => {
    const bytes = sound.slice();
    // The descriptor after the primary one is El Torito's; a second terminator hides it from no reader of trees.
    bytes[17 * 2048 + 7] = 0;
    const { verdict } = await judge(bytes);
    expect("boots" in verdict && claimTexts(verdict.boots)[0]).toBe(
      "BIOS: yes, but not from a CD: the El Torito catalogue has no entry for BIOS",
    );
  });

  test("an ISO of data boots nowhere", async () => {
    const iso = join(folder, "data.iso");
    put(join(folder, "data"), { file: "hi\n" });
    run(["xorrisofs", "-quiet", "-V", "DATA", "-o", iso, join(folder, "data")]);
    const [kind, ...lines] = await linesOf(iso);
    expect(kind).toBe("boots-nowhere");
    expect(lines.every((line) => line.includes(": no: "))).toBe(true);
  });
});

describe("files that are not an ISO, or a part of one", () => {
  test.each([
    ["an empty file", new Uint8Array(), "is an empty file"],
    ["text", Buffer.from("root:x:0:0\n".repeat(20)), "is a text file"],
    ["zeros", new Uint8Array(100_000), "has no ISO 9660 volume descriptor"],
    ["few zeros", new Uint8Array(100), "ends after 100 bytes, before an ISO's first descriptor"],
    ["an ISO in gzip", gzipSync("x"), "is compressed with gzip"],
  ])("%s", async (_, bytes, reason) => {
    expect(await notAnIso(memorySource(bytes))).toEqual({ kind: "not-an-iso", reason });
  });

  test("a damaged first descriptor does not make it something else", async () => {
    const bytes = readIso(makeIso(base));
    bytes[16 * 2048 + 1] = 0;
    expect(await notAnIso(memorySource(bytes))).toBeUndefined();
  });

  test("a download that stopped: how much is missing", async () => {
    const whole = readIso(makeIso(base));
    const { verdict } = await judge(whole.slice(0, whole.length / 2));
    expect(verdict.kind).toBe("incomplete");
    if (verdict.kind === "incomplete")
      expect(verdict.volumeSize - verdict.missing).toBe(Math.floor(whole.length / 2));
  });
});

function platter(...argv: string[]): { code: number; stdout: string; stderr: string } {
  const { exitCode, stdout, stderr } = Bun.spawnSync([BINARY, ...argv], { stdin: "ignore" });
  return { code: exitCode, stdout: stdout.toString(), stderr: stderr.toString() };
}

describe("platter verify", () => {
  const sound = makeIso(base);
  const unsigned = makeIso(base, {
    change: (own) => setKernel(own, efiProgram({ content: "x".repeat(900), linux: "x86" })),
  });
  const wrongLabel = makeIso(base, { change: (own) => setMenu(own, OTHER) });

  test("the verdict comes first", () => {
    const { code, stdout } = platter("verify", sound);
    expect(stdout).toStartWith(
      `✓ ${sound} is complete and boots\n  boots  BIOS ✓   UEFI ✓   Secure Boot ✓\n`,
    );
    expect(stdout).toContain("\n\nok ");
    expect(code).toBe(0);
  });

  test("an ISO that boots nowhere fails, although each of its structures is sound", () => {
    const iso = join(folder, "nothing.iso");
    put(join(folder, "nothing"), { file: "hi\n" });
    run(["xorrisofs", "-quiet", "-V", "DATA", "-o", iso, join(folder, "nothing")]);
    const { code, stdout, stderr } = platter("verify", iso);
    expect(stdout).toStartWith(`! ${iso} boots nowhere\n  boots  BIOS ✗ `);
    expect(stderr).toBe(`error[E_BOOTS_NOWHERE]: \`${iso}\` boots nowhere\n`);
    expect(code).toBe(6);
    expect(platter("verify", wrongLabel).stderr).toStartWith(
      `error[E_BOOTS_NOWHERE]: \`${wrongLabel}\` boots nowhere`,
    );
  });

  test("--require: the ways must be among those in which it boots", () => {
    expect(platter("verify", sound, "--require", "bios,uefi,secure-boot").code).toBe(0);
    expect(platter("verify", unsigned).code).toBe(0);
    expect(platter("verify", unsigned, "--require", "bios, UEFI").code).toBe(0);
    expect(platter("verify", sound, "--require", "constructor").stderr).toContain("[E_REQUIRE]");
    const { code, stderr } = platter("verify", unsigned, "--require", "bios,secure-boot");
    expect(stderr).toBe(
      `error[E_REQUIRED]: \`${unsigned}\` does not boot with Secure Boot\n  Secure Boot: no: the kernel is not signed (F_KERNEL_UNSIGNED)\n`,
    );
    expect(code).toBe(6);
  });

  test.each(["usb", "", "bios,,uefi", "secureboot"])("--require %p is a wrong usage", (ways) => {
    const { code, stderr } = platter("verify", sound, "--require", ways);
    expect(stderr).toContain("hint:  Write any of bios, uefi, secure-boot, separated by commas.");
    expect(code).toBe(2);
  });

  test("a text file, and an incomplete ISO, are one error each", () => {
    const text = join(folder, "text.txt");
    writeFileSync(text, "hello\n");
    expect(platter("verify", text)).toEqual({
      code: 6,
      stdout: "",
      stderr: `error[E_NOT_AN_ISO]: Cannot read \`${text}\` as an ISO: it is a text file\n  hint:  Name the file of an ISO.\n`,
    });
    const half = join(folder, "half.iso");
    cpSync(sound, half);
    truncateSync(half, 2_000_000);
    const { code, stdout, stderr } = platter("verify", half);
    expect(stderr).toMatch(
      /^error\[E_ISO_INCOMPLETE\]: `.*half\.iso` is incomplete: .* of .* are missing \(\d+ %\)\n/,
    );
    expect(stdout).toBe("");
    expect(code).toBe(6);
  });

  test("-q shows nothing but errors, and these say what is wrong", () => {
    expect(platter("verify", "-q", sound)).toEqual({ code: 0, stdout: "", stderr: "" });
    const { stdout, stderr } = platter("-q", "verify", wrongLabel);
    expect(stdout).toBe("");
    expect(stderr).toContain("boots nowhere\n  BIOS: no: ");
    expect(stderr).toContain("[menu-label]");
  });

  test("--json has the same data, also of what is not an ISO", () => {
    const report = JSON.parse(platter("verify", "--json", unsigned).stdout);
    expect(report).toMatchObject({ version: 1, ok: true, verdict: "boots", required: [] });
    expect(report.boots.secureBoot).toEqual({
      boots: false,
      reasons: [{ text: "the kernel is not signed", code: "F_KERNEL_UNSIGNED" }],
    });
    const required = JSON.parse(platter("verify", "--json", unsigned, "--require", "secure-boot").stdout);
    expect(required).toMatchObject({ ok: false, required: ["secureBoot"] });
    const none = JSON.parse(platter("verify", "--json", "/etc/hostname").stdout);
    expect(none).toEqual({
      version: 1,
      ok: false,
      verdict: "not-an-iso",
      reason: "is a text file",
      required: [],
      error: expect.objectContaining({ code: "E_NOT_AN_ISO", kind: "media", exitCode: 6 }),
    });
  });
});

test("claims of damaged ISOs: no error, no reading without end", async () => {
  const iso = readIso(makeIso(base));
  const { report } = await judge(iso);
  const spots = report.structures.map(({ start }) => start);
  const change = fc.record({
    at: fc
      .tuple(fc.constantFrom(...spots), fc.nat(60))
      .map(([offset, more]) => Math.min(iso.length - 1, offset + more)),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
  });
  const survives = async (changes: readonly { at: number; bytes: Uint8Array }[]) => {
    const damaged = iso.slice();
    for (const { at, bytes } of changes) damaged.set(bytes.slice(0, damaged.length - at), at);
    const { verdict } = await judge(damaged);
    expect(["boots", "boots-nowhere", "incomplete"]).toContain(verdict.kind);
  };
  await fc.assert(fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), survives), {
    numRuns: 120,
  });
});
