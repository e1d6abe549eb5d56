/** Every option of every command changes something, or is refused with a reason. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, existsSync, lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createProgram } from "../../../cmd/program.ts";
import { CONFIG, GCD, KVER, ociOf, SHIM, tinyImage } from "../../helpers/images/tiny-image.ts";
import { OPTION_CASES } from "../../helpers/option-cases.ts";
import { expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

const program = createProgram({
  worldFor: () => {
    throw new Error("no command runs here");
  },
  writeOut: () => undefined,
});

/** All options by `COMMAND --long-name`. */
const OPTIONS = [program, ...program.commands].flatMap((command) =>
  command.options.map(({ long }) => `${command === program ? "" : command.name()} ${long}`),
);

/** Says what it was started with, prints a line to the console, and goes on for some seconds. */
const QEMU = `case "$*" in *version*) exec /usr/bin/qemu-system-x86_64 "$@";; esac
echo "start $*" >>OUT/machines; echo UP; sleep 1.5; echo end >>OUT/machines; exit 1`;

let scene: Scene;
beforeAll(async () => {
  scene = new Scene("options");
  // With an init the image lacks nothing.
  const image = tinyImage(scene.at("image"), { with: { "sbin/init": "#!/bin/sh\n" } });
  ociOf(image, scene.at("os"));
  const kernel = readFileSync(`${image}/usr/lib/modules/${KVER}/vmlinuz`);
  const initramfs = readFileSync(`${image}/usr/lib/modules/${KVER}/initramfs.img`);
  const old = "usr/lib/modules/5.4.0-old";
  const other = (path: string) => path.replace("/tiny/", "/other/");
  tinyImage(scene.at("several"), {
    with: {
      [`${old}/vmlinuz`]: kernel,
      [`${old}/initramfs.img`]: initramfs,
      ...Object.fromEntries([SHIM, GCD].map((path) => [other(path), readFileSync(`${image}/${path}`)])),
    },
  });
  scene.write(`over/${CONFIG}`, "label: OVER\n");
  scene.write("new.yaml", "label: CONFIGURED\n");
  scene.write("esp/EFI/BOOT/BOOTX64.EFI", readFileSync(`${image}/${SHIM}`));
  await scene.succeed(["build", "dir:image", "-o", "made.iso"]);
  await scene.succeed(["inspect", "dir:image", "--label", "OTHER", "--work", "other"]);
  copyFileSync(scene.at("other/plan.json"), scene.at("other.json"));
  scene.write("odd.yaml", "lable: MISSPELT\n");
  await scene.succeed(["build", "dir:image", "-o", "uefi.iso", "--no-bios"]);
  scene.fake("mkfs.erofs", 'echo "mkfs.erofs (erofs-utils) 1.8.2"');
  scene.fake("qemu-system-x86_64", QEMU.replaceAll("OUT", scene.out));
  // Some hosts have an emulator for aarch64, which would start, and some do not have the firmware for it.
  scene.fake("qemu-system-aarch64", "echo not here >&2; exit 1");
});
afterAll(() => scene[Symbol.dispose]());

function clear(): void {
  for (const name of readdirSync(scene.out)) rmSync(`${scene.out}/${name}`, { recursive: true });
  for (const name of readdirSync(scene.tmp)) rmSync(`${scene.tmp}/${name}`, { recursive: true });
  copyFileSync(scene.at("made.iso"), scene.at("iso.iso"));
}
beforeEach(clear);

interface Seen {
  code: number | null;
  stdout: string;
  stderr: string;
  files: Record<string, string>;
}

const seen = new Map<string, Seen>();

/** What the same line gave before, or gives now. */
async function observed(line: string, before: readonly string[]): Promise<Seen> {
  const key = [line, ...before].join("\n");
  const found = seen.get(key) ?? (await observe(line, before));
  seen.set(key, found);
  return found;
}

async function observe(line: string, before: readonly string[]): Promise<Seen> {
  clear();
  for (const each of before) await scene.succeed(each.split(" "));
  const { code, stdout, stderr } = await scene.run(line.split(" "));
  return {
    code,
    stdout: plain(stdout),
    stderr: plain(stderr).split("\n").sort().join("\n"),
    files: filesIn(scene.out),
  };
}

/** Without times and the names of temporary files. */
function plain(text: string): string {
  return text.replace(/[\d.]+ m?s\b/g, "TIME").replace(/\.?platter-[\w-]+/g, "TEMPORARY");
}

function filesIn(folder: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = `${folder}/${name}`;
    // Logs and receipts hold times.
    if (!lstatSync(path).isFile() || /(^|\/)(logs|stages)\//.test(name)) continue;
    const bytes = readFileSync(path);
    files[name] = name === "machines" ? plain(bytes.toString()) : Bun.hash(bytes).toString();
  }
  return files;
}

test("every option has a case here", () => {
  expect(OPTIONS.filter((name) => OPTION_CASES[name] === undefined)).toEqual([]);
  expect(OPTIONS.length).toBeGreaterThan(80);
});

