import { PlatterError } from "../base/error.ts";

/** The location of an image in the form of containers-transports(5); `dir:` and `tar:` are platter's own. */
export type ImageReference =
  | { readonly transport: "docker" | "docker-daemon"; readonly name: string }
  | {
      readonly transport: "containers-storage";
      readonly name: string;
      /** Why a name without a transport is not the name of a file or folder. */
      readonly noPath?: string | undefined;
    }
  | { readonly transport: "dir" | "tar"; readonly path: string }
  | {
      readonly transport: "oci" | "oci-archive";
      readonly path: string;
      /** Tag, `@INDEX` or `@DIGEST` that follows the path. */
      readonly tag: string | undefined;
    }
  | {
      readonly transport: "docker-archive";
      readonly path: string;
      /** Name or `@INDEX` that follows the path. */
      readonly tag: string | undefined;
    }
  /** An archive on standard input. */
  | { readonly transport: "-" }
  /** Without a transport: an existing path, or else an image in containers-storage. */
  | { readonly transport: undefined; readonly text: string };

/** A reference whose transport is known. */
export type KnownReference = Exclude<ImageReference, { readonly transport: undefined }>;

export const TRANSPORTS = [
  "containers-storage",
  "dir",
  "docker",
  "docker-archive",
  "docker-daemon",
  "oci",
  "oci-archive",
  "tar",
] as const;

/** Transports of other tools that a reference may name, and that are not the host of a registry. */
const FOREIGN = ["atomic", "ostree", "registry", "sif", "tarball"];

/** The most bytes of a path in Linux. Names of registries are shorter. */
const LONGEST = 4095;

/** A reference in a message, with quotes. */
export function nameOf(reference: string): string {
  return reference === "-" ? "The image on standard input" : `\`${reference}\``;
}

/** @throws PlatterError `E_REFERENCE` */
export function parseReference(text: string): ImageReference {
  const colon = text.indexOf(":");
  const transport = colon < 0 ? "" : text.slice(0, colon);
  const rest = text.slice(colon + 1);
  const length = Buffer.byteLength(text);
  if (length > LONGEST) {
    throw badReference(`${text.slice(0, 60)}…`, `it has ${length} bytes, and at most ${LONGEST} are allowed`);
  }
  if (/[\0\r\n]/.test(text)) throw badReference(text, "it holds a control character");
  if (text === "-") return { transport: "-" };
  if (rest === "-" && isTransport(transport)) throw standardInput(text);
  switch (transport) {
    case "containers-storage":
    case "docker-daemon":
      if (rest === "") throw badReference(text, "the name of an image is missing");
      return { transport, name: rest };
    case "docker":
      if (!/^\/\/[^/]/.test(rest)) throw badReference(text, "it must look like `docker://registry/name:tag`");
      return { transport, name: rest.slice(2) };
    case "dir":
    case "tar":
      if (rest === "") throw badReference(text, "a path is missing");
      return { transport, path: rest };
    case "oci":
    case "oci-archive":
    case "docker-archive": {
      const { path, tag } = splitDigest(rest) ?? splitTag(rest);
      if (path === "") throw badReference(text, "a path is missing");
      return { transport, path, tag };
    }
    default:
      if (text === "") throw badReference(text, "it is empty");
      if (transport !== transport.toLowerCase() && isTransport(transport.toLowerCase())) {
        throw badReference(
          text,
          `\`${transport}:\` is not a transport that platter knows`,
          `Write \`${transport.toLowerCase()}:${rest}\`.`,
        );
      }
      // `quay.io:5000/name` and `name:tag` are names; `scheme:/path` and `scheme://…` are not.
      if (
        FOREIGN.includes(transport) ||
        (transport !== "" && /^(\/|\.\.?\/)/.test(rest) && !/[/.]/.test(transport))
      ) {
        throw badReference(text, `\`${transport}:\` is not a transport that platter knows`);
      }
      return { transport: undefined, text };
  }
}

function isTransport(text: string): boolean {
  return (TRANSPORTS as readonly string[]).includes(text) || FOREIGN.includes(text);
}

/** A path that ends in the digest of a manifest: `PATH@sha256:…`. */
export function splitDigest(text: string): { path: string; tag: string } | undefined {
  const match = /^(.+?):?(@sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128}))$/.exec(text);
  return match === null ? undefined : { path: match[1] as string, tag: match[2] as string };
}

/** As in containers-transports(5), the path ends at the first colon. */
function splitTag(rest: string): { path: string; tag: string | undefined } {
  const colon = rest.indexOf(":");
  if (colon < 0) return { path: rest, tag: undefined };
  const tag = rest.slice(colon + 1);
  return { path: rest.slice(0, colon), tag: tag === "" ? undefined : tag };
}

/** The reference in full, as {@link parseReference} takes it. */
export function formatReference(reference: ImageReference): string {
  if (reference.transport === undefined) return reference.text;
  if (reference.transport === "-") return reference.transport;
  if (reference.transport === "docker") return `docker://${reference.name}`;
  if ("name" in reference) return `${reference.transport}:${reference.name}`;
  const tag = "tag" in reference && reference.tag !== undefined ? `:${reference.tag}` : "";
  return `${reference.transport}:${reference.path}${tag}`;
}

function badReference(text: string, problem: string, hint?: string): PlatterError {
  return new PlatterError({
    code: "E_REFERENCE",
    kind: "usage",
    message: `Cannot read \`${text}\` as an image reference: ${problem}`,
    hint:
      hint ??
      `Name an image in containers-storage, a path, or one of ${TRANSPORTS.map((each) => `\`${each}:\``).join(", ")}.`,
  });
}

function standardInput(text: string): PlatterError {
  return badReference(
    text,
    "an image on standard input does not have a transport",
    "Write `-`: platter recognises the kind of the archive.",
  );
}
