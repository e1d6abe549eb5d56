import { PlatterError } from "../../base/error.ts";

/** The error for an image that changed after the plan was made. */
export function imageChanged(reference: string): PlatterError {
  return new PlatterError({
    code: "E_IMAGE_CHANGED",
    kind: "usage",
    message: `Cannot use \`${reference}\`: it changed after its plan was made`,
    hint: "Run `platter inspect` again, and the stages after it.",
  });
}