describe("an option has an effect", () => {
  test.each(OPTIONS)("%s", async (name) => {
    const about = OPTION_CASES[name]!;
    if ("file" in about) {
      expect(existsSync(about.file)).toBe(true);
      expect(readFileSync(about.file, "utf8")).toContain(about.test);
      return;
    }
    const { base, given, before = [], changes, says = "" } = about;
    const without = await observed(base, before);
    const with_ = await observe(`${base} ${given}`, before);
    expect(`${with_.stdout}${with_.stderr}`).not.toMatch(/unknown option|E_OPTION_UNUSED|E_BUG/);
    expect(with_.stderr).toContain(says);
    if (changes === "files" || changes === "stdout") expect(with_).toMatchObject({ code: 0 });
    expect({ [changes]: with_[changes], by: given }).not.toEqual({ [changes]: without[changes], by: given });
  });
});

describe("an option without an effect is refused", () => {
  const WORK = "build --work work -o out/x.iso";
  const LATER = "build dir:image --work work -o out/x.iso --from assemble";
  const PLAN = [
    "--kernel nope",
    "--vendor nope",
    "--label NEW",
    "--karg x",
    "--config new.yaml",
    "--no-bios",
    "--exclude usr",
    "--no-default-excludes",
    "--strict",
    "--ignore F_MM_MISSING",
    "--payload oci:os",
    "--overlay over",
    "--add new.yaml=/new.yaml",
    "--bootc-installer-payload-ref oci:os",
    "--arch x86_64",
    "--platform linux/amd64",
  ];
  const cases: [string, string][] = [
    ...[WORK, LATER].flatMap((base) => PLAN.map((given): [string, string] => [base, given])),
    ...["--exclude usr", "--payload oci:os", "--strict", "--arch x86_64"].map((given): [string, string] => [
      "squash --work work",
      given,
    ]),
    ["squash dir:image -o out/x.img", "--kernel 1"],
    ["bios-image --work work", "--arch x86_64"],
    ["bios-image --modules image -o out/x.img", "--arch x86_64"],
    ["efi-image --work work", "--label NEW"],
    ["efi-image --efi-dir esp -o out/x.img", "--label NEW"],
    ["render-grub --work work", "--label NEW"],
    ["render-grub --label NEW", "--kernel 1"],
    ["render-grub --label NEW", "--no-bios"],
    ["render-grub dir:image", "--os-release image/etc/os-release"],
    ["render-grub --work work", "--os-release image/etc/os-release"],
    ["render-grub dir:image -o out", "--firmware bios"],
    ["build dir:image -o out/x.iso", "--cache-size 5G"],
    ["squash dir:image -o out/x.img", "--cache-size 5G"],
    ["build dir:image -o out/x.iso", "--force"],
    ["build dir:image --work work --to render-grub", "--compression none"],
    ["build dir:image --work work --to render-grub", "--rootfs erofs"],
    ["build dir:image --work work --to render-grub", "--cache cache"],
    ["build dir:image --work work --to squash", "--strict-gpt"],
    ["build dir:image --work work --to squash", "-o out/x.iso"],
    ["build dir:image --work work --to squash", "--checksum"],
    ["build dir:image --work work --to squash", "--report -"],
    ["build --work work --from implant -o out/x.iso", "--strict-gpt"],
    ["build --work work --from assemble -o out/x.iso", "--compression none"],
    ["implant iso.iso --check", "--force"],
    ["render-grub dir:image --json", "--firmware bios"],
    ["render-grub dir:image -o -", "--json"],
    ["build dir:image -o -", "--json"],
    ["build dir:image -o out/x.iso --report -", "--json"],
    ["squash dir:image -o -", "--json"],
    ["bios-image dir:image -o -", "--json"],
    ["efi-image dir:image -o -", "--json"],
    ["assemble --work work -o -", "--json"],
  ];
  beforeAll(async () => {
    await scene.succeed(["build", "dir:image", "--work", "work", "--to", "efi-image"]);
  });

  test.each(cases)("%s: %s", async (base, given) => {
    const [name] = given.replace(/^-o /, "--output ").split(" ");
    await expectRefusal(scene, await scene.run(`${base} ${given}`.split(" ")), {
      exit: 2,
      code: "E_OPTION_UNUSED",
      says: [`\`${name}\``],
      hint: [""],
    });
  });

  test.each([
    ["bios-image dir:image --modules image -o out/x.img", "IMAGE"],
    ["efi-image dir:image --efi-dir esp -o out/x.img", "IMAGE"],
    ["build oci:os --work work --from assemble -o out/x.iso", "/image`"],
  ])("an image that would be ignored: %s", async (line, says) => {
    await expectRefusal(scene, await scene.run(line.split(" ")), {
      exit: 2,
      code: "E_OPTION_UNUSED",
      says: [says],
    });
  });

  test("the image of the plan may be named again with --from", async () => {
    await scene.succeed(["build", "image", "--work", "work", "--from", "assemble", "-o", "out/x.iso"]);
  });

  test.each(["inspect", "squash", "efi-image"])("build --to %s, and nothing is kept", async (stage) => {
    await expectRefusal(scene, await scene.run(["build", "dir:image", "--to", stage]), {
      exit: 2,
      code: "E_NO_WORK",
      says: [`--to ${stage}`],
      hint: ["--work"],
    });
  });
});
