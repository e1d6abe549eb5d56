import { existsSync } from "node:fs";
import { PlatterError } from "../base/error.ts";
import { fullImageName } from "../image/image-name.ts";

/** A payload that the user requests. */
interface PayloadRequest {
  reference: string;
  /** The full name for the payload; undefined to keep its own name. */
  name: string | undefined;
}

/**
 * `REFERENCE` or `REFERENCE=NAME`. A name does not contain an equals sign, but a path may. So the text of an existing
 * path is not split.
 * @throws PlatterError `E_PAYLOAD_NAME`
 */
export function parsePayloadRequest(text: string): PayloadRequest {
  const equals = text.lastIndexOf("=");
  if (equals < 0) return { reference: text, name: undefined };
  const path = text.replace(/^[a-z-]+:/, "");
  const paths = [text, path, path.replace(/:[^:]*$/, "")];
  if (paths.some((each) => each.includes("=") && existsSync(each)))
    return { reference: text, name: undefined };
  const reference = text.slice(0, equals);
  const given = text.slice(equals + 1);
  const name = fullImageName(given, "localhost");
  if (reference !== "" && name !== undefined) return { reference, name };
  throw new PlatterError({
    code: "E_PAYLOAD_NAME",
    kind: "usage",
    message: `Cannot use ${shown(given)} in ${shown(text)}: it is not a name that an image can have`,
    hint: "Write `REFERENCE=NAME` with a name such as `quay.io/example/os:latest`.",
  });
}

/** Characters of a text that a message shows. */
const SHOWN = 100;

function shown(text: string): string {
  return `\`${text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}\``;
}
