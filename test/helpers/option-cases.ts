/** A run with and without an option. The two must differ in their exit code, their output or the files they write. */
export interface OptionCase {
  /** The command line without the option. */
  base: string;
  /** The option, with its value. */
  given: string;
  /** Commands that run before each of the two. */
  before?: readonly string[];
  /** What differs. `stderr` counts without times. */
  changes: "code" | "stdout" | "stderr" | "files";
  /** What standard error holds with the option. */
  says?: string;
}

/** A test elsewhere that shows what the option changes. */
export interface ShownBy {
  file: string;
  test: string;
}

const BUILD = "build dir:image -o out/x.iso";
const MENU = "render-grub dir:image";
const ESP = "efi-image dir:image -o out/esp.img";
const SQUASH = "squash dir:image -o out/root.img";
const CORE = "bios-image dir:image -o out/core.img";
const BOOT = "boot iso.iso --until UP --accel tcg";

/** Options that decide the plan; each command that has them is shown with them. */
function planCases(command: string, base: string, changes: "files" | "stdout"): Record<string, OptionCase> {
  const several = base.replace("dir:image", "dir:several");
  return {
    [`${command} --kernel`]: { base: several, given: "--kernel 5.4.0-old", changes },
    [`${command} --vendor`]: { base: several, given: "--vendor other", changes },
    [`${command} --label`]: { base, given: "--label NEW", changes },
    [`${command} --karg`]: { base, given: "--karg nomodeset", changes },
    [`${command} --config`]: { base, given: "--config new.yaml", changes },
    [`${command} --no-bios`]: { base, given: "--no-bios", changes },
    ...rootCases(command, base, changes),
    [`${command} --strict`]: { base: `${base} --config odd.yaml`, given: "--strict", changes: "code" },
  };
}

/** The label is misspelt in the file; `--strict` refuses it until the finding is ignored. */
function ignoreCase(command: string, base: string): Record<string, OptionCase> {
  const given = "--ignore F_ISO_YAML_UNKNOWN_KEY";
  return { [`${command} --ignore`]: { base: `${base} --config odd.yaml --strict`, given, changes: "code" } };
}

/** The image does not have a policy. */
function selinuxCase(command: string, base: string): Record<string, OptionCase> {
  return { [`${command} --selinux`]: { base, given: "--selinux require", changes: "code" } };
}

/** A file of the host on the ISO. */
function addedCases(command: string, base: string, changes: "files" | "stdout"): Record<string, OptionCase> {
  return { [`${command} --add`]: { base, given: "--add new.yaml=/new.yaml", changes } };
}

/** Takes blocks from an ISO that was made of the same image. */
function reuseCase(command: string, base: string): Record<string, OptionCase> {
  return { [`${command} --reuse`]: { base, given: "--reuse made.iso", changes: "stderr" } };
}

function rootCases(command: string, base: string, changes: "files" | "stdout"): Record<string, OptionCase> {
  return {
    [`${command} --overlay`]: { base, given: "--overlay over", changes },
    [`${command} --exclude`]: { base, given: "--exclude usr/share/doc", changes },
    [`${command} --no-default-excludes`]: { base, given: "--no-default-excludes", changes },
  };
}

/** Options for payloads, the work folder and the architecture. */
function imageCases(command: string, base: string): Record<string, OptionCase | ShownBy> {
  return {
    [`${command} --work`]: { base, given: "--work out/work", changes: "files" },
    ...architectureCases(command, base),
  };
}

/** The image is for the host's architecture only. */
function architectureCases(command: string, base: string): Record<string, OptionCase | ShownBy> {
  return {
    [`${command} --arch`]: {
      base: base.replace("dir:image", "oci:os"),
      given: "--arch aarch64",
      changes: "code",
    },
    [`${command} --platform`]: {
      base: base.replace("dir:image", "oci:os"),
      given: "--platform linux/arm64",
      changes: "code",
    },
    ...pullCase(command),
  };
}

function pullCase(command: string): Record<string, ShownBy> {
  return {
    [`${command} --pull`]: {
      file: "test/integration/image/source/fetched-image.test.ts",
      test: `"${command}"`,
    },
  };
}

function payloadCases(
  command: string,
  base: string,
  changes: "files" | "stdout",
): Record<string, OptionCase> {
  return {
    [`${command} --payload`]: { base, given: "--payload oci:os", changes },
    [`${command} --bootc-installer-payload-ref`]: {
      base,
      given: "--bootc-installer-payload-ref oci:os",
      changes,
    },
  };
}

function squashCases(command: string, base: string): Record<string, OptionCase | ShownBy> {
  return {
    [`${command} --rootfs`]: { file: "test/integration/rootfs/rootfs.test.ts", test: "erofs" },
    [`${command} --compression`]: { base, given: "--compression none", changes: "files" },
  };
}

