import { statSync } from "node:fs";
import { join } from "node:path";
import { PlatterError } from "../error.ts";
import { externalDecompressor } from "./external-decompressor.ts";
import { OpenFile } from "./file-range.ts";
import type { OpenOptions } from "./open-options.ts";
import type { ImageReference } from "./reference.ts";
import { tarBytes } from "./tar-archive.ts";
import { TarReader } from "./tar-reader.ts";

/** Folders of which a root file system has at least one. */
const ROOT_FOLDERS = ["usr", "etc", "bin", "lib"];

/** Members that are looked at before an archive without an image's files is taken for a root file system. */
const MEMBERS = 100_000;

/**
 * What a reference without a transport means: a path, with or without a tag behind it, by what is there; a name in
 * containers-storage if there is nothing.
 * @throws PlatterError `E_REFERENCE_KIND`, `E_TAR_…`, `E_FILE_…`
 */
export async function recognise(
  text: string,
  options: Pick<OpenOptions, "signal" | "runTool">,
): Promise<Exclude<ImageReference, { transport: undefined }>> {
  const whole = await recognisePath(text, undefined, options);
  if (whole !== undefined) return whole;
  const colon = text.lastIndexOf(":");
  const tagged =
    colon > 0 ? await recognisePath(text.slice(0, colon), text.slice(colon + 1), options) : undefined;
  return tagged ?? { transport: "containers-storage", name: text };
}

async function recognisePath(
  path: string,
  tag: string | undefined,
  options: Pick<OpenOptions, "signal" | "runTool">,
): Promise<Exclude<ImageReference, { transport: undefined }> | undefined> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  if (stat.isDirectory()) {
    if (exists(join(path, "oci-layout"))) return { transport: "oci", path, tag };
    if (ROOT_FOLDERS.some((name) => exists(join(path, name)))) return { transport: "dir", path };
    // A folder that happens to be called as an image is.
    if (!/[/.]/.test(path)) return undefined;
    throw unknownKind(path, "a folder, but neither an OCI image layout nor a root file system");
  }
  if (!stat.isFile()) throw unknownKind(path, "neither a file nor a folder");
  const transport = await archiveKind(path, options);
  return transport === "tar" ? { transport, path } : { transport, path, tag };
}

async function archiveKind(
  path: string,
  options: Pick<OpenOptions, "signal" | "runTool">,
): Promise<"oci-archive" | "docker-archive" | "tar"> {
  using file = OpenFile.open(path);
  const stream = tarBytes(file, { signal: options.signal, external: externalDecompressor(options) });
  await using reader = new TarReader(stream, { archive: path, dialect: "archive" });
  let found: "docker-archive" | "tar" = "tar";
  for (let count = 0; count < MEMBERS; count++) {
    const member = await reader.next();
    if (member === undefined) break;
    const name = member.path.replace(/^(\.?\/)+/, "");
    // Docker's archives of today are OCI layouts as well; as such their blobs have digests.
    if (name === "oci-layout") return "oci-archive";
    if (name === "manifest.json" && member.type === "file") found = "docker-archive";
    if (/^(usr|etc|bin|proc)(\/|$)/.test(name)) break;
  }
  return found;
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function unknownKind(path: string, what: string): PlatterError {
  return new PlatterError({
    code: "E_REFERENCE_KIND",
    kind: "usage",
    message: `\`${path}\` is ${what}.`,
    hint: "Say what it is with a transport before it: `dir:`, `oci:`, `oci-archive:`, `docker-archive:` or `tar:`.",
  });
}
