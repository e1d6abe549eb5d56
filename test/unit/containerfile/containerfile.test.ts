/** The Containerfile that adds to an image what it lacks, for images of every distribution that platter knows. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { PlatterError } from "../../../internal/base/error.ts";
import { parseIsoYaml } from "../../../internal/contract/config/iso-yaml.ts";
import { lintContainerfile, parseContainerfile } from "../../helpers/images/containerfile.ts";
import { containerfile, file, MANAGERS, OS_RELEASES } from "../../helpers/images/containerfile-image.ts";
import type { Member } from "../../helpers/images/tar-maker.ts";

async function errorFrom(promise: Promise<unknown>): Promise<PlatterError> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PlatterError);
  return error as PlatterError;
}

/** The lines of the iso.yaml that a Containerfile writes. */
function isoYamlOf(text: string): string {
  const [, words = ""] = /printf '%s\\n' \\\n((?:.*\n)*?) {6}>/.exec(text) ?? [];
  const lines = words.split(" \\\n").map((word) => word.trim().replace(/^'|'$/g, ""));
  return lines.join("\n");
}

/** The packages that a Containerfile installs. */
function packagesIn(text: string): string[] {
  const [, listed = ""] = /install [^\n]*\n((?: {6}.*\n)+)/.exec(text) ?? [];
  return listed.split(/[\s\\]+/).filter((word) => word !== "");
}

const PROGRAMS = ["lib/systemd/systemd-udevd", "sbin/agetty", "bin/login"].map((path) => file(path));
const SYSTEMD: Member[] = [
  file("usr/lib/systemd/systemd"),
  { name: "sbin/init", type: "2", link: "/usr/lib/systemd/systemd" },
  ...PROGRAMS,
];
const EFI = [
  "usr/lib/shim/shimx64.efi.signed",
  "usr/lib/shim/mmx64.efi.signed",
  "usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed",
].map((path) => file(path));
const BIOS = [
  ...["kernel.img", "cdboot.img", "diskboot.img", "lzma_decompress.img", "boot_hybrid.img", "moddep.lst"],
  ...["biosdisk.mod", "iso9660.mod", "part_gpt.mod", "normal.mod"],
].map((name) => file(`usr/lib/grub/i386-pc/${name}`));
const FONT = file("usr/share/grub/unicode.pf2");
const KERNEL = ["vmlinuz", "initramfs.img"].map((name) => file(`usr/lib/modules/6.1/${name}`));
const CONFIG = file("usr/lib/image-builder/bootc/iso.yaml", "label: OS\n");
const WHOLE = [...SYSTEMD, ...EFI, ...BIOS, FONT, ...KERNEL, CONFIG];

test("containerfile: an image that lacks nothing is named, and nothing else", async () => {
  expect(await containerfile(WHOLE)).toBe(
    "# Nothing is missing that platter could add.\n\nFROM registry.example/os:1\n",
  );
});

describe("containerfile: exactly the missing part is added", () => {
  const without = (...gone: readonly Member[]) => [
    ...MANAGERS,
    ...WHOLE.filter((each) => !gone.includes(each)),
  ];
  const packages = async (members: readonly Member[]) => packagesIn(await containerfile(members));

  test.each([
    ["shim", EFI[0]!, ["shim-signed"]],
    ["the MOK manager", EFI[1]!, ["shim-helpers-amd64-signed"]],
    ["GRUB for optical media", EFI[2]!, ["grub-efi-amd64-signed"]],
    ["a module for BIOS", BIOS[0]!, ["grub-pc-bin"]],
    ["the font", FONT, ["grub-common"]],
    ["udev", PROGRAMS[0]!, ["udev"]],
    ["agetty", PROGRAMS[1]!, ["util-linux"]],
    ["login", PROGRAMS[2]!, ["login"]],
    ["the initramfs", KERNEL[1]!, ["dracut", "dracut-live", "zstd"]],
    ["the kernel", KERNEL[0]!, ["linux-image-amd64", "dracut", "dracut-live", "zstd"]],
  ])("%s", async (_, gone, expected) => {
    expect(await packages(without(gone))).toEqual(expected);
  });

  test("iso.yaml", async () => {
    const text = await containerfile(without(CONFIG));
    expect(parseContainerfile(text).map(({ name }) => name)).toEqual(["FROM", "USER", "RUN"]);
    expect(text).toContain(">/usr/lib/image-builder/bootc/iso.yaml");
  });

  test("the place of a kernel whose modules are there", async () => {
    const members = [
      ...without(...KERNEL),
      file("boot/vmlinuz-6.1"),
      file("usr/lib/modules/6.1/modules.dep"),
    ];
    expect(await packages(members)).toEqual(["dracut", "dracut-live", "zstd"]);
  });

  test("an initramfs where dracut is installed", async () => {
    const members = [
      ...without(KERNEL[1]!),
      ...["usr/bin/dracut", "usr/bin/zstd", "usr/lib/dracut/modules.d/90dmsquash-live/x"].map((path) =>
        file(path),
      ),
    ];
    const text = await containerfile(members);
    expect(parseContainerfile(text).map(({ name }) => name)).toEqual(["FROM", "USER", "RUN"]);
    expect(text).toContain("dracut --force");
  });

  test("an init that is not systemd needs no other program", async () => {
    expect(await packages([...without(...SYSTEMD), file("sbin/init")])).toEqual([]);
  });

  test("the folder of root in an image for ostree", async () => {
    const root: Member = { name: "root", type: "2", link: "var/roothome" };
    expect(await containerfile([...without(KERNEL[1]!), root])).toContain(
      'RUN mkdir -p "$(realpath --canonicalize-missing /root)"\n',
    );
  });
});

