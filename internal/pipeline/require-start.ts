import { PlatterError } from "../base/error.ts";
import { gravestKind } from "../base/exit-codes.ts";
import { lookAtPlace, requireImageExists } from "../image/open/look-up.ts";
import type { OpenOptions } from "../image/open-options.ts";
import type { KnownReference } from "../image/reference.ts";
import { parsePayloadRequest } from "../payload/payload-reference.ts";
import { payloadError } from "../payload/payload-source.ts";
import type { ProgramNeed } from "../process/program.ts";
import { findProgram, requirePrograms } from "../process/program.ts";
import { counted } from "../text/counted.ts";
import { referenceNeeds } from "./program-needs.ts";

/** An image or a payload that a run reads. */
interface Wanted {
  reference: string;
  /** Programs that can fetch the image from a registry. */
  fetchers: readonly string[];
  /** Turns an error into the error that the user sees. */
  asSeen: (error: unknown) => unknown;
}

export interface StartNeeds {
  /** Reference of the image. Undefined if no image is read. */
  image: string | undefined;
  /** References of the payloads, as the user wrote them. */
  payloads: readonly string[];
  /** Programs that the run needs for other reasons. */
  programs: readonly ProgramNeed[];
  /** Checks the versions of the installed programs. */
  versions?: () => Promise<void>;
  /** Errors that were found elsewhere, and are reported together with those found here. */
  errors?: readonly PlatterError[];
}

type Options = Pick<OpenOptions, "signal" | "runTool" | "pull">;

/**
 * Looks for the image, the payloads and all programs before anything is read, and reports together what is missing.
 * podman, Docker and registries are asked for images only if something else is missing. Otherwise reading the image reports it.
 * @throws PlatterError `E_START` for several problems, else `E_TOOL_MISSING`, `E_TOOL_VERSION`,
 * `E_PAYLOAD_MISSING`, `E_IMAGE_MISSING`,
 * `E_REFERENCE…`, `E_PAYLOAD_NAME`, `E_FILE_…`, `E_TAR_…`, `E_DOCKER`, `E_REGISTRY`
 */
export async function requireStart(needs: StartNeeds, options: Options): Promise<void> {
  const errors: PlatterError[] = [...(needs.errors ?? [])];
  const programs: ProgramNeed[] = [];
  const elsewhere: { wanted: Wanted; known: KnownReference }[] = [];
  for (const wanted of wantedBy(needs)) {
    await collect(errors, wanted.asSeen, async () => {
      const known = await lookAtPlace(wanted.reference, options);
      programs.push(...referenceNeeds(known, { fetchers: wanted.fetchers, pull: options.pull }));
      elsewhere.push({ wanted, known });
    });
  }
  await collect(errors, same, async () => requirePrograms([...programs, ...needs.programs]));
  await collect(errors, same, async () => needs.versions?.());
  if (errors.length === 0) return;
  for (const { wanted, known } of elsewhere) {
    if (!canAsk(known)) continue;
    await collect(errors, wanted.asSeen, () => requireImageExists(known, options));
  }
  throw together(errors);
}

function wantedBy({ image, payloads }: StartNeeds): Wanted[] {
  const images =
    image === undefined ? [] : [{ reference: image, fetchers: ["skopeo", "podman"], asSeen: same }];
  const others = payloads.map((text) => {
    const { reference } = parsePayloadRequest(text);
    return { reference, fetchers: ["skopeo"], asSeen: (error: unknown) => payloadError(error, reference) };
  });
  return [...images, ...others];
}

function same(error: unknown): unknown {
  return error;
}

/** Whether the program exists that can look for the image. */
function canAsk({ transport }: KnownReference): boolean {
  const programs: Partial<Record<KnownReference["transport"], string>> = {
    docker: "skopeo",
    "docker-daemon": "docker",
    "containers-storage": "podman",
  };
  const program = programs[transport];
  return program !== undefined && findProgram(program) !== undefined;
}

/** Calls `act`, and adds an expected error to `errors`. Other errors are thrown. */
async function collect(
  errors: PlatterError[],
  asSeen: Wanted["asSeen"],
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (error) {
    const seen = asSeen(error);
    if (!(seen instanceof PlatterError) || seen.kind === "interrupted") throw seen;
    if (!errors.some(({ message }) => message === seen.message)) errors.push(seen);
  }
}

/** One error for several errors, with the gravest of their kinds. */
function together(errors: readonly PlatterError[]): PlatterError {
  const [first] = errors;
  if (first !== undefined && errors.length === 1) return first;
  return new PlatterError({
    code: "E_START",
    kind: gravestKind(errors.map(({ kind }) => kind).filter((kind) => kind !== "interrupted")),
    message: `Cannot start: ${counted(errors.length, "problem")} found`,
    notices: errors.flatMap(({ notices }) =>
      notices.map((notice) => ({ ...notice, message: notice.message.replace(/^Cannot start: /, "") })),
    ),
    cause: first,
  });
}
