/** What the reader says of ISOs as people make them: sound ones by several tools, and ones that will not boot. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { memorySource, openFileSource } from "../../../internal/files/byte-source.ts";
import { grubSyntaxProblems } from "../../../internal/grub/script.ts";
import { implantIsoMd5 } from "../../../internal/isomd5/file.ts";
import { verifyIso } from "../../../internal/verify/verify.ts";
import type { Check, CheckCode, VerifyReport } from "../../../internal/verify/verify-report.ts";
import {
  expectedOf,
  LABEL,
  MENU,
  makeIso,
  makeTree,
  noise,
  put,
  readIso,
  run,
  type Tree,
  temporaryFolder,
} from "../../helpers/verify/fixture.ts";

// The machine that runs this may be busy.
setDefaultTimeout(300_000);

const folder = temporaryFolder("verify");
afterAll(() => rmSync(folder, { recursive: true }));
const tree = makeTree(folder);

async function verify(path: string): Promise<VerifyReport> {
  await using source = await openFileSource(path);
  return await verifyIso(source);
}

function checkOf(report: VerifyReport, code: CheckCode): Check {
  return report.checks.find((check) => check.code === code)!;
}

/** Which checks report problems, and which. */
function problemsOf(report: VerifyReport): Record<string, string[]> {
  const found = report.checks.filter((check) => check.status === "problem");
  return Object.fromEntries(
    found.map((check) => [check.code, [...new Set(check.problems.map((problem) => problem.code))]]),
  );
}

const replaceIn = (own: Tree, path: string, change: (text: string) => string) => {
  writeFileSync(join(own.tree, path), change(readFileSync(join(own.tree, path), "utf8")));
};

test("an ISO of the contract, with its plan and its checksum", async () => {
  const iso = makeIso(tree);
  await implantIsoMd5(iso, { present: "keep" });
  await using source = await openFileSource(iso);
  const seen: number[] = [];
  const report = await verifyIso(source, {
    expected: expectedOf(tree),
    onProgress: (done, total) => seen.push(done / total),
  });
  expect(problemsOf(report)).toEqual({});
  expect(report.checks.every((check) => check.status === "ok")).toBe(true);
  expect(report.checks.map((check) => check.code)).toHaveLength(17);
  expect(report.volumeId).toBe(LABEL);
  expect(checkOf(report, "el-torito").detail).toBe("boots on bios, uefi");
  expect(checkOf(report, "checksum").detail).toContain("20 of 20 fragments");
  expect(checkOf(report, "squashfs").detail).toContain("zstd");
  expect(seen.at(-1)).toBe(1);
});

describe("ISOs by other tools have no problems", () => {
  test("grub-mkrescue", async () => {
    const root = join(folder, "rescue");
    put(root, { "boot/grub/grub.cfg": "menuentry x { linux /vmlinuz }\n", vmlinuz: noise(1000) });
    const iso = join(folder, "rescue.iso");
    run(["grub-mkrescue", "-o", iso, root]);
    const report = await verify(iso);
    expect(problemsOf(report)).toEqual({});
    expect(checkOf(report, "el-torito").detail).toBe("boots on bios, uefi");
    expect(checkOf(report, "efi-programs").status).toBe("ok");
    expect(checkOf(report, "grub-menus").status).toBe("ok");
    expect(checkOf(report, "gpt").status).toBe("ok");
  });

  const isolinux = join(folder, "isolinux");
  put(isolinux, {
    "isolinux/isolinux.bin": readFileSync("/usr/lib/ISOLINUX/isolinux.bin"),
    "isolinux/isolinux.cfg": "default x\nlabel x\n kernel /vmlinuz\n",
    vmlinuz: noise(5000),
    "a name that is longer than sixty-four characters, as names of packages sometimes are.deb": "x",
    "Grüße: 100%?": "y",
  });
  const boot = [
    "-b",
    "isolinux/isolinux.bin",
    "-c",
    "isolinux/boot.cat",
    "-no-emul-boot",
    "-boot-load-size",
    "4",
  ];

  test.each([
    [
      "xorrisofs with isolinux and its MBR",
      ["xorrisofs", "-isohybrid-mbr", "/usr/lib/ISOLINUX/isohdpfx.bin"],
      "ok",
    ],
    ["genisoimage with isolinux", ["genisoimage"], "absent"],
  ])("%s", async (name, command, mbr) => {
    const iso = join(folder, `${command[0]}.iso`);
    run([...command, "-quiet", "-r", "-J", "-o", iso, ...boot, "-boot-info-table", isolinux]);
    const report = await verify(iso);
    expect(problemsOf(report)).toEqual({});
    expect(checkOf(report, "bios-image").detail).toContain("isolinux");
    expect(checkOf(report, "mbr").status).toBe(mbr as "ok");
    expect(checkOf(report, "esp").status).toBe("absent");
    expect(name).toContain(command[0]!);
  });

  test("deep folders, which genisoimage moves, and links", async () => {
    const deep = join(folder, "deep");
    put(deep, { "a/b/c/d/e/f/g/h/i/j/k/file": "x", "other/file": "y" });
    run(["ln", "-s", "../other/./file", join(deep, "a/link")]);
    run(["mkfifo", join(deep, "a/pipe")]);
    for (const options of [["-R", "-J"], ["-R"], ["-J"], [], ["-R", "-J", "-iso-level", "4"]]) {
      const iso = join(folder, "deep.iso");
      run(["genisoimage", "-quiet", ...options, ...(options.includes("-R") ? [] : ["-D"]), "-o", iso, deep]);
      expect(problemsOf(await verify(iso))).toEqual({});
    }
  });
});

