import { PlatterError } from "../error.ts";
import type { OpenOptions } from "../image/open-options.ts";
import { recognise } from "../image/recognise.ts";
import { parseReference } from "../image/reference.ts";
import { archivePayload } from "./archive-payload.ts";
import { layoutPayload } from "./layout-payload.ts";
import type { PayloadDescription, PayloadSource } from "./payload-image.ts";
import { parsePayloadRequest } from "./payload-reference.ts";
import { registryPayload } from "./registry-payload.ts";
import { rootPayload } from "./root-payload.ts";
import { storagePayload } from "./storage-payload.ts";

type SourceOptions = Omit<OpenOptions, "capture">;

/** Errors which say that there is no such image. */
const MISSING = [
  "E_IMAGE_MISSING",
  "E_IMAGE_TAG",
  "E_IMAGE_LAYOUT",
  "E_BLOB_MISSING",
  "E_FILE_OPEN",
  "E_DIRECTORY",
];

/**
 * Looks a payload up, as the user asks for it, without reading its layers.
 * @throws PlatterError `E_PAYLOAD_MISSING`, `E_PAYLOAD_NAME`, `E_REFERENCE…`, `E_IMAGE_…`, `E_TOOL_…`
 */
export async function describePayload(text: string, options: SourceOptions): Promise<PayloadDescription> {
  const { reference, name } = parsePayloadRequest(text);
  try {
    const source = await payloadSource(reference, options);
    const description = await source.describe();
    return name === undefined ? description : { ...description, names: [name] };
  } catch (error) {
    throw isMissing(error) ? missing(reference, error) : error;
  }
}

/** Where a payload is read from. @throws PlatterError `E_REFERENCE…` */
export async function payloadSource(reference: string, options: SourceOptions): Promise<PayloadSource> {
  const parsed = parseReference(reference);
  const found = parsed.transport === undefined ? await recognise(parsed.text, options) : parsed;
  switch (found.transport) {
    case "oci":
    case "oci-archive":
      return layoutPayload(found, options);
    case "docker-archive":
      return archivePayload(found, options);
    case "containers-storage":
      return storagePayload(found, options);
    case "docker":
      return registryPayload(found, options);
    case "dir":
    case "tar":
      return rootPayload(found, options);
    default:
      return found satisfies never;
  }
}

/** A failed look-up in a registry as well: skopeo says why. */
function isMissing(error: unknown): error is PlatterError {
  if (!(error instanceof PlatterError)) return false;
  return MISSING.includes(error.code) || (error.code === "E_TOOL_FAILED" && /skopeo/.test(error.message));
}

function missing(reference: string, cause: PlatterError): PlatterError {
  return new PlatterError({
    code: "E_PAYLOAD_MISSING",
    kind: "contract",
    message: `The payload \`${reference}\` was not found: ${cause.message}`,
    hint: cause.hint ?? "Name an image that is there, or fetch it first.",
    detail: cause.detail,
    log: cause.log,
    cause,
  });
}
