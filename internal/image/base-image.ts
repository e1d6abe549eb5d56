import { resolve } from "node:path";
import { PlatterError } from "../base/error.ts";
import { shellWord } from "../process/command-line.ts";
import { fullImageName, isImageName } from "./image-name.ts";
import { formatReference, parseReference } from "./reference.ts";

/** A file name that needs no quotes in a Containerfile: no white space, `$`, `\` or quote, and no `#` at its beginning. */
const PLAIN_PATH = /^\/[\w@%+=:,./-]+$/;
/** The word for an image without content in a `FROM` line. */
const EMPTY = "scratch";
const DIGEST = /@sha256:[0-9a-f]{64}$/;
const ID = /^(?:sha256:)?[0-9a-f]{12,64}$/;

/**
 * The name by which `podman build` reaches an image, for a `FROM` line. `reference` is the image's full reference, and
 * relative paths begin at the current folder.
 * @throws PlatterError `E_BASE_IMAGE` if `FROM` cannot name the image
 */
export function baseImageOf(reference: string): string {
  const parsed = parseReference(reference);
  switch (parsed.transport) {
    case "docker":
      return registryName(parsed.name) ?? refuse(reference, PULL);
    case "docker-daemon": {
      const name = registryName(parsed.name);
      return name === undefined ? refuse(reference, PULL) : `docker-daemon:${name}`;
    }
    case "containers-storage":
    case undefined: {
      const name = parsed.transport === undefined ? parsed.text : parsed.name;
      const isName = isImageName(name.replace(DIGEST, "")) || ID.test(name);
      return isName && name !== EMPTY ? name : refuse(reference, NAME);
    }
    case "oci":
    case "oci-archive":
    case "docker-archive": {
      const absolute = formatReference({ ...parsed, path: resolve(parsed.path) });
      const path = absolute.slice(absolute.indexOf(":") + 1);
      const isPlain =
        PLAIN_PATH.test(path) && !(parsed.transport !== "docker-archive" && path.includes(":@"));
      return isPlain ? absolute : refuse(reference, PULL);
    }
    case "dir":
      return refuse(
        reference,
        () =>
          `Import the folder first: \`tar -C ${shellWord(parsed.path)} -c . | podman import - localhost/NAME\`.`,
      );
    case "tar":
      return refuse(
        reference,
        () => `Import the archive first: \`podman import ${shellWord(parsed.path)} localhost/NAME\`.`,
      );
    case "-":
      return refuse(
        reference,
        () => "Load the archive first with `podman load`, then name the image that podman prints.",
      );
    default:
      return parsed satisfies never;
  }
}

/**
 * Refuses a reference that names its transport and cannot become a `FROM` line, before the image is read.
 * @throws PlatterError `E_REFERENCE`, `E_BASE_IMAGE`
 */
export function requireBaseImage(reference: string): void {
  if (parseReference(reference).transport !== undefined) baseImageOf(reference);
}

const PULL = (reference: string) =>
  `Fetch it into podman's storage first: \`podman pull ${shellWord(reference)}\`, then name the image that podman prints.`;
const NAME = () => "Name the image as `podman images` lists it.";

/** A full name with its registry. With a digest, podman does not accept a tag. Docker's own images are in `library`. */
function registryName(name: string): string | undefined {
  const digest = DIGEST.exec(name)?.[0];
  const full = fullImageName(name.slice(0, name.length - (digest?.length ?? 0)), "docker.io")?.replace(
    /^docker\.io\/(?=[^/]+$)/,
    "docker.io/library/",
  );
  return digest === undefined ? full : full?.replace(/:[^:/]+$/, digest);
}

function refuse(reference: string, hint: (reference: string) => string): never {
  throw new PlatterError({
    code: "E_BASE_IMAGE",
    kind: "usage",
    message: `Cannot write a Containerfile for \`${reference}\`: \`FROM\` cannot name this image`,
    hint: hint(reference),
  });
}
