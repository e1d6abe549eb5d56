import { type Stats, statSync } from "node:fs";
import { errnoOf, machineError } from "../../base/machine-error.ts";
import { ImageMissing, nearPath } from "../image-missing.ts";
import { isImageName } from "../image-name.ts";
import { formatReference, type ImageReference, type KnownReference, splitDigest } from "../reference.ts";
import { checkArchive, type RecogniseOptions, recogniseArchive } from "./recognise-archive.ts";
import { checkFolder, recogniseFolder } from "./recognise-folder.ts";
import { requirePiped } from "./standard-input.ts";
import { wrongKind } from "./wrong-kind.ts";

type PathReference = Extract<KnownReference, { readonly path: string }>;

/** Suffixes of file names that names of images do not have. */
const FILE_NAME =
  /\.(?:tar|tar\.\w+|tgz|tzst|txz|oci|ociarchive|iso|img|squashfs|sqfs|raw|qcow2|zip)(?::[^/]*)?$/i;

/** Errors of stat(2) that mean that no file can exist at a path. */
const NOTHING = ["ENAMETOOLONG", "ENOTDIR", "ELOOP"];

/**
 * The reference with its transport. Without one, an existing path decides, and any other text is a name in
 * containers-storage. A path must have the kind of its transport.
 * @throws PlatterError `E_IMAGE_MISSING`, `E_REFERENCE_KIND`, `E_TAR_…`, `E_FILE_…`
 */
export async function recognise(
  reference: ImageReference,
  options: RecogniseOptions,
): Promise<KnownReference> {
  switch (reference.transport) {
    case undefined:
      return recogniseText(reference.text, options);
    case "-":
      requirePiped();
      return reference;
    case "docker":
    case "docker-daemon":
    case "containers-storage":
      return reference;
    default:
      return checkPath(withIndex(reference), options);
  }
}

/** Accepts `PATH@INDEX` like `PATH:@INDEX`, unless a file has this name. */
function withIndex(reference: PathReference): PathReference {
  if (!("tag" in reference) || reference.tag !== undefined) return reference;
  const match = /^(.+)(@\d+)$/.exec(reference.path);
  if (match === null || statOf(reference.path) !== undefined) return reference;
  const [, path = "", tag] = match;
  return statOf(path) === undefined ? reference : { ...reference, path, tag };
}

async function checkPath(reference: PathReference, options: RecogniseOptions): Promise<PathReference> {
  const { transport, path } = reference;
  const wantsFolder = transport === "oci" || transport === "dir";
  const stat = statOf(path);
  if (stat === undefined) {
    throw missingPath(
      formatReference(reference),
      `the ${wantsFolder ? "folder" : "file"} \`${path}\` does not exist`,
      path,
    );
  }
  if (stat.isDirectory()) {
    if (wantsFolder) checkFolder({ transport, path });
    else throw wrongKind(path, `a folder, and \`${transport}:\` takes a file`, instead(transport, path));
  } else if (wantsFolder && stat.isFile()) {
    throw wrongKind(path, `a file, and \`${transport}:\` takes a folder`, instead(transport, path));
  } else {
    requireFile(path, stat);
    await checkArchive(path, options);
  }
  return reference;
}

/** A hint that names the transport for a folder if the transport for a file was given, or the other way round. */
function instead(transport: PathReference["transport"], path: string): string {
  const other = { oci: "oci-archive", "oci-archive": "oci", dir: "tar", tar: "dir" } as const;
  if (transport === "docker-archive") return "Name the archive that `docker save` wrote.";
  return `Write \`${other[transport]}:${path}\`.`;
}

async function recogniseText(text: string, options: RecogniseOptions): Promise<KnownReference> {
  const whole = await recognisePath(text, undefined, options);
  if (typeof whole === "object") return whole;
  for (const { path, tag } of splits(text)) {
    const found = await recognisePath(path, tag, options);
    if (typeof found === "object") return found;
  }
  if (isPath(text)) throw missingPath(text, "no file or folder has that name", text);
  const noPath = whole ?? "no file or folder has that name";
  if (isStoredName(text)) return { transport: "containers-storage", name: text, noPath };
  throw missingPath(text, `${noPath}, and an image in podman's storage cannot have that name`, text);
}

/** A path with a tag, index or digest after it. */
function splits(text: string): { path: string; tag: string }[] {
  const byDigest = splitDigest(text);
  const place = /^(.+?):?(@\d+)$/.exec(text);
  const colon = text.lastIndexOf(":");
  return [
    ...(byDigest === undefined ? [] : [byDigest]),
    ...(place === null ? [] : [{ path: place[1] as string, tag: place[2] as string }]),
    ...(colon > 0 ? [{ path: text.slice(0, colon), tag: text.slice(colon + 1) }] : []),
  ];
}

/**
 * The reference to the file or folder at a path; a text for a folder that may only have the name of an image by chance.
 */
async function recognisePath(
  path: string,
  tag: string | undefined,
  options: RecogniseOptions,
): Promise<KnownReference | string | undefined> {
  const stat = statOf(path);
  if (stat === undefined) return undefined;
  if (stat.isDirectory()) {
    const found = recogniseFolder(path, tag);
    if (typeof found === "object") return found;
    if (!/[/.]/.test(path) && isStoredName(path)) return `the folder \`${path}\` is ${found}`;
    throw wrongKind(path, found);
  }
  requireFile(path, stat);
  return await recogniseArchive(path, tag, options);
}

function requireFile(path: string, stat: Stats): void {
  if (stat.isFile()) return;
  if (stat.isFIFO() || stat.isSocket()) {
    throw wrongKind(
      path,
      "a pipe, and platter reads an image more than once",
      "Write the image to a file first, or send it to standard input and name it `-`.",
    );
  }
  throw wrongKind(path, "neither a file nor a folder");
}

function isPath(text: string): boolean {
  return /^(?:\.{0,2}\/|~|\.{1,2}$)|\/$/.test(text) || FILE_NAME.test(text);
}

/** Whether podman may have an image under this name, id or digest. */
function isStoredName(text: string): boolean {
  return isImageName(text.replace(/@sha(?:256|512):[0-9a-f]+$/, ""));
}

function missingPath(reference: string, reason: string, path: string): ImageMissing {
  const near = nearPath(path);
  const home = /^~/.test(path)
    ? "Write `$HOME` instead of `~`: the shell replaces it at the start of a word only."
    : undefined;
  return new ImageMissing(reference, reason, {
    hint:
      near === undefined
        ? (home ?? "Check the path and the current folder.")
        : `Write \`${near}\` if you mean that.`,
  });
}

/** @throws PlatterError `E_FILE_OPEN` */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (NOTHING.includes(errnoOf(error) ?? "")) return undefined;
    throw machineError(error, { code: "E_FILE_OPEN", message: `Cannot open \`${path}\`` });
  }
}