describe("containerfile: distributions", () => {
  const INSTALL = {
    debian: "apt-get install --yes --no-install-recommends",
    ubuntu: "apt-get install --yes --no-install-recommends",
    fedora: "dnf --assumeyes --setopt=install_weak_deps=False install --allowerasing",
    centos: "dnf --assumeyes --setopt=install_weak_deps=False install --allowerasing",
    arch: "pacman --sync --refresh --sysupgrade --noconfirm --needed",
  };
  const KERNELS = {
    debian: "linux-image-amd64",
    ubuntu: "linux-image-virtual",
    fedora: "kernel",
    centos: "kernel",
    arch: "linux",
  };

  test.each(Object.keys(OS_RELEASES) as (keyof typeof OS_RELEASES)[])("%s", async (name) => {
    const text = await containerfile(MANAGERS, { osRelease: OS_RELEASES[name] });
    expect(text).toContain(`${INSTALL[name]} \\\n      ${KERNELS[name]} \\\n`);
    expect(text).toContain("dracut --force --no-hostonly --zstd --add dmsquash-live --kver");
    expect(lintContainerfile(text)).toEqual([]);
    const { config, findings } = parseIsoYaml(isoYamlOf(text), "iso.yaml");
    expect(findings).toEqual([]);
    expect(config?.kernel_args).toContain(`root=live:CDLABEL=${config?.label}`);
    expect(config?.kernel_args).toContain("console=ttyS0,115200");
    expect(config?.kernel_args?.includes("enforcing=0")).toBe(INSTALL[name].startsWith("dnf"));
  });

  test("Arch Linux gets shim and GRUB from a stage of Debian", async () => {
    const text = await containerfile(MANAGERS, { osRelease: OS_RELEASES.arch });
    expect(text).toContain(
      "COPY --from=0 /usr/lib/grub/x86_64-efi-signed/ /usr/lib/grub/x86_64-efi-signed/\n",
    );
    expect(parseContainerfile(text).map(({ name, text: words }) => `${name} ${words.split(" ")[0]}`)).toEqual(
      [
        "FROM docker.io/library/debian:stable-slim",
        "RUN apt-get",
        "FROM registry.example/os:1",
        "USER root",
        "RUN pacman",
        "COPY --from=0",
        "COPY --from=0",
        "RUN set",
        "RUN :",
        "RUN mkdir",
      ],
    );
  });

  test("aarch64: its packages, its console, no modules for BIOS, and a platform", async () => {
    const text = await containerfile(MANAGERS, { architecture: "arm64" });
    for (const name of ["linux-image-arm64", "grub-efi-arm64-signed", "shim-helpers-arm64-signed"]) {
      expect(text).toContain(`      ${name} \\\n`);
    }
    expect(text).not.toContain("grub-pc-bin");
    expect(text).toContain("console=ttyAMA0,115200");
    const platform = process.arch === "arm64" ? "" : "--platform=linux/arm64 ";
    expect(text).toContain(`\nFROM ${platform}registry.example/os:1\n`);
  });
});

