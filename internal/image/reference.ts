import { PlatterError } from "../error.ts";

/** Where an image is, as containers-transports(5) writes it; `tar:` is platter's own. */
export type ImageReference =
  | { readonly transport: "containers-storage" | "docker"; readonly name: string }
  | { readonly transport: "dir" | "tar"; readonly path: string }
  | {
      readonly transport: "oci" | "oci-archive";
      readonly path: string;
      /** Tag or `@INDEX` that follows the path. */
      readonly tag: string | undefined;
    }
  | {
      readonly transport: "docker-archive";
      readonly path: string;
      /** Name or `@INDEX` that follows the path. */
      readonly tag: string | undefined;
    }
  /** No transport was given: a path, if there is one of that name, else an image in containers-storage. */
  | { readonly transport: undefined; readonly text: string };

export const TRANSPORTS = [
  "containers-storage",
  "dir",
  "docker",
  "docker-archive",
  "oci",
  "oci-archive",
  "tar",
] as const;

/** Transports of other tools that a reference may name, and that are no host of a registry. */
const FOREIGN = ["atomic", "docker-daemon", "ostree", "registry", "sif", "tarball"];

/** @throws PlatterError `E_REFERENCE` */
export function parseReference(text: string): ImageReference {
  const colon = text.indexOf(":");
  const transport = colon < 0 ? "" : text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (/[\0\r\n]/.test(text)) throw badReference(text, "it holds a control character");
  switch (transport) {
    case "containers-storage":
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
      const { path, tag } = splitTag(rest);
      if (path === "") throw badReference(text, "a path is missing");
      return { transport, path, tag };
    }
    default:
      if (text === "") throw badReference(text, "it is empty");
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

/** As containers-transports(5) has it: the path ends at the first colon. */
function splitTag(rest: string): { path: string; tag: string | undefined } {
  const colon = rest.indexOf(":");
  if (colon < 0) return { path: rest, tag: undefined };
  const tag = rest.slice(colon + 1);
  return { path: rest.slice(0, colon), tag: tag === "" ? undefined : tag };
}

/** The reference in full, as {@link parseReference} takes it. */
export function formatReference(reference: ImageReference): string {
  if (reference.transport === undefined) return reference.text;
  if (reference.transport === "docker") return `docker://${reference.name}`;
  if ("name" in reference) return `${reference.transport}:${reference.name}`;
  const tag = "tag" in reference && reference.tag !== undefined ? `:${reference.tag}` : "";
  return `${reference.transport}:${reference.path}${tag}`;
}

function badReference(text: string, problem: string): PlatterError {
  return new PlatterError({
    code: "E_REFERENCE",
    kind: "usage",
    message: `\`${text}\` is not an image reference: ${problem}.`,
    hint: `Name an image in containers-storage, a path, or one of ${TRANSPORTS.map((each) => `\`${each}:\``).join(", ")}.`,
  });
}
