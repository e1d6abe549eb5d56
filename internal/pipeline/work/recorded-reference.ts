import { z } from "zod";
import { readInputText } from "../../files/open-input.ts";
import { ARTIFACTS, MAX_TEXT } from "./work-dir.ts";

const schema = z.object({ image: z.object({ reference: z.string() }) });

/** The image of the plan in a work folder; undefined if the plan is missing or cannot be read. */
export function recordedReference(work: string): string | undefined {
  try {
    const text = readInputText(`${work}/${ARTIFACTS.plan}`, { code: "E_WORK", limit: MAX_TEXT });
    return schema.safeParse(JSON.parse(text)).data?.image.reference;
  } catch {
    // Opening the work folder reports the error.
    return undefined;
  }
}