describe("containerfile: it agrees with the examples", () => {
  const EXAMPLES = {
    debian: "debian",
    ubuntu: "ubuntu",
    fedora: "fedora-payload",
    centos: "bluefin-lts",
  } as const;
  const read = (name: string, path: string) =>
    readFileSync(join(import.meta.dir, "../../../examples", name, path), "utf8");

  test.each(Object.entries(EXAMPLES))("%s", async (distribution, example) => {
    const osRelease = OS_RELEASES[distribution as keyof typeof EXAMPLES];
    // Images for bootc have a kernel and systemd.
    const isBase = distribution === "debian" || distribution === "ubuntu";
    const there = isBase ? [] : [KERNEL[0]!, ...SYSTEMD, FONT, file("usr/bin/zstd")];
    const text = await containerfile([...MANAGERS, ...there], { osRelease });
    const theirs = read(example, "Containerfile");
    const setup = read(example, "setup.sh");
    const install = /^.*\binstall(?= )/m.exec(theirs.replaceAll(/--enablerepo=\S+ /g, ""))?.[0];
    expect(text).toContain(install!.replace(/^(?:RUN| &&) /, ""));
    const words = new Set(theirs.split(/\s+/));
    // Dependencies of packages that the examples name.
    const implied = ["util-linux", "grub-common", "shim-helpers-amd64-signed"];
    const packages = packagesIn(text).filter((word) => !implied.includes(word));
    expect(packages.filter((name) => !words.has(name))).toEqual([]);
    const dracut = (from: string) =>
      /(?:DRACUT_NO_XATTR=1 )?dracut --force.* --kver/.exec(from.replaceAll(" \\\n ", ""))?.[0];
    expect(dracut(text)).toBe(dracut(setup)!);
  });
});

describe("containerfile: what it cannot write", () => {
  test.each([
    ["another distribution", "ID=alpine\n", MANAGERS, "does not know the packages of its distribution"],
    ["openSUSE", "ID=opensuse-leap\n", MANAGERS, "does not know the packages of its distribution"],
    ["no os-release", "", MANAGERS, "does not know the packages of its distribution"],
    ["no package manager", OS_RELEASES.fedora, [], "it does not have `dnf` to install packages with"],
  ])("%s", async (_, osRelease, members, reason) => {
    const { code, message, detail } = (await errorFrom(containerfile(members, { osRelease }))).details;
    expect(code).toBe("E_PACKAGES");
    expect(message).toContain(reason);
    expect(detail?.join()).toStartWith(
      "The image lacks a kernel, systemd as init, udev, agetty, login, dracut",
    );
  });

  test("Arch Linux for aarch64: the kernel is named", async () => {
    const error = await errorFrom(
      containerfile(MANAGERS, { osRelease: OS_RELEASES.arch, architecture: "arm64" }),
    );
    expect(error.details).toMatchObject({ code: "E_PACKAGES", detail: ["The image lacks a kernel."] });
  });

  test("findings that no package solves are listed", async () => {
    const members = [...WHOLE, file("etc/ssh/ssh_host_rsa_key")];
    expect(await containerfile(members)).toContain(
      "# These findings of `platter inspect` remain:\n# - F_LIVE_HOST_KEYS: one SSH host key for all machines\n",
    );
  });
});

test("containerfile: text from an image becomes neither an instruction nor a command", async () => {
  const evil = `x'"\`$(evil)\${evil}\\ \u2028RUN evil\\`;
  const osRelease = `ID=debian\nNAME='${evil.replaceAll("'", "")}'\nVERSION_ID='1\\'\nID_LIKE=RUN\n`;
  const hostile = [
    file(`usr/lib/modules/${evil}/vmlinuz`),
    file(`boot/vmlinuz-${evil}`),
    file(`boot/efi/EFI/${evil}/shimx64.efi`),
    file("usr/lib/modules/\nRUN evil/vmlinuz"),
    { name: "usr/lib/bootc-image-builder/iso.yaml/" },
  ];
  const text = await containerfile([...MANAGERS, ...hostile], { osRelease });
  const plain = await containerfile(MANAGERS, { osRelease: "ID=debian\nNAME=P\nVERSION_ID=1\n" });
  const body = (of: string) => of.slice(of.indexOf("FROM"));
  expect(body(text).replaceAll("X_EVIL_EVIL_RUN_EVIL_LIVE", "P_LIVE")).toBe(body(plain));
  expect(text).not.toContain("evil");
});
