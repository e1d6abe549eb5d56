import { readFileSync } from "node:fs";
import { z } from "zod";
import { ARTIFACTS } from "./work-dir.ts";

const schema = z.object({ image: z.object({ reference: z.string() }) });

/** The image of the plan in a work folder; undefined if there is no plan, or it cannot be read. */
export function recordedReference(work: string): string | undefined {
  try {
    const text = readFileSync(`${work}/${ARTIFACTS.plan}`, "utf8");
    return schema.safeParse(JSON.parse(text)).data?.image.reference;
  } catch {
    // Opening the work folder reports what is wrong with it.
    return undefined;
  }
}
