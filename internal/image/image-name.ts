const PART = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const HOST = "(?:localhost|(?:[A-Za-z0-9-]+\\.)+[A-Za-z0-9-]+|[A-Za-z0-9.-]+(?=:\\d))(?::\\d+)?";
const TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
/** An image's name without a digest (github.com/distribution/reference, reference.go). */
const NAME = new RegExp(`^(?:(${HOST})/)?(${PART}(?:/${PART})*)(?::(${TAG}))?$`);

/**
 * The most characters of a name without its tag (github.com/distribution/reference, `RepositoryNameTotalLengthMax`).
 */
const LONGEST = 255;

/** Whether a text can be an image's name. */
export function isImageName(text: string): boolean {
  return matched(text) !== undefined;
}

/** Host, path and tag of a name. */
function matched(text: string): RegExpExecArray | undefined {
  const match = text.length > 2 * LONGEST ? null : NAME.exec(text);
  return match === null || (match[2] as string).length > LONGEST ? undefined : match;
}

/**
 * A full name with registry and tag; `registry` is used if the name does not have one. Undefined if `text` is not a valid
 * name.
 */
export function fullImageName(text: string, registry: string): string | undefined {
  const match = matched(text);
  if (match === undefined) return undefined;
  const [, host = registry, path = "", tag = "latest"] = match;
  return `${host}/${path}:${tag}`;
}

/** A name for an image without one, made from the name of its file or folder. */
export function nameAfterFile(path: string, tag: string | undefined): string | undefined {
  const base = path
    .replace(/\/+$/, "")
    .split("/")
    .at(-1)
    ?.replace(/\.(?:oci|tar|ociarchive)(?:\.[a-z0-9]+)?$|\.(?:tar|oci)$/i, "");
  const name = base
    ?.toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return fullImageName(`${name}:${tag ?? "latest"}`, "localhost");
}

/** The names of an image in podman's storage that match the user's text; all names for an id or digest. */
export function namesMeant(given: string, names: readonly string[]): string[] {
  const wanted = fullImageName(given, "");
  if (wanted === undefined) {
    const repository = given.replace(/@.*$/, "");
    const same = names.filter((name) => name.replace(/:[^/:]*$/, "").endsWith(repository));
    if (same.length > 0) return same;
    // An image that was pulled by its digest has the digest in its name.
    const isByDigest = /@sha256:[0-9a-f]{64}$/.test(given) && fullImageName(repository, "") !== undefined;
    return isByDigest && !fullImageName(repository, "")?.startsWith("/") ? [given] : [...names];
  }
  const exact = names.filter((name) => name === wanted);
  if (exact.length > 0) return exact;
  const short = names.filter((name) => name.endsWith(wanted.startsWith("/") ? wanted : `/${wanted}`));
  // Podman searches local names first.
  const local = short.filter((name) => name.startsWith("localhost/"));
  if (local.length > 0) return local;
  return short.length > 0 ? short : [...names];
}
