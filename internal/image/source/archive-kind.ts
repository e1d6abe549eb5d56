import type { PlatterError } from "../../base/error.ts";
import type { EntryType } from "../image-tree.ts";
import { wrongKind } from "./wrong-kind.ts";

/** A kind of archive, by the transport that reads it. */
export type ArchiveTransport = "oci-archive" | "docker-archive" | "tar";

/** The kind of an archive by the names of its members. */
export type ArchiveKind =
  | { readonly kind: ArchiveTransport }
  | { readonly kind: "layout-inside"; readonly folder: string }
  | { readonly kind: "empty" | "unknown" };

/** Determines the kind of an archive from a listing of its members. */
export class ArchiveSurvey {
  #isEmpty = true;
  #isLayout = false;
  #isDocker = false;
  #isRoot = false;
  #folder: string | undefined;

  /** Notes a member. Returns whether no further member can change the kind. */
  add({ path, type }: { path: string; type: EntryType | "hard-link" }): boolean {
    // Folders get a trailing slash here, to distinguish them from files.
    const name = `${path.replace(/^(\.?\/)+/, "")}${type === "directory" ? "/" : ""}`;
    this.#isEmpty = false;
    // Current archives of Docker are OCI layouts too. As a layout their blobs have digests.
    if (name === "oci-layout") this.#isLayout = true;
    if (name === "manifest.json") this.#isDocker = true;
    if (/^[^/]+\/oci-layout$/.test(name)) this.#folder = name.slice(0, name.indexOf("/"));
    if (/^(usr|etc|bin|proc)(\/|$)/.test(name)) this.#isRoot = true;
    return this.#isLayout || this.#isRoot;
  }

  /** Whether a folder of a root file system is among the members. */
  get isRoot(): boolean {
    return this.#isRoot;
  }

  get kind(): ArchiveKind {
    if (this.#isLayout) return { kind: "oci-archive" };
    if (this.#isDocker) return { kind: "docker-archive" };
    if (this.#isRoot) return { kind: "tar" };
    if (this.#folder !== undefined) return { kind: "layout-inside", folder: this.#folder };
    return { kind: this.#isEmpty ? "empty" : "unknown" };
  }
}

const NAMES: Readonly<Record<ArchiveTransport, string>> = {
  "oci-archive": "an archive of an OCI image layout",
  "docker-archive": "an archive that `docker save` wrote",
  tar: "an archive of a root file system",
};

/** The error for an archive of another kind than the `wanted` one; undefined if its kind is unknown or the wanted one. */
export function otherArchive(
  path: string,
  found: ArchiveKind,
  wanted: ArchiveTransport,
): PlatterError | undefined {
  switch (found.kind) {
    case "unknown":
    case wanted:
      return undefined;
    case "empty":
      return wrongKind(path, "an empty archive", "Write the image again.");
    case "layout-inside": {
      const { folder } = found;
      const what = `an archive of a folder \`${folder}\` that holds an OCI image layout`;
      return wrongKind(path, what, `Unpack it with \`tar -xf ${path}\`, and name \`oci:${folder}\`.`);
    }
    default:
      return wrongKind(path, NAMES[found.kind], `Write \`${found.kind}:${path}\`.`);
  }
}
