import { PlatterError } from "../base/error.ts";
import { ImageMissing } from "../image/image-missing.ts";
import { locate } from "../image/open/pull.ts";
import type { OpenOptions } from "../image/open-options.ts";
import { parseReference } from "../image/reference.ts";
import { archivePayload } from "./archive-payload.ts";
import { layoutPayload } from "./layout-payload.ts";
import type { PayloadDescription, PayloadSource } from "./payload-image.ts";
import { parsePayloadRequest } from "./payload-reference.ts";
import { registryPayload } from "./registry-payload.ts";
import { rootPayload } from "./root-payload.ts";
import { storagePayload } from "./storage-payload.ts";

type SourceOptions = Omit<OpenOptions, "capture">;

/** Errors for a layout or archive without the image or a part of it. */
const LACKING = ["E_IMAGE_TAG", "E_IMAGE_LAYOUT", "E_BLOB_MISSING"];

/**
 * Finds a payload that the user requests, without reading its layers.
 * @throws PlatterError `E_PAYLOAD_MISSING`, `E_PAYLOAD_NAME`, `E_REFERENCE…`, `E_IMAGE_…`, `E_TOOL_…`
 */
export async function describePayload(text: string, options: SourceOptions): Promise<PayloadDescription> {
  const { reference, name } = parsePayloadRequest(text);
  try {
    const source = await payloadSource(reference, options);
    const description = await source.describe();
    return name === undefined ? description : { ...description, names: [name] };
  } catch (error) {
    throw payloadError(error, reference);
  }
}

/**
 * The error for a payload that was not found: `E_PAYLOAD_MISSING` if it or a part of it does not exist, else the same
 * error.
 */
export function payloadError(error: unknown, reference: string): unknown {
  if (error instanceof ImageMissing) return missing(reference, error.reason, error);
  if (error instanceof PlatterError && LACKING.includes(error.code))
    return missing(reference, error.message, error);
  return error;
}

/** The source of a payload. @throws PlatterError `E_REFERENCE…` */
export async function payloadSource(reference: string, options: SourceOptions): Promise<PayloadSource> {
  const found = await locate(parseReference(reference), options);
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
    case "docker-daemon":
    case "-":
      throw notAPayload(reference);
    default:
      return found satisfies never;
  }
}

function notAPayload(reference: string): PlatterError {
  return new PlatterError({
    code: "E_REFERENCE",
    kind: "usage",
    message: `Cannot use \`${reference}\` as a payload: platter reads a payload several times`,
    hint: "Save it to a file first, such as with `docker save -o image.tar NAME`, and name `docker-archive:image.tar`.",
  });
}

function missing(reference: string, reason: string, cause: PlatterError): PlatterError {
  return new PlatterError({
    code: "E_PAYLOAD_MISSING",
    kind: "contract",
    message: `Cannot find the payload \`${reference}\`: ${reason}`,
    hint: cause.hint,
    detail: cause.detail,
    cause,
  });
}
