import { describe, expect, test } from "bun:test";
import { PlatterError } from "../../../internal/base/error.ts";
import { type FirmwareFiles, findFirmware } from "../../../internal/boot/firmware/firmware.ts";
import { parseFirmwareDescriptor } from "../../../internal/boot/firmware/firmware-descriptor.ts";

interface Described {
  code: string;
  vars: string;
  features: string[];
  format?: string;
  architecture?: string;
  machines?: string[];
}

function descriptor({
  code,
  vars,
  features,
  format = "raw",
  architecture = "x86_64",
  machines = ["pc-q35-*"],
}: Described) {
  return JSON.stringify({
    description: "firmware",
    "interface-types": ["uefi"],
    mapping: {
      device: "flash",
      executable: { filename: code, format },
      "nvram-template": { filename: vars, format },
    },
    targets: [{ architecture, machines }],
    features,
    tags: [],
  });
}

/** A host with these files; those that end in .json have a text. */
function host(files: Record<string, string>): FirmwareFiles {
  return {
    list: (folder) =>
      Object.keys(files)
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1))
        .filter((name) => !name.includes("/"))
        .reverse(),
    read: (path) => files[path] ?? "",
    exists: (path) => path in files,
  };
}

const X86 = { architecture: "x86_64" } as const;
const SECURE = ["acpi-s3", "enrolled-keys", "requires-smm", "secure-boot", "verbose-dynamic"];

const DEBIAN = host({
  "/usr/share/qemu/firmware/40-edk2-x86_64-secure-enrolled.json": descriptor({
    code: "/usr/share/OVMF/OVMF_CODE_4M.ms.fd",
    vars: "/usr/share/OVMF/OVMF_VARS_4M.ms.fd",
    features: SECURE,
  }),
  "/usr/share/qemu/firmware/50-edk2-x86_64-secure.json": descriptor({
    code: "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd",
    vars: "/usr/share/OVMF/OVMF_VARS_4M.fd",
    features: ["acpi-s3", "requires-smm", "secure-boot"],
  }),
  "/usr/share/qemu/firmware/60-edk2-x86_64.json": descriptor({
    code: "/usr/share/OVMF/OVMF_CODE_4M.fd",
    vars: "/usr/share/OVMF/OVMF_VARS_4M.fd",
    features: ["acpi-s3"],
    machines: ["pc-i440fx-*", "pc-q35-*"],
  }),
  "/usr/share/OVMF/OVMF_CODE_4M.ms.fd": "",
  "/usr/share/OVMF/OVMF_VARS_4M.ms.fd": "",
  "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd": "",
  "/usr/share/OVMF/OVMF_CODE_4M.fd": "",
  "/usr/share/OVMF/OVMF_VARS_4M.fd": "",
});

const FEDORA_FILES = {
  "/usr/share/qemu/firmware/30-edk2-ovmf-4m-qcow2-x64-sb-enrolled.json": descriptor({
    code: "/usr/share/edk2/ovmf/OVMF_CODE_4M.secboot.qcow2",
    vars: "/usr/share/edk2/ovmf/OVMF_VARS_4M.secboot.qcow2",
    features: SECURE,
    format: "qcow2",
  }),
  "/usr/share/qemu/firmware/31-edk2-ovmf-4m-qcow2-x64-sb.json": descriptor({
    code: "/usr/share/edk2/ovmf/OVMF_CODE_4M.secboot.qcow2",
    vars: "/usr/share/edk2/ovmf/OVMF_VARS_4M.qcow2",
    features: ["requires-smm", "secure-boot"],
    format: "qcow2",
  }),
  // Firmware in one file, for confidential machines.
  "/usr/share/qemu/firmware/60-edk2-ovmf-x64-amdsev.json": JSON.stringify({
    "interface-types": ["uefi"],
    mapping: { device: "memory", filename: "/usr/share/edk2/ovmf/OVMF.amdsev.fd" },
    targets: [{ architecture: "x86_64", machines: ["pc-q35-*"] }],
    features: ["amd-sev", "amd-sev-snp"],
    tags: [],
  }),
  "/usr/share/edk2/ovmf/OVMF_CODE_4M.secboot.qcow2": "",
  "/usr/share/edk2/ovmf/OVMF_VARS_4M.secboot.qcow2": "",
  "/usr/share/edk2/ovmf/OVMF_VARS_4M.qcow2": "",
};

