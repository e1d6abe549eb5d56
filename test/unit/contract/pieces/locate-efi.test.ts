/** Clauses C3 and C4: which vendor's boot loaders go onto the ISO, and what is said if they are missing. */
import { afterAll, describe, expect, test } from "bun:test";
import type { Architecture } from "../../../../internal/base/architecture.ts";
import { parseOsRelease } from "../../../../internal/contract/config/os-release.ts";
import { locateEfi } from "../../../../internal/contract/pieces/locate-efi.ts";
import { distributionOf, howToInstall } from "../../../../internal/contract/pieces/packages.ts";
import { openLayers } from "../../../helpers/images/memory-layers.ts";
import type { Member } from "../../../helpers/images/tar-maker.ts";

const opened: AsyncDisposable[] = [];
afterAll(async () => {
  for (const tree of opened) await tree[Symbol.asyncDispose]();
});

const file = (name: string): Member => ({ name, content: "x" });
const folder = (name: string): Member => ({ name: `${name}/` });
const all = (base: string, suffix = "x64") =>
  ["shim", "gcd", "mm"].map((name) => file(`${base}/${name}${suffix}.efi`));

interface Options {
  architecture?: Architecture;
  vendor?: string;
  osRelease?: string;
}

async function locate(members: readonly Member[], options: Options = {}) {
  const tree = await openLayers([members]);
  opened.push(tree);
  const distribution = distributionOf(parseOsRelease(options.osRelease ?? ""));
  const architecture = options.architecture ?? "x86_64";
  const { efi, findings } = locateEfi(tree.root, { architecture, vendor: options.vendor, distribution });
  return {
    vendor: efi?.vendor,
    shim: efi?.shim.path,
    codes: findings.map(({ code }) => code),
    seen: findings.map(({ seen }) => seen),
    fixes: findings.map(({ fix }) => fix),
  };
}

describe("locateEfi: vendor", () => {
  test("an empty directory names the vendor, whose binaries are elsewhere", async () => {
    const members = [
      folder("usr/lib/efi/shim/1/EFI/zebra"),
      ...all("boot/efi/EFI/aardvark"),
      ...all("boot/efi/EFI/zebra"),
    ];
    expect(await locate(members)).toMatchObject({
      vendor: "zebra",
      shim: "/boot/efi/EFI/zebra/shimx64.efi",
      codes: [],
    });
  });

  test("a file and BOOT do not name a vendor", async () => {
    const members = [
      file("usr/lib/efi/shim/1/EFI/readme"),
      folder("usr/lib/efi/shim/1/EFI/Boot"),
      ...all("boot/efi/EFI/a"),
    ];
    expect(await locate(members)).toMatchObject({ vendor: "a", codes: [] });
  });

  test("the newest version of shim counts", async () => {
    const versions = ["15.8-3", "16.1-5", "9.1-1"].flatMap((version) =>
      all(`usr/lib/efi/shim/${version}/EFI/a`),
    );
    expect((await locate(versions)).shim).toBe("/usr/lib/efi/shim/16.1-5/EFI/a/shimx64.efi");
  });

  test.each([
    "fedora",
    "",
    "a\x1b[31m",
  ])("the vendor %j that the image does not have is an error", async (vendor) => {
    const { codes, seen } = await locate(all("boot/efi/EFI/tiny"), { vendor });
    expect(codes).toEqual(["F_VENDOR_UNKNOWN"]);
    expect(seen[0]).toEndWith("; it has `tiny`.");
    expect(seen[0]).not.toContain("\x1b");
  });

  test("binaries in Debian's places have Debian's or Ubuntu's name, and no other", async () => {
    const members = [
      file("usr/lib/shim/shimx64.efi.signed"),
      file("usr/lib/shim/mmx64.efi.signed"),
      file("usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed"),
    ];
    expect((await locate(members)).vendor).toBe("debian");
    expect((await locate(members, { osRelease: "ID=ubuntu\n" })).vendor).toBe("ubuntu");
    expect((await locate(members, { vendor: "debian" })).codes).toEqual([]);
    expect((await locate(members, { vendor: "fedora" })).codes).toEqual(["F_VENDOR_UNKNOWN"]);
    const none = await locate([], { vendor: "fedora" });
    expect(none.seen).toEqual(["The image does not have the vendor `fedora`; it has no vendor."]);
  });

  test("a directory with another kind of name is named", async () => {
    const { vendor, codes, seen } = await locate([
      ...all("boot/efi/EFI/my vendor"),
      ...all("boot/efi/EFI/b"),
    ]);
    expect({ vendor, codes }).toEqual({ vendor: "b", codes: ["F_VENDOR_NAME"] });
    expect(seen).toEqual(["The directory `/boot/efi/EFI/my vendor` is ignored."]);
  });

  test("more than 64 vendors or versions are refused, through symlinks too", async () => {
    const names = Array.from({ length: 65 }, (_, at) => `v${at}`);
    const vendors = names.map((name) => folder(`boot/efi/EFI/${name}`));
    expect(await locate([...all("boot/efi/EFI/a"), ...vendors])).toMatchObject({
      vendor: undefined,
      codes: ["F_VENDOR_MANY"],
      seen: ["`/boot/efi/EFI` has more than 64 entries."],
    });
    const links = names.map((name): Member => ({ name: `usr/lib/efi/shim/${name}`, type: "2", link: "1" }));
    expect(await locate([...all("usr/lib/efi/shim/1/EFI/a"), ...links])).toMatchObject({
      codes: ["F_VENDOR_MANY"],
      seen: ["`/usr/lib/efi/shim` has more than 64 entries."],
    });
  });
});