describe("problems that would keep an ISO from booting are reported", () => {
  const cases: [string, Record<string, string[]>, Parameters<typeof makeIso>[1] & object, string][] = [
    [
      "another label than the menu's",
      { "menu-label": ["menu-label"] },
      { label: "OTHER" },
      "wants the label `TEST-LABEL`, the ISO's is `OTHER`",
    ],
    [
      "a menu that names a file that is not there",
      { "grub-menus": ["menu-file"] },
      {
        change: (own) =>
          replaceIn(own, "boot/grub2/grub.cfg", (text) => text.replace("initrd.img", "initramfs.img")),
      },
      "/boot/grub2/grub.cfg, line 11: `initrd` names /images/pxeboot/initramfs.img",
    ],
    [
      "a menu that GRUB refuses",
      { "grub-menus": ["menu-syntax"] },
      { change: (own) => replaceIn(own, "boot/grub2/grub.cfg", (text) => `${text}true || false\n`) },
      "/boot/grub2/grub.cfg, line 13 has `|`, which GRUB lacks",
    ],
    [
      "a label argument with another label in one menu only",
      { "menu-label": ["menu-label"] },
      {
        change: (own) => replaceIn(own, "boot/grub2/grub.cfg", (text) => text.replace("=TEST-LABEL", "=OLD")),
      },
      "/boot/grub2/grub.cfg, line 10: `root=live:CDLABEL=OLD`",
    ],
    [
      "no boot program in the EFI system partition",
      { esp: ["esp-no-program"] },
      { change: (own) => delete own.esp["EFI/BOOT/BOOTX64.EFI"] },
      "has no EFI/BOOT/BOOT*.EFI",
    ],
    [
      "shim without the program that it starts",
      { "efi-programs": ["shim-second-stage"] },
      { change: (own) => delete own.esp["EFI/BOOT/grubx64.efi"] },
      "/EFI/BOOT/grubx64.efi, which it starts, is missing",
    ],
    [
      "a file that is not a boot program",
      { "efi-programs": ["pe", "efi-twin"] },
      {
        change: (own) => {
          own.esp["EFI/BOOT/BOOTX64.EFI"] = Buffer.from("#!/bin/sh\n".padEnd(5000));
        },
      },
      "does not begin with MZ",
    ],
    [
      "a boot program for another machine",
      { "efi-programs": ["efi-machine"] },
      {
        change: (own) => {
          own.esp["EFI/BOOT/BOOTAA64.EFI"] = own.esp["EFI/BOOT/grubx64.efi"]!;
        },
      },
      "/EFI/BOOT/BOOTAA64.EFI is a program for X64",
    ],
    [
      "a boot program that is cut off",
      { "efi-programs": ["pe", "efi-twin"] },
      {
        change: (own) => {
          own.esp["EFI/BOOT/grubx64.efi"] = own.esp["EFI/BOOT/grubx64.efi"]!.slice(0, 900_000);
        },
      },
      "is cut off within",
    ],
    [
      "a squashfs that is cut off",
      { squashfs: ["squashfs-cut-off"] },
      {
        change: (own) => {
          const path = join(own.tree, "LiveOS/squashfs.img");
          writeFileSync(path, readFileSync(path).subarray(0, -8192));
        },
      },
      "but its file only",
    ],
    [
      "a file that is not a squashfs instead of it",
      { squashfs: ["squashfs-magic"] },
      { change: (own) => writeFileSync(join(own.tree, "LiveOS/squashfs.img"), noise(100_000)) },
      "wrong magic",
    ],
  ];

  test.each(cases)("%s", async (_, problems, options, detail) => {
    const report = await verify(makeIso(tree, options));
    expect(problemsOf(report)).toEqual(problems);
    expect(report.ok).toBe(false);
    const details = report.checks
      .flatMap((check) => check.problems.map((problem) => problem.detail))
      .join("\n");
    expect(details).toContain(detail);
  });
});

