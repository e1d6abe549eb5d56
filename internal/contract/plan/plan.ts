import { z } from "zod";
import { type Architecture, GRUB_BIOS_PLATFORM } from "../../base/architecture.ts";
import { PlatterError } from "../../base/error.ts";
import { hasErrors } from "../findings/finding.ts";
import { PLAN_VERSION, type pieceSchema, planSchema, type selinuxSchema } from "./plan-schema.ts";

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
  /** Folder of the files of the host. */
  added: "image/added",
} as const;

/** Path in the work directory of the added file with this index. */
export function addedFile(index: number): string {
  return `${PIECES.added}/${index}`;
}

/** A file of the image that the ISO contains. */
export type Piece = z.infer<typeof pieceSchema>;

/** SELinux in the live system. */
export type SelinuxPlan = z.infer<typeof selinuxSchema>;

/** All decisions about an ISO, made before the build. */
export type Plan = z.infer<typeof planSchema>;

/** The plan of an image without some pieces, for stages that do not need them. */
export type PartialPlan = Omit<Plan, "kernel" | "efi"> & {
  kernel: Plan["kernel"] | undefined;
  efi: Plan["efi"] | undefined;
};

/** The part of a plan that determines the root file system. */
export type RootPlan = Pick<
  Plan,
  "image" | "payloads" | "architecture" | "time" | "excludes" | "overlays" | "selinux"
> & {
  kernel: Pick<Plan["kernel"], "version"> | undefined;
};

/** A file of the image, and its name in the work directory. */
export interface SizedFile {
  file: string;
  /** Bytes. */
  size: number;
}

/** The files of the image and of the host that the ISO contains unchanged, in a plan or a draft plan. */
export interface IsoPieces<P extends SizedFile> {
  architecture: Architecture;
  kernel: { vmlinuz: P; initramfs: P };
  efi: { shim: P; grub: P; mm: P | null };
  bios: { modules: readonly P[] } | null;
  font: P | null;
  /** Files of the host, with their paths on the ISO. */
  added?: readonly (P & { isoPath: string })[] | undefined;
}

/** A plan before large files are read, sufficient for making the root file system and for naming the ISO. */
export type DraftPlan = RootPlan & Pick<Plan, "label"> & IsoPieces<SizedFile>;

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
