import { z } from "zod";
import type { Ability } from "../boot/abilities.ts";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";

const abilitySchema = () =>
  z.strictObject({
    task: z.string().describe("The task, as a phrase."),
    ready: z.boolean().describe("Whether the machine has everything that the task needs."),
    detail: z.string().describe("The program that does the task, or what is missing."),
    hint: z.string().nullable().describe("What to do, as a sentence. Null if the machine is ready."),
  });

export const doctorSchema = () =>
  resultSchema({ abilities: z.array(abilitySchema()).describe("All tasks that need something.") });

/** The result of `doctor`. */
export function doctorDocument(abilities: readonly Ability[]): Document<typeof doctorSchema> {
  return {
    version: DOCUMENT_VERSION,
    abilities: abilities.map(({ task, ready, detail, hint = null }) => ({ task, ready, detail, hint })),
  };
}
