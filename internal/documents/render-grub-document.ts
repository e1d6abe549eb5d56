import { z } from "zod";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";

export const renderGrubSchema = () =>
  resultSchema({
    efi: z.string().describe("Text of the menu for UEFI."),
    bios: z.string().nullable().describe("Text of the menu for BIOS. Null for an ISO without BIOS boot."),
    files: z.array(z.string()).describe("Paths of the files that were written. Empty without -o."),
  });

/** The result of `render-grub`. */
export function renderGrubDocument(menus: {
  efi: string;
  bios: string | undefined;
  files: readonly string[];
}): Document<typeof renderGrubSchema> {
  const { efi, bios = null, files } = menus;
  return { version: DOCUMENT_VERSION, efi, bios, files };
}
