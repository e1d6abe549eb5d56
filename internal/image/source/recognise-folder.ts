import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { KnownReference } from "../reference.ts";
import { wrongKind } from "./wrong-kind.ts";

/** Folders of which a root file system has at least one. */
const ROOT_FOLDERS = ["usr", "etc", "bin", "lib"];

const NEITHER = "neither an OCI image layout nor a root file system";

/**
 * The reference to a folder, by its content; a phrase about the folder if it is not an image. @throws PlatterError
 * `E_REFERENCE_KIND`
 */
export function recogniseFolder(path: string, tag: string | undefined): KnownReference | string {
  if (exists(join(path, "oci-layout"))) return { transport: "oci", path, tag };
  if (isRoot(path)) return { transport: "dir", path };
  refuseSkopeoDir(path);
  const inside = namesIn(path).find((name) => exists(join(path, name, "oci-layout")));
  if (inside === undefined) return NEITHER;
  throw wrongKind(
    path,
    `a folder with an OCI image layout in \`${inside}\``,
    `Write \`oci:${join(path, inside)}\`.`,
  );
}

/** Checks a folder with a transport before it. @throws PlatterError `E_REFERENCE_KIND` */
export function checkFolder(reference: { transport: "oci" | "dir"; path: string }): void {
  const { transport, path } = reference;
  const isLayout = exists(join(path, "oci-layout"));
  if (transport === "oci" ? isLayout : isRoot(path)) return;
  refuseSkopeoDir(path);
  if (transport === "dir" && isLayout) throw wrongKind(path, "an OCI image layout", `Write \`oci:${path}\`.`);
  if (transport === "oci" && isRoot(path))
    throw wrongKind(path, "a root file system", `Write \`dir:${path}\`.`);
}

/**
 * The form of skopeo's `dir:` has one file for each blob, which containers-transports(5) calls a format for debugging.
 */
function refuseSkopeoDir(path: string): void {
  if (
    !exists(join(path, "manifest.json")) ||
    !/^Directory Transport Version/.test(startOf(join(path, "version")))
  )
    return;
  throw wrongKind(
    path,
    "the output of `skopeo copy … dir:`, and platter's `dir:` is a root file system",
    `Copy it to a layout: \`skopeo copy dir:${path} oci:${path}.oci\`, then name \`oci:${path}.oci\`.`,
  );
}

function isRoot(path: string): boolean {
  return ROOT_FOLDERS.some((name) => exists(join(path, name)));
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path).slice(0, 100);
  } catch {
    return [];
  }
}

/** The text of a small file; empty for anything else. */
function startOf(path: string): string {
  const stat = exists(path) ? statSync(path) : undefined;
  return stat?.isFile() && stat.size < 100 ? readFileSync(path, "utf8") : "";
}
