/** All JSON documents that platter reads or writes, with their schemas. */
import { z } from "zod";
import { PlatterError } from "../base/error.ts";
import { ERRORS } from "../base/error-codes.ts";
import { isoYamlSchema } from "../contract/config/iso-yaml-schema.ts";
import { findingSchema } from "../contract/findings/finding.ts";
import { PLAN_VERSION, planSchema } from "../contract/plan/plan-schema.ts";
import { nearest } from "../text/nearest.ts";
import { bootSchema } from "./boot-document.ts";
import { buildSchema } from "./build-document.ts";
import { cacheSchema } from "./cache-document.ts";
import { containerfileSchema } from "./containerfile-document.ts";
import { doctorSchema } from "./doctor-document.ts";
import { DOCUMENT_VERSION, failureSchema } from "./document.ts";
import { explainSchema } from "./explain-document.ts";
import { implantSchema } from "./implant-document.ts";
import { inspectSchema } from "./inspect-document.ts";
import { jsonSchemaOf } from "./json-schema.ts";
import { progressSchema } from "./progress-document.ts";
import { renderGrubSchema } from "./render-grub-document.ts";
import { reportSchema } from "./report-document.ts";
import { sizesSchema } from "./sizes-document.ts";
import { artifactSchema } from "./stage-document.ts";
import { verifySchema } from "./verify-document.ts";
import { versionDocumentSchema } from "./version-document.ts";

interface CatalogueEntry {
  schema: () => z.ZodType;
  /** A phrase about the document. */
  title: string;
  version: number;
  /** `input` for a document that platter reads. */
  io: "input" | "output";
}

const written = (
  schema: () => z.ZodType,
  title: string,
  version: number = DOCUMENT_VERSION,
): CatalogueEntry => ({
  schema,
  title,
  version,
  io: "output",
});

/** The documents by the name of their schema. The document that a command prints with --json has the command's name. */
const CATALOGUE = {
  build: written(buildSchema, "Result of `platter build --json`"),
  inspect: written(inspectSchema, "Result of `platter inspect --json`"),
  verify: written(verifySchema, "Result of `platter verify --json`"),
  boot: written(bootSchema, "Result of `platter boot --json`"),
  sizes: written(sizesSchema, "Result of `platter sizes --json`"),
  containerfile: written(containerfileSchema, "Result of `platter containerfile --json`"),
  "render-grub": written(renderGrubSchema, "Result of `platter render-grub --json`"),
  squash: written(artifactSchema, "Result of `platter squash --json`"),
  "bios-image": written(artifactSchema, "Result of `platter bios-image --json`"),
  "efi-image": written(artifactSchema, "Result of `platter efi-image --json`"),
  assemble: written(artifactSchema, "Result of `platter assemble --json`"),
  implant: written(implantSchema, "Result of `platter implant --json`"),
  cache: written(cacheSchema, "Result of `platter cache --json`"),
  doctor: written(doctorSchema, "Result of `platter doctor --json`"),
  explain: written(explainSchema, "Result of `platter explain --json`"),
  version: written(versionDocumentSchema, "Result of `platter version --json`"),
  error: written(failureSchema, "Failure of a command with --json before it had a result"),
  progress: written(progressSchema, "One line of --progress json"),
  report: written(
    reportSchema,
    "File of `platter build --report`, an in-toto statement with SLSA provenance",
  ),
  findings: written(() => z.array(findingSchema), "Findings, as other documents have them"),
  plan: written(() => planSchema, "Plan of an ISO, `plan.json` in the folder of --work", PLAN_VERSION),
  "iso.yaml": {
    schema: () => isoYamlSchema,
    title: "Settings of an image for its ISO",
    version: 1,
    io: "input",
  },
} as const satisfies Record<string, CatalogueEntry>;

export type DocumentName = keyof typeof CATALOGUE;
export const DOCUMENT_NAMES = Object.keys(CATALOGUE) as DocumentName[];

/** A phrase about a document. */
export function titleOf(name: DocumentName): string {
  return CATALOGUE[name].title;
}

/** The JSON Schema of a document (draft 2020-12). */
export function documentSchema(name: DocumentName): Record<string, unknown> {
  const { schema, title, version, io } = CATALOGUE[name];
  const { $schema, ...rest } = jsonSchemaOf(schema(), io);
  return { $schema, $id: `urn:platter:schema:${name}:${version}`, title, ...rest };
}

/** The name of a document in the words of a user. @throws PlatterError `E_SCHEMA` */
export function documentNamed(text: string): DocumentName {
  const found = DOCUMENT_NAMES.find((name) => name === text);
  if (found !== undefined) return found;
  const meant = nearest(text, DOCUMENT_NAMES);
  throw new PlatterError({
    code: "E_SCHEMA",
    kind: "usage",
    message: `Cannot print the schema of \`${text}\`: platter does not have this document`,
    hint: meant === undefined ? ERRORS.E_SCHEMA.fix : `Try \`platter schema ${meant}\`.`,
  });
}