test("an EFI system partition with the ISO's label is a warning, since upstream's ISOs boot with it", async () => {
  const report = await verify(makeIso(tree, { espLabel: LABEL }));
  const { status, problems } = checkOf(report, "menu-label");
  expect(status).toBe("warning");
  expect(problems.map(({ code, detail }) => [code, detail])).toEqual([
    [
      "esp-label",
      "the EFI system partition has the ISO's own label, so that a search by label may find it instead of the ISO",
    ],
  ]);
  expect(report.ok).toBe(true);
});

test("what is said of a menu's syntax is what GRUB's own checker says", () => {
  const scripts = [
    MENU,
    "a || b\n",
    "a && b\n",
    "a | b\n",
    "menuentry x {\n",
    "}\n",
    "echo 'x\n",
    'echo "x\n',
    "a; b\n",
  ];
  const verdicts = scripts.map((script, index) => {
    const path = join(folder, `${index}.cfg`);
    writeFileSync(path, script);
    return Bun.spawnSync(["grub-script-check", path]).exitCode === 0;
  });
  expect(verdicts.filter((verdict) => verdict)).toHaveLength(2);
  expect(scripts.map((script) => grubSyntaxProblems(script).length === 0)).toEqual(verdicts);
});

describe("against a plan", () => {
  const iso = readIso(makeIso(tree));
  const expected = expectedOf(tree);
  const verifyAgainst = (plan: typeof expected) => verifyIso(memorySource(iso), { expected: plan });

  test("another label", async () => {
    const report = await verifyAgainst({ ...expected, label: "PLANNED" });
    expect(problemsOf(report)).toEqual({ "expected-label": ["expected-label"] });
  });

  test("a missing, a longer and a changed file, in the ISO and in the EFI system partition", async () => {
    const [first] = expected.files;
    const report = await verifyAgainst({
      files: [
        { ...first!, isoPath: "/images/pxeboot/none" },
        { ...first!, size: first!.size + 1 },
        { ...first!, sha256: "0".repeat(64) },
      ],
      espFiles: [
        { ...first!, isoPath: "/EFI/BOOT/none" },
        { ...expected.espFiles![0]!, sha256: "0".repeat(64) },
      ],
    });
    expect(problemsOf(report)).toEqual({ "expected-files": ["expected-file"] });
    expect(checkOf(report, "expected-files").problems.map((problem) => problem.detail)).toEqual([
      "/images/pxeboot/none is missing",
      "/images/pxeboot/vmlinuz has 300000 bytes, planned were 300001",
      "/images/pxeboot/vmlinuz is not the planned one",
      "/EFI/BOOT/none of the EFI system partition is missing",
      "/EFI/BOOT/grub.cfg of the EFI system partition is not the planned one",
    ]);
  });

  test("an interrupted run says so", async () => {
    const signal = AbortSignal.abort();
    const stopped = verifyIso(memorySource(iso), { expected, signal });
    expect(await stopped.catch((error: { code: string }) => error.code)).toBe("E_INTERRUPTED");
  });
});
