import { PlatterError } from "../../base/error.ts";

/** The image is not the one of the plan any more. */
export function imageChanged(reference: string): PlatterError {
  return new PlatterError({
    code: "E_IMAGE_CHANGED",
    kind: "usage",
    message: `Cannot use \`${reference}\`: it changed after its plan was made`,
    hint: "Run `platter inspect` again, and the stages after it.",
  });
}
