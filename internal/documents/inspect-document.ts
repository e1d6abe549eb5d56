import { z } from "zod";
import type { SecureBoot } from "../contract/checks/secure-boot.ts";
import { type BootClaims, bootClaimsSchema } from "../contract/findings/boot-claims.ts";
import { type Finding, findingSchema } from "../contract/findings/finding.ts";
import type { Plan } from "../contract/plan/plan.ts";
import { planSchema } from "../contract/plan/plan-schema.ts";
import { TRUSTS } from "../pe/trust.ts";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";

const signedSchema = () =>
  z.strictObject({
    signers: z.array(z.string()).describe("Names of the certificates that signed the program."),
    trust: z.enum(TRUSTS).describe("How shim judges the program."),
  });

const secureBootSchema = () =>
  z.strictObject({
    shimIssuers: z
      .array(z.string())
      .describe("Issuers of the certificates that signed shim. Empty if it is not signed."),
    vendor: z.array(z.string()).describe("Names of the certificates that shim trusts."),
    grub: signedSchema().nullable().describe("Signatures of GRUB. Null if it cannot be read."),
    kernel: signedSchema().nullable().describe("Signatures of the kernel. Null if it cannot be read."),
    sbatLevel: z.string().describe("Date of the revocations for the comparison, as YYYYMMDDNN."),
  });

const rangeSchema = () =>
  z.strictObject({
    least: z.int().describe("Bytes that are needed in any case."),
    most: z.int().describe("Bytes that are enough for all but unusual images."),
  });

const estimateSchema = () =>
  z.strictObject({
    content: z.int().describe("Bytes of all files in the root file system, uncompressed."),
    rootfs: rangeSchema().describe("Size of the compressed root file system."),
    temporary: z.int().describe("Bytes of files that are removed after the root file system is made."),
    esp: z.int().describe("Bytes of the EFI system partition."),
    iso: rangeSchema().describe("Size of the ISO."),
  });

export const inspectSchema = () =>
  resultSchema({
    reference: z.string().describe("The image, with its transport."),
    plan: planSchema.nullable().describe("The plan of the ISO. Null if no ISO can be made of the image."),
    secureBoot: secureBootSchema()
      .nullable()
      .describe("The signatures. Null if the image does not have shim."),
    boots: bootClaimsSchema.nullable().describe("Where the ISO would boot. Null without a plan."),
    findings: z.array(findingSchema).describe("All findings, without those of --ignore."),
    estimate: estimateSchema()
      .nullable()
      .describe("Sizes before a build. Null without a plan, and for an ISO with payloads."),
  });

type Estimate = z.output<ReturnType<typeof estimateSchema>>;

/** The result of `inspect`. The values that an image does not have are undefined. */
export function inspectDocument(options: {
  reference: string;
  plan: Plan | undefined;
  secureBoot: SecureBoot | undefined;
  boots: BootClaims | undefined;
  findings: readonly Finding[];
  estimate: Estimate | undefined;
}): Document<typeof inspectSchema> {
  const { reference, plan = null, secureBoot = null, boots = null, findings, estimate = null } = options;
  return { version: DOCUMENT_VERSION, reference, plan, secureBoot, boots, findings, estimate };
}
