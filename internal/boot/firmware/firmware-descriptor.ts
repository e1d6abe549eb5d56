import { z } from "zod";
import type { Architecture } from "../../base/architecture.ts";

/** What kind of firmware starts the machine. */
export type FirmwareKind = "bios" | "uefi" | "secure-boot";

/** A file for a flash device of QEMU. */
interface FlashFile {
  path: string;
  format: "raw" | "qcow2";
}

/** UEFI firmware as QEMU takes it: code, and a template for the variables that each machine gets a copy of. */
export interface FlashPair {
  code: FlashFile;
  vars: FlashFile;
  /** The code only runs on a machine with system management mode. */
  needsSmm: boolean;
}

const flashSchema = z.object({ filename: z.string(), format: z.enum(["raw", "qcow2"]) });

/**
 * QEMU's firmware descriptor, as far as it matters here (QEMU, docs/interop/firmware.json). Distributions add keys
 * of their own and other kinds of firmware, so unknown ones are let through.
 */
const descriptorSchema = z.object({
  "interface-types": z.array(z.string()),
  mapping: z.object({
    device: z.literal("flash"),
    /** Absent means `split`: code and variables in two files. */
    mode: z.literal("split").optional(),
    executable: flashSchema,
    "nvram-template": flashSchema,
  }),
  targets: z.array(z.object({ architecture: z.string(), machines: z.array(z.string()) })),
  features: z.array(z.string()),
});

type FirmwareDescriptor = z.infer<typeof descriptorSchema>;

/** The descriptor in the text, or undefined for one of another kind, such as firmware in one file for `-bios`. */
export function parseFirmwareDescriptor(text: string): FirmwareDescriptor | undefined {
  try {
    return descriptorSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // An empty or broken file is how an administrator masks a descriptor of the same name.
    return undefined;
  }
}

const MACHINE: Record<Architecture, RegExp> = { x86_64: /^pc-q35-/, aarch64: /^virt(-|$)/ };

/** Whether the firmware is for platter's machine of this architecture, and behaves as that kind should. */
export function suits(
  descriptor: FirmwareDescriptor,
  { kind, architecture }: { kind: "uefi" | "secure-boot"; architecture: Architecture },
): boolean {
  const { features } = descriptor;
  if (!descriptor["interface-types"].includes("uefi")) return false;
  const fits = descriptor.targets.some(
    (target) =>
      target.architecture === architecture &&
      target.machines.some((each) => MACHINE[architecture].test(each)),
  );
  if (!fits) return false;
  // Confidential machines take their firmware measured, without variables that stay.
  if (features.some((each) => /^(amd-sev-snp|intel-tdx)$/.test(each))) return false;
  const enrolled = features.includes("secure-boot") && features.includes("enrolled-keys");
  // Firmware that knows Secure Boot but holds no keys is in setup mode, which starts everything.
  return kind === "secure-boot" ? enrolled : !features.includes("enrolled-keys");
}

export function flashPair(descriptor: FirmwareDescriptor): FlashPair {
  const { executable, "nvram-template": template } = descriptor.mapping;
  return {
    code: { path: executable.filename, format: executable.format },
    vars: { path: template.filename, format: template.format },
    needsSmm: descriptor.features.includes("requires-smm"),
  };
}
