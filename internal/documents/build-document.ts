import { z } from "zod";
import { ARCHITECTURE_NAMES } from "../base/architecture.ts";
import { type BootClaims, bootClaimsSchema } from "../contract/findings/boot-claims.ts";
import { type Finding, findingSchema } from "../contract/findings/finding.ts";
import type { Plan } from "../contract/plan/plan.ts";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";
import {
  layersSchema,
  reusedSchema,
  type StageRuns,
  stageDocuments,
  stagesSchema,
} from "./stage-document.ts";

export const buildSchema = () =>
  resultSchema({
    iso: z.string().nullable().describe("Absolute path of the ISO. Null if the build ended before the ISO."),
    size: z.int().nullable().describe("Bytes of the ISO. Null if the build ended before the ISO."),
    sha256: z
      .string()
      .nullable()
      .describe("SHA-256 of the ISO. Null unless --checksum or --report needed it."),
    label: z.string().describe("Volume label of the ISO."),
    architecture: z.enum(ARCHITECTURE_NAMES).describe("Architecture of the ISO."),
    kernel: z.string().describe("Version of the kernel that the ISO boots."),
    boots: bootClaimsSchema,
    findings: z.array(findingSchema).describe("All findings, without those of --ignore."),
    stages: stagesSchema(),
    reused: reusedSchema(),
    layers: layersSchema(),
    files: z.array(z.string()).describe("Absolute paths of the other files that the build wrote."),
  });

/** The result of `build`. `iso` is undefined if the build ended before the ISO. */
export function buildDocument(built: {
  iso: { path: string; size: number; sha256: string | undefined; records: readonly string[] } | undefined;
  plan: Pick<Plan, "label" | "architecture" | "kernel">;
  boots: BootClaims;
  findings: readonly Finding[];
  stages: StageRuns;
  reused: { bytes: number; of: number } | undefined;
  layers: { read: number; of: number } | undefined;
}): Document<typeof buildSchema> {
  const { iso, plan, boots, findings, stages, reused = null, layers = null } = built;
  return {
    version: DOCUMENT_VERSION,
    iso: iso?.path ?? null,
    size: iso?.size ?? null,
    sha256: iso?.sha256 ?? null,
    label: plan.label,
    architecture: plan.architecture,
    kernel: plan.kernel.version,
    boots,
    findings,
    stages: stageDocuments(stages),
    reused,
    layers,
    files: iso?.records ?? [],
  };
}
