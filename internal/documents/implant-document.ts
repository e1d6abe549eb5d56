import { z } from "zod";
import type { IsoMd5Check } from "../isomd5/check.ts";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";

export const implantSchema = () =>
  resultSchema({
    iso: z.string().describe("Path of the ISO."),
    action: z.enum(["implanted", "checked"]).describe("`checked` with --check."),
    ok: z.boolean().describe("Whether the ISO has a checksum that its content matches."),
    md5: z
      .string()
      .nullable()
      .describe("The implanted checksum, an MD5 in hexadecimal. Null if the ISO does not have one."),
    computed: z
      .string()
      .nullable()
      .describe("The checksum of the content. Null if the ISO has no checksum or is incomplete."),
    damaged: z
      .strictObject({
        from: z.int().describe("First byte of the range."),
        to: z.int().describe("Byte after the range."),
      })
      .nullable()
      .describe("The range of bytes with the first damage. Null if it is not known."),
  });

type ImplantDocument = Document<typeof implantSchema>;

/** The result of `implant`. */
export function implantedDocument(iso: string, md5: string): ImplantDocument {
  const action = "implanted" as const;
  return { version: DOCUMENT_VERSION, iso, action, ok: true, md5, computed: md5, damaged: null };
}

/** The result of `implant --check`. */
export function checkedDocument(iso: string, check: IsoMd5Check): ImplantDocument {
  const { ok, expected: md5 = null, actual: computed = null, damaged = null } = check;
  return { version: DOCUMENT_VERSION, iso, action: "checked", ok, md5, computed, damaged };
}
