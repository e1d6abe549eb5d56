import { basename } from "node:path";
import { z } from "zod";
import type { BootClaims } from "../contract/findings/boot-claims.ts";
import type { Plan } from "../contract/plan/plan.ts";
import type { Document } from "../documents/document.ts";
import { BUILD_TYPE, type reportSchema, STATEMENT } from "../documents/report-document.ts";
import type { FoundTool } from "../process/find.ts";
import type { RootfsOptions } from "../rootfs/rootfs-options.ts";
import type { BuildResult } from "./build-options.ts";
import type { StageRuns } from "./stage/stage.ts";
import type { FileRecord } from "./work/receipt.ts";

const statementSchema = z.object({
  _type: z.literal(STATEMENT),
  predicate: z.object({
    buildDefinition: z.object({
      buildType: z.literal(BUILD_TYPE),
      internalParameters: z.object({ plan: z.unknown() }),
    }),
  }),
});

export interface BuildRecord {
  plan: Plan;
  boots: BootClaims;
  iso: FileRecord;
  squash: RootfsOptions;
  tools: readonly FoundTool[];
  runs: StageRuns;
  /** What earlier builds saved. */
  reused: BuildResult["reused"];
  layers: BuildResult["layers"];
  started: Date;
  finished: Date;
  /** platter's own version. */
  version: string;
}

/**
 * The build as an in-toto statement (in-toto Attestation Framework 1.0, Statement) with SLSA provenance as its
 * predicate (SLSA 1.0, Provenance).
 */
export function provenance(record: BuildRecord): Document<typeof reportSchema> {
  const { plan, iso, tools, runs, reused = null, layers = null } = record;
  const { reference } = plan.image;
  const seconds = Object.fromEntries(
    [...runs].map(([stage, run]) => [stage, run.outcome === "unchanged" ? null : run.seconds]),
  );
  const versions = Object.fromEntries(tools.map(({ name, version }) => [name, version]));
  return {
    _type: STATEMENT,
    subject: [{ name: basename(iso.path), digest: { sha256: iso.sha256 } }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: { image: reference, label: plan.label, squash: record.squash },
        internalParameters: { plan, tools },
        resolvedDependencies: [
          { uri: reference, digest: imageDigest(plan.image) },
          ...plan.payloads.map((payload) => ({
            uri: payload.reference,
            name: payload.names.join(" "),
            digest: { sha256: hex(payload.digest) },
          })),
          ...(plan.overlays ?? []).map(({ path, digest }) => ({
            name: path,
            digest: { sha256: hex(digest) },
          })),
          ...(plan.added ?? []).map(({ isoPath, sha256 }) => ({ name: isoPath, digest: { sha256 } })),
        ],
      },
      runDetails: {
        builder: { id: "urn:platter", version: { platter: record.version, ...versions } },
        metadata: { startedOn: record.started.toISOString(), finishedOn: record.finished.toISOString() },
        byproducts: [
          { name: "stage times in seconds, null for one that had nothing to do", annotations: seconds },
          { name: "where the ISO boots", annotations: record.boots },
          {
            name: "bytes of the root file system from earlier builds, and layers that were read, null without a cache",
            annotations: { reused, layers },
          },
        ],
      },
    },
  };
}

/**
 * The plan in the text of a provenance statement. Undefined if the text is not such a statement. The plan is not
 * checked here.
 */
export function planInStatement(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const plan = statementSchema.safeParse(value).data?.predicate.buildDefinition.internalParameters.plan;
  return plan === undefined ? undefined : JSON.stringify(plan);
}

/** The digest of the image by algorithm. An image without a manifest has only platter's own digest of its tree. */
function imageDigest({ digest, treeDigest }: Plan["image"]): Record<string, string> {
  return digest === null ? { platterTreeSha256: hex(treeDigest) } : { sha256: hex(digest) };
}

/** The hexadecimal part of a digest, without the algorithm before it. */
function hex(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1);
}
