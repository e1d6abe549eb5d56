import { z } from "zod";
import type { Architecture } from "../../base/architecture.ts";

export const FIRMWARE_KINDS = ["bios", "uefi", "secure-boot"] as const;
/** The kind of firmware that starts the machine. */
export type FirmwareKind = (typeof FIRMWARE_KINDS)[number];

/** A file for a flash device of QEMU. */
interface FlashFile {
  path: string;
  format: "raw" | "qcow2";
}

/** UEFI firmware for QEMU: the code, and a template of the variables. Each machine gets a copy of the template. */
export interface FlashPair {
  code: FlashFile;
  vars: FlashFile;
  /** The code only runs on a machine with system management mode. */
  needsSmm: boolean;
}

const flashSchema = z.object({ filename: z.string(), format: z.enum(["raw", "qcow2"]) });

/**
 * The parts of QEMU's firmware descriptor that platter reads (QEMU, docs/interop/firmware.json). Distributions add keys
 * of their own and other kinds of firmware, so unknown keys are accepted.
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
    // An administrator masks a descriptor by an empty or broken file of the same name.
    return undefined;
  }
}

const MACHINE: Record<Architecture, RegExp> = { x86_64: /^pc-q35-/, aarch64: /^virt(-|$)/ };

/** Whether the firmware is for platter's machine of this architecture, and has the properties of that kind. */
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
  // Firmware for confidential machines is measured, and does not keep variables.
  if (features.some((each) => /^(amd-sev-snp|intel-tdx)$/.test(each))) return false;
  const enrolled = features.includes("secure-boot") && features.includes("enrolled-keys");
  // Firmware with Secure Boot but without keys is in setup mode, and starts every program.
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
