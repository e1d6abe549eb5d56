import { z } from "zod";
import { readInputText } from "../../files/open-input.ts";
import { ARTIFACTS, MAX_TEXT } from "./work-dir.ts";

const schema = z.object({
  image: z.object({ reference: z.string() }),
  overlays: z.array(z.object({ path: z.string() })).default([]),
});

/** What the plan in a work folder is made of, and what later stages read again. */
interface RecordedInputs {
  /** Reference of the image. */
  reference: string;
  /** Paths of the folders over the image. */
  overlays: string[];
}

/** The inputs of the plan in a work folder; undefined if the plan is missing or cannot be read. */
export function recordedInputs(work: string): RecordedInputs | undefined {
  try {
    const text = readInputText(`${work}/${ARTIFACTS.plan}`, { code: "E_WORK", limit: MAX_TEXT });
    const plan = schema.safeParse(JSON.parse(text)).data;
    return plan && { reference: plan.image.reference, overlays: plan.overlays.map(({ path }) => path) };
  } catch {
    // Opening the work folder reports the error.
    return undefined;
  }
}