describe("locateEfi: missing binaries", () => {
  test("on aarch64 every name and every package is that of aarch64", async () => {
    const { codes, seen, fixes } = await locate([folder("boot/efi/EFI/a")], { architecture: "aarch64" });
    expect(codes).toEqual(["F_SHIM_MISSING", "F_GCD_MISSING", "F_MM_MISSING"]);
    expect(fixes).toEqual([
      "Install `shim-aa64` (Fedora, CentOS) or `shim-signed` (Debian, Ubuntu) in the image.",
      "Install `grub2-efi-aa64-cdboot` (Fedora, CentOS) or `grub-efi-arm64-signed` (Debian, Ubuntu) in the image.",
      "Install `shim-aa64` (Fedora, CentOS), `shim-helpers-arm64-signed` (Debian) or `shim-signed` (Ubuntu) in the image.",
    ]);
    expect([...seen, ...fixes].join("\n")).not.toMatch(/x64|amd64|x86/);
  });

  test.each([
    ["ID=fedora", "Install `grub2-efi-x64-cdboot` in the image."],
    ["ID=rocky\nID_LIKE='rhel centos fedora'", "Install `grub2-efi-x64-cdboot` in the image."],
    ["ID=linuxmint\nID_LIKE='ubuntu debian'", "Install `grub-efi-amd64-signed` in the image."],
    ["ID=debian", "Install `grub-efi-amd64-signed` in the image."],
  ])("%j: the distribution's own package is named", async (osRelease, fix) => {
    const members = all("boot/efi/EFI/a").filter(({ name }) => !name.includes("gcd"));
    expect(await locate(members, { osRelease })).toMatchObject({ codes: ["F_GCD_MISSING"], fixes: [fix] });
  });

  test("openSUSE's shim is named, and not recommended to be installed", async () => {
    const { codes, seen, fixes } = await locate([file("usr/share/efi/x86_64/shim.efi")], {
      osRelease: 'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"',
    });
    expect(codes).toEqual(["F_VENDOR_MISSING"]);
    expect(seen[0]).toContain("`/usr/share/efi/x86_64/shim.efi` exists, but platter does not use it");
    expect(fixes[0]).toContain("openSUSE does not package them");
  });

  test("Arch Linux: where to take the boot loaders from", async () => {
    const { fixes } = await locate([], { osRelease: "ID=arch" });
    expect(fixes[0]).toStartWith(
      "Copy shim, MOK manager and the GRUB for optical media of Fedora, Debian or Ubuntu",
    );
    expect(fixes[0]).toContain("Arch Linux does not package them");
  });
});

test("howToInstall: Debian's MOK manager is in a package of its own", () => {
  const how = (distribution: "debian" | "ubuntu") =>
    howToInstall("mm", { architecture: "x86_64", distribution });
  expect(how("debian")).toBe("Install `shim-helpers-amd64-signed` in the image.");
  expect(how("ubuntu")).toBe("Install `shim-signed` in the image.");
});