describe("findFirmware", () => {
  test("Debian, by descriptors: Microsoft's keys for Secure Boot", () => {
    expect(findFirmware({ kind: "secure-boot", ...X86 }, DEBIAN)).toEqual({
      code: { path: "/usr/share/OVMF/OVMF_CODE_4M.ms.fd", format: "raw" },
      vars: { path: "/usr/share/OVMF/OVMF_VARS_4M.ms.fd", format: "raw" },
      needsSmm: true,
    });
  });

  test("Debian, by descriptors: for plain UEFI the one without Secure Boot, though another comes first", () => {
    expect(findFirmware({ kind: "uefi", ...X86 }, DEBIAN)).toEqual({
      code: { path: "/usr/share/OVMF/OVMF_CODE_4M.fd", format: "raw" },
      vars: { path: "/usr/share/OVMF/OVMF_VARS_4M.fd", format: "raw" },
      needsSmm: false,
    });
  });

  test("Fedora: qcow2, and for plain UEFI the firmware in setup mode if it is the only one", () => {
    const fedora = host(FEDORA_FILES);
    expect(findFirmware({ kind: "secure-boot", ...X86 }, fedora)).toMatchObject({
      code: { path: "/usr/share/edk2/ovmf/OVMF_CODE_4M.secboot.qcow2", format: "qcow2" },
      vars: { path: "/usr/share/edk2/ovmf/OVMF_VARS_4M.secboot.qcow2", format: "qcow2" },
    });
    expect(findFirmware({ kind: "uefi", ...X86 }, fedora).vars.path).toBe(
      "/usr/share/edk2/ovmf/OVMF_VARS_4M.qcow2",
    );
  });

  test("a descriptor of the administrator takes the place of one of the same name, an empty one masks it", () => {
    const name = "30-edk2-ovmf-4m-qcow2-x64-sb-enrolled.json";
    const own = { code: "/srv/CODE.fd", vars: "/srv/VARS.fd", features: SECURE };
    const files = { ...FEDORA_FILES, "/srv/CODE.fd": "", "/srv/VARS.fd": "" };
    const wanted = { kind: "secure-boot", ...X86 } as const;
    expect(
      findFirmware(wanted, host({ ...files, [`/etc/qemu/firmware/${name}`]: descriptor(own) })).code.path,
    ).toBe("/srv/CODE.fd");
    // What is left is found by its place.
    expect(findFirmware(wanted, host({ ...files, [`/etc/qemu/firmware/${name}`]: "" })).code.path).toBe(
      "/usr/share/edk2/ovmf/OVMF_CODE_4M.secboot.qcow2",
    );
  });

  test.each([
    ["Arch", "/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"],
    ["openSUSE", "/usr/share/qemu/ovmf-x86_64-4m-code.bin", "/usr/share/qemu/ovmf-x86_64-4m-vars.bin"],
    ["QEMU's own", "/usr/share/qemu/edk2-x86_64-code.fd", "/usr/share/qemu/edk2-i386-vars.fd"],
  ])("%s, by its place", (_name, code, vars) => {
    expect(findFirmware({ kind: "uefi", ...X86 }, host({ [code]: "", [vars]: "" }))).toMatchObject({
      code: { path: code, format: "raw" },
      vars: { path: vars },
    });
  });

  test("a descriptor whose files are gone is passed over", () => {
    const gone = descriptor({ code: "/gone/CODE.fd", vars: "/gone/VARS.fd", features: [] });
    const there = ["/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"];
    const files = host({ "/etc/qemu/firmware/10-a.json": gone, [there[0]!]: "", [there[1]!]: "" });
    expect(findFirmware({ kind: "uefi", ...X86 }, files).code.path).toBe(there[0]!);
  });

  test("firmware for aarch64 is not taken for x86_64, nor the other way round", () => {
    const arm = descriptor({
      code: "/usr/share/AAVMF/AAVMF_CODE.fd",
      vars: "/usr/share/AAVMF/AAVMF_VARS.fd",
      features: ["verbose-static"],
      architecture: "aarch64",
      machines: ["virt-*"],
    });
    const files = host({
      "/usr/share/qemu/firmware/60-edk2-aarch64.json": arm,
      "/usr/share/AAVMF/AAVMF_CODE.fd": "",
      "/usr/share/AAVMF/AAVMF_VARS.fd": "",
    });
    expect(findFirmware({ kind: "uefi", architecture: "aarch64" }, files)).toMatchObject({ needsSmm: false });
    expect(() => findFirmware({ kind: "uefi", ...X86 }, files)).toThrow(PlatterError);
  });

  test("Secure Boot firmware without keys does not count", () => {
    const files = host({
      "/usr/share/edk2/x64/OVMF_CODE.secboot.4m.fd": "",
      "/usr/share/edk2/x64/OVMF_VARS.4m.fd": "",
    });
    let thrown: unknown;
    try {
      findFirmware({ kind: "secure-boot", ...X86 }, files);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: "E_FIRMWARE_MISSING", exitCode: 4 });
    const { message, hint, detail } = thrown as PlatterError;
    expect(message).toContain("Microsoft's keys");
    expect(hint).toContain("`ovmf`");
    expect(detail.join("\n")).toContain("/etc/qemu/firmware");
    expect(detail.join("\n")).toContain("/usr/share/OVMF/OVMF_CODE_4M.ms.fd");
  });
});

describe("parseFirmwareDescriptor", () => {
  test.each(["", "{", "null", "[]", '{"mapping":{}}'])("%j is refused", (text) => {
    expect(parseFirmwareDescriptor(text)).toBeUndefined();
  });
});