function cacheCases(command: string, base: string): Record<string, OptionCase> {
  const cached = `${base} --cache out/cache`;
  return {
    [`${command} --cache`]: { base, given: "--cache out/cache", changes: "files" },
    [`${command} --cache-size`]: { base: cached, given: "--cache-size 0", changes: "files" },
  };
}

/** Each option of each command, by `COMMAND --long-name`. */
export const OPTION_CASES: Readonly<Record<string, OptionCase | ShownBy>> = {
  " --verbose": { file: "test/integration/cmd/progress.test.ts", test: "--verbose: every call of a tool" },
  " --quiet": { base: BUILD, given: "--quiet", changes: "stderr" },
  " --color": { base: BUILD, given: "--color always", changes: "stderr" },
  " --progress": { base: BUILD, given: "--progress none", changes: "stderr" },
  " --version": { base: "inspect dir:image", given: "--version", changes: "stdout" },
  ...planCases("build", BUILD, "files"),
  ...ignoreCase("build", BUILD),
  ...selinuxCase("build", BUILD),
  ...selinuxCase("inspect", "inspect dir:image"),
  "render-grub --selinux": { base: `${MENU} --work out/work`, given: "--selinux keep", changes: "files" },
  ...selinuxCase("squash", SQUASH),
  "efi-image --selinux": { base: `${ESP} --work out/work`, given: "--selinux keep", changes: "files" },
  ...reuseCase("build", BUILD),
  ...reuseCase("squash", SQUASH),
  ...cacheCases("squash", SQUASH),
  "cache --prune": {
    before: [`${BUILD} --cache out/cache`],
    base: "cache out/cache",
    given: "--prune 0",
    changes: "stdout",
  },
  ...payloadCases("build", BUILD, "files"),
  ...addedCases("build", BUILD, "files"),
  ...addedCases("inspect", "inspect dir:image", "stdout"),
  ...imageCases("build", BUILD),
  ...squashCases("build", BUILD),
  "build --output": { base: "build dir:image", given: "-o out/x.iso", changes: "files" },
  "build --from": {
    before: ["build dir:image --work out/work -o out/x.iso"],
    base: "build --work out/work -o out/y.iso",
    given: "--from assemble",
    changes: "stderr",
  },
  "build --to": { base: "build dir:image --work out/work", given: "--to render-grub", changes: "files" },
  "build --force": {
    before: [`${BUILD} --work out/work`],
    base: `${BUILD} --work out/work`,
    given: "--force",
    changes: "stderr",
  },
  "build --strict-gpt": { base: BUILD, given: "--strict-gpt", changes: "files" },
  ...cacheCases("build", BUILD),
  "build --checksum": { base: BUILD, given: "--checksum", changes: "files" },
  "build --report": { base: BUILD, given: "--report -", changes: "stdout" },
  ...planCases("inspect", "inspect dir:image --json", "stdout"),
  ...ignoreCase("inspect", "inspect dir:image --json"),
  ...payloadCases("inspect", "inspect dir:image", "stdout"),
  ...imageCases("inspect", "inspect dir:image"),
  ...architectureCases("containerfile", "containerfile oci:os"),
  "containerfile --json": { base: "containerfile oci:os", given: "--json", changes: "stdout" },
  "containerfile --output": { base: "containerfile oci:os", given: "-o out/Containerfile", changes: "files" },
  "inspect --json": { base: "inspect dir:image", given: "--json", changes: "stdout" },
  ...planCases("render-grub", MENU, "stdout"),
  ...imageCases("render-grub", MENU),
  "render-grub --firmware": { base: MENU, given: "--firmware bios", changes: "stdout" },
  "render-grub --os-release": {
    base: "render-grub --label NEW",
    given: "--os-release image/etc/os-release",
    changes: "stdout",
  },
  "render-grub --output": { base: MENU, given: "-o out", changes: "files" },
  ...rootCases("squash", SQUASH, "files"),
  ...payloadCases("squash", SQUASH, "files"),
  ...imageCases("squash", SQUASH),
  ...squashCases("squash", SQUASH),
  "squash --output": { base: "squash dir:image --work out/work", given: "-o out/x.img", changes: "files" },
  "squash --kernel": {
    base: "squash dir:several -o out/root.img --rootfs erofs --compression lz4",
    given: "--kernel 5.4.0-old",
    changes: "code",
    says: "[E_EROFS_KERNEL]",
  },
  "squash --strict": { base: `${SQUASH} --exclude nothing`, given: "--strict", changes: "code" },
  ...imageCases("bios-image", CORE),
  "bios-image --output": {
    base: "bios-image dir:image --work out/work",
    given: "-o out/x.img",
    changes: "files",
  },
  "bios-image --modules": {
    base: "bios-image -o out/x.img",
    given: "--modules image/usr/lib/grub/i386-pc",
    changes: "files",
  },
  ...planCases("efi-image", ESP, "files"),
  ...imageCases("efi-image", ESP),
  "efi-image --output": {
    base: "efi-image dir:image --work out/work",
    given: "-o out/x.img",
    changes: "files",
  },
  "efi-image --efi-dir": { base: "efi-image -o out/x.img", given: "--efi-dir esp", changes: "files" },
  "assemble --output": {
    before: ["build dir:image --work out/work --to efi-image"],
    base: "assemble --work out/work",
    given: "-o out/x.iso",
    changes: "files",
  },
  "assemble --work": {
    before: ["build dir:image --work out/work --to efi-image"],
    base: "assemble -o out/x.iso",
    given: "--work out/work",
    changes: "files",
  },
  "assemble --strict-gpt": {
    before: ["build dir:image --work out/work --to efi-image"],
    base: "assemble --work out/work -o out/x.iso",
    given: "--strict-gpt",
    changes: "files",
  },
  "implant --force": { base: "implant iso.iso", given: "--force", changes: "code" },
  "implant --check": { base: "implant iso.iso", given: "--check", changes: "code" },
  "verify --against": { base: "verify iso.iso", given: "--against other.json", changes: "code" },
  "verify --json": { base: "verify iso.iso", given: "--json", changes: "stdout" },
  "verify --require": { base: "verify uefi.iso", given: "--require bios", changes: "code" },
  "sizes --top": { base: "sizes iso.iso", given: "--top 2", changes: "stdout" },
  "sizes --html": { base: "sizes iso.iso", given: "--html out/sizes.html", changes: "files" },
  "sizes --json": { base: "sizes iso.iso", given: "--json", changes: "stdout" },
  "sizes --image": { base: "sizes iso.iso", given: "--image oci:os", changes: "stdout" },
  "sizes --arch": { base: "sizes oci:os", given: "--arch aarch64", changes: "code" },
  ...pullCase("sizes"),
  "sizes --platform": { base: "sizes oci:os", given: "--platform linux/arm64", changes: "code" },
  "sizes --cache": { base: "sizes oci:os", given: "--cache out/cache", changes: "files" },
  "sizes --cache-size": {
    base: "sizes oci:os --cache out/cache",
    given: "--cache-size 1K",
    changes: "files",
  },
  "doctor --json": { base: "doctor", given: "--json", changes: "stdout" },
  "explain --json": { base: "explain E_START", given: "--json", changes: "stdout" },
  "build --json": { base: BUILD, given: "--json", changes: "stdout" },
  "squash --json": { base: SQUASH, given: "--json", changes: "stdout" },
  "bios-image --json": { base: CORE, given: "--json", changes: "stdout" },
  "efi-image --json": { base: ESP, given: "--json", changes: "stdout" },
  "render-grub --json": { base: MENU, given: "--json", changes: "stdout" },
  "assemble --json": {
    before: ["build dir:image --work out/work --to efi-image"],
    base: "assemble --work out/work -o out/x.iso",
    given: "--json",
    changes: "stdout",
  },
  "implant --json": { base: "implant iso.iso --force", given: "--json", changes: "stdout" },
  "cache --json": {
    before: [`${BUILD} --cache out/cache`],
    base: "cache out/cache",
    given: "--json",
    changes: "stdout",
  },
  "version --json": { base: "version", given: "--json", changes: "stdout" },
  "boot --firmware": { base: BOOT, given: "--firmware bios", changes: "files" },
  "boot --media": { base: BOOT, given: "--media usb", changes: "files" },
  "boot --all": { base: BOOT, given: "--all", changes: "files" },
  "boot --until": { base: "boot iso.iso --accel tcg", given: "--until UP", changes: "code" },
  "boot --timeout": {
    base: "boot iso.iso --until NEVER --accel tcg",
    given: "--timeout 1",
    changes: "stderr",
  },
  "boot --memory": { base: BOOT, given: "--memory 4096", changes: "files" },
  "boot --cpus": { base: BOOT, given: "--cpus 2", changes: "files" },
  "boot --jobs": { base: `${BOOT} --all --jobs 1`, given: "--jobs 6", changes: "files" },
  "boot --accel": { base: "boot iso.iso --until UP --accel kvm", given: "--accel tcg", changes: "files" },
  "boot --network": { base: BOOT, given: "--network", changes: "files" },
  "boot --arch": { base: BOOT, given: "--arch aarch64", changes: "stderr", says: "aarch64" },
  "boot --no-menu": { file: "test/unit/boot/run.test.ts", test: "menu" },
  "boot --keep": { base: BOOT, given: "--keep out/kept", changes: "files" },
  "boot --junit": { base: BOOT, given: "--junit out/report.xml", changes: "files" },
  "boot --html": { base: BOOT, given: "--html out/report.html", changes: "files" },
  "boot --json": { base: BOOT, given: "--json", changes: "stdout" },
  "boot --interactive": { file: "test/integration/cmd/options-walk.test.ts", test: '"--interactive": async' },
};
