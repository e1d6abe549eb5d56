import { z } from "zod";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";

/** How a stage ended: it made its outputs, took them from a cache, or found them unchanged. */
const OUTCOMES = ["made", "cached", "unchanged"] as const;
export type Outcome = (typeof OUTCOMES)[number];

const stageSchema = () =>
  z.strictObject({
    name: z.string().describe("Name of the stage, such as `squash`."),
    outcome: z
      .enum(OUTCOMES)
      .describe(
        "`made` in this run, `cached` if it is from the cache, `unchanged` if an earlier run made it.",
      ),
    seconds: z.number().describe("Seconds that the stage took. 0 if it is unchanged."),
  });

export const stagesSchema = () =>
  z.array(stageSchema()).describe("The stages that ran, in the order of the stages.");

export const reusedSchema = () =>
  z
    .strictObject({
      bytes: z.int().describe("Compressed bytes that were copied from earlier builds."),
      of: z.int().describe("Compressed bytes of the whole root file system."),
    })
    .nullable()
    .describe("How much was not compressed again. Null without --reuse and --cache.");

export const layersSchema = () =>
  z
    .strictObject({
      read: z.int().describe("Layers that this build read."),
      of: z.int().describe("All layers of the image."),
    })
    .nullable()
    .describe("The layers of the image. Null without --cache, and for an image without layers.");

/** The stages of a run, by name. */
export type StageRuns = ReadonlyMap<string, Omit<z.output<ReturnType<typeof stageSchema>>, "name">>;

export function stageDocuments(stages: StageRuns): z.output<ReturnType<typeof stagesSchema>> {
  return [...stages].map(([name, { outcome, seconds }]) => ({
    name,
    outcome,
    seconds: Math.round(seconds * 1000) / 1000,
  }));
}

/** The result of a command that runs one stage. */
export const artifactSchema = () =>
  resultSchema({
    file: z.string().describe("Absolute path of the file that the stage made."),
    size: z.int().describe("Bytes of the file."),
    stages: stagesSchema(),
    reused: reusedSchema(),
  });

/** The result of a command that runs one stage. */
export function artifactDocument(made: {
  path: string;
  size: number;
  stages: StageRuns;
  reused?: { bytes: number; of: number } | undefined;
}): Document<typeof artifactSchema> {
  const { path, size, stages, reused = null } = made;
  return { version: DOCUMENT_VERSION, file: path, size, stages: stageDocuments(stages), reused };
}
