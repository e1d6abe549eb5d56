import { z } from "zod";
import { ARCHITECTURE_NAMES, type Architecture, GRUB_BIOS_PLATFORM } from "../../base/architecture.ts";

import { PlatterError } from "../../base/error.ts";
import { menuSchema } from "../../grub/menu-model.ts";
import { COMPRESSIONS } from "../../squashfs/blocks/compression.ts";
import { volumeLabelSchema } from "../config/label.ts";
import { findingSchema, hasErrors } from "../findings/finding.ts";

/** Increased when this code cannot read older plans any more. */
export const PLAN_VERSION = 2;

/** Paths of the pieces in the work directory. */
export const PIECES = {
  vmlinuz: "image/vmlinuz",
  initramfs: "image/initrd.img",
  shim: "image/shim.efi",
  grub: "image/grub.efi",
  mm: "image/mm.efi",
  font: "image/unicode.pf2",
  /** Folder of GRUB's modules for BIOS. */
  bios: `image/${GRUB_BIOS_PLATFORM}`,
} as const;

const pieceSchema = z.strictObject({
  /** Path in the image, for messages. */
  source: z.string(),
  /** Path in the work directory, once the piece is kept there. */
  file: z.string(),
  size: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** A file of the image that the ISO contains. */
export type Piece = z.infer<typeof pieceSchema>;

const selinuxSchema = z.strictObject({
  /** Labels of the root file system: by the policy, those of the image and its layers, or none. */
  labels: z.enum(["policy", "image", "none"]),
  /** The mode in `/etc/selinux/config`; null if the file does not exist or does not name a mode. */
  mode: z.enum(["enforcing", "permissive", "disabled"]).nullable(),
  policy: z
    .strictObject({
      type: z.string(),
      /** Number of lines with a pattern. */
      patterns: z.int().positive(),
      /** SHA-256 over the texts and the way in which they are matched. */
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
    })
    .nullable(),
});

/** SELinux in the live system. */
export type SelinuxPlan = z.infer<typeof selinuxSchema>;

export const planSchema = z.strictObject({
  version: z.literal(PLAN_VERSION),
  image: z.strictObject({
    /** The reference with its transport. */
    reference: z.string(),
    /** Digest of the image's manifest; null for a plain directory or tar. */
    digest: z.string().nullable(),
    /** Seconds since 1970; null if the image does not have a creation time. */
    created: z.int().nullable(),
    /** SHA-256 over the metadata of every entry. */
    treeDigest: z.string(),
  }),
  /** Container images that the live system is to have in its storage. */
  payloads: z
    .array(
      z.strictObject({
        reference: z.string(),
        /** Digest of the image's manifest. */
        digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
        /** Digests of the indexes that lead to the manifest. */
        indexes: z.array(z.string().regex(/^sha256:[0-9a-f]{64}$/)).default([]),
        /** Names under which podman lists the image. */
        names: z.array(z.string()),
      }),
    )
    .default([]),
  architecture: z.enum(ARCHITECTURE_NAMES),
  /** The distribution's name and version as the menu shows them; empty if unknown. */
  product: z.string(),
  productVersion: z.string(),
  label: volumeLabelSchema,
  /** Seconds since 1970: every time on the ISO. */
  time: z.int().nonnegative(),
  /** Identifies this build. The marker file, the GPT's GUIDs and the FAT's serial number are derived from it. */
  uuid: z.uuid(),
  kernel: z.strictObject({
    version: z.string(),
    vmlinuz: pieceSchema,
    initramfs: pieceSchema,
    others: z.array(z.string()),
  }),
  /** Compressions that the kernel can mount, by file system; null if unknown. */
  kernelMounts: z
    .strictObject({
      squashfs: z.array(z.enum(COMPRESSIONS)).nullable(),
      erofs: z.array(z.enum(COMPRESSIONS)).nullable(),
    })
    .nullable()
    .default(null),
  efi: z.strictObject({
    vendor: z.string(),
    vendors: z.array(z.string()),
    shim: pieceSchema,
    grub: pieceSchema,
    mm: pieceSchema.nullable(),
  }),
  /** GRUB's module directory; null for an ISO that boots on UEFI alone. */
  bios: z
    .strictObject({
      modules: z.array(pieceSchema),
    })
    .nullable(),
  font: pieceSchema.nullable(),
  menu: menuSchema,
  /** Patterns of paths that the rootfs leaves out. */
  excludes: z.array(z.string()),
  /** Undefined if the image does not have a policy, and the user did not choose. */
  selinux: selinuxSchema.optional(),
  findings: z.array(findingSchema),
});

/** All decisions about an ISO, made before the build. */
export type Plan = z.infer<typeof planSchema>;

/** The plan of an image without some pieces, for stages that do not need them. */
export type PartialPlan = Omit<Plan, "kernel" | "efi"> & {
  kernel: Plan["kernel"] | undefined;
  efi: Plan["efi"] | undefined;
};

/** The part of a plan that determines the root file system. */
export type RootPlan = Pick<Plan, "image" | "payloads" | "architecture" | "time" | "excludes" | "selinux"> & {
  kernel: Pick<Plan["kernel"], "version"> | undefined;
};

/** A file of the image, and its name in the work directory. */
export interface SizedFile {
  file: string;
  /** Bytes. */
  size: number;
}

/** The files of the image that the ISO contains unchanged, in a plan or a draft plan. */
export interface IsoPieces<P extends SizedFile> {
  architecture: Architecture;
  kernel: { vmlinuz: P; initramfs: P };
  efi: { shim: P; grub: P; mm: P | null };
  bios: { modules: readonly P[] } | null;
  font: P | null;
}

/** A plan before large files are read, sufficient for making the root file system. */
export type DraftPlan = RootPlan & IsoPieces<SizedFile>;

/** Whether the plan has all pieces for an ISO. */
export function isWhole(plan: PartialPlan): plan is Plan {
  return plan.kernel !== undefined && plan.efi !== undefined && !hasErrors(plan.findings);
}

/** The text of a plan. Equal plans have equal texts. */
export function printPlan(plan: Plan): string {
  return `${JSON.stringify(plan, null, 2)}\n`;
}

/**
 * Reads a plan's text.
 * @throws PlatterError `E_PLAN`
 */
export function parsePlan(text: string, file: string): Plan {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw planError(file, `it is not JSON (${(cause as Error).message})`);
  }
  const version = z.object({ version: z.unknown() }).safeParse(value).data?.version;
  if (typeof version === "number" && version !== PLAN_VERSION) {
    throw planError(file, `it has version ${version}, and this platter reads version ${PLAN_VERSION}`);
  }
  const parsed = planSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const problem = [issue?.path.join(".") ?? "", issue?.message ?? "unknown"].filter((part) => part !== "");
  throw planError(file, `it is not a plan (${problem.join(": ")})`);
}

function planError(file: string, problem: string): PlatterError {
  return new PlatterError({
    code: "E_PLAN",
    kind: "usage",
    message: `Cannot read \`${file}\`: ${problem}`,
    hint: "Make it again with `platter inspect IMAGE --work DIR`.",
  });
}
