import { z } from "zod";
import { bootClaimsSchema } from "../contract/findings/boot-claims.ts";
import { planSchema } from "../contract/plan/plan-schema.ts";
import { rootfsOptionsSchema } from "../rootfs/rootfs-options.ts";
import { layersSchema, reusedSchema } from "./stage-document.ts";

/** Identifies the meaning of the parameters below. A change of the meaning needs a new number. */
export const BUILD_TYPE = "urn:platter:iso:1";
export const STATEMENT = "https://in-toto.io/Statement/v1";

const sha256 = () => z.string().describe("SHA-256 in hexadecimal.");
const fileDigest = () => z.strictObject({ sha256: sha256() }).describe("Digest of the content.");

const dependencySchema = () =>
  z.strictObject({
    uri: z.string().optional().describe("Reference of an image. Missing for a file."),
    name: z.string().optional().describe("Names of a payload, or path of a file on the ISO."),
    digest: z
      .strictObject({
        sha256: sha256().optional(),
        platterTreeSha256: z
          .string()
          .optional()
          .describe("SHA-256 over the metadata of an image that has no manifest."),
      })
      .describe("Digest of the manifest of an image, or of the content of a file."),
  });

const toolSchema = () =>
  z.strictObject({
    name: z.string().describe("Name of the program."),
    path: z.string().describe("Path on the host."),
    version: z.string().describe("Version, as the program prints it."),
  });

const byproductSchema = () =>
  z.union([
    z.strictObject({
      name: z
        .literal("stage times in seconds, null for one that had nothing to do")
        .describe("Name of the fact."),
      annotations: z.record(z.string(), z.number().nullable()).describe("Seconds by stage."),
    }),
    z.strictObject({
      name: z.literal("where the ISO boots").describe("Name of the fact."),
      annotations: bootClaimsSchema,
    }),
    z.strictObject({
      name: z
        .literal(
          "bytes of the root file system from earlier builds, and layers that were read, null without a cache",
        )
        .describe("Name of the fact."),
      annotations: z
        .strictObject({ reused: reusedSchema(), layers: layersSchema() })
        .describe("What earlier builds saved."),
    }),
  ]);

/** An in-toto statement (in-toto Attestation Framework 1.0) with SLSA provenance (SLSA 1.0). */
export const reportSchema = () =>
  z.strictObject({
    _type: z.literal(STATEMENT).describe("Type of the statement."),
    subject: z
      .array(z.strictObject({ name: z.string().describe("Name of the ISO's file."), digest: fileDigest() }))
      .describe("The ISO."),
    predicateType: z.literal("https://slsa.dev/provenance/v1").describe("Type of the predicate."),
    predicate: z
      .strictObject({
        buildDefinition: z
          .strictObject({
            buildType: z.literal(BUILD_TYPE).describe("Meaning and version of the parameters."),
            externalParameters: z
              .strictObject({
                image: z.string().describe("Reference of the image."),
                label: z.string().describe("Volume label of the ISO."),
                squash: rootfsOptionsSchema.describe("Format of the root file system."),
              })
              .describe("What the user chose."),
            internalParameters: z
              .strictObject({
                plan: planSchema,
                tools: z.array(toolSchema()).describe("Programs of the host that the build calls."),
              })
              .describe("What platter decided."),
            resolvedDependencies: z
              .array(dependencySchema())
              .describe("The image, the payloads and the files that were added."),
          })
          .describe("How the ISO was made."),
        runDetails: z
          .strictObject({
            builder: z
              .strictObject({
                id: z.literal("urn:platter").describe("platter."),
                version: z
                  .record(z.string(), z.string())
                  .describe("Versions of platter and of the programs."),
              })
              .describe("The program that made the ISO."),
            metadata: z
              .strictObject({
                startedOn: z.iso.datetime().describe("Start of the build, in ISO 8601."),
                finishedOn: z.iso.datetime().describe("End of the build, in ISO 8601."),
              })
              .describe("Times of the build."),
            byproducts: z.array(byproductSchema()).describe("Facts about the build."),
          })
          .describe("The run that made the ISO."),
      })
      .describe("The provenance."),
  });
