import type { Layer } from "../image/decompress/layer.ts";

/** The description of a payload, before its layers are read. */
export interface PayloadDescription {
  /** The reference with its transport. */
  reference: string;
  /** Digest of the image's manifest. */
  digest: string;
  /**
   * Digests of the indexes that lead to the manifest, the outermost first; podman finds the image by their digests too.
   */
  indexes: string[];
  /** Full names under which podman lists the image; empty for an image without a name. */
  names: string[];
}

/** One layer of a payload, the lowest first. */
export interface PayloadLayer {
  layer: Layer;
  /** SHA-256 of the plain tar archive, as the image's configuration has it. */
  diffId: string;
  /** The blob that the manifest names, which may differ from the blob that is read. */
  blob: { digest: string; size: number; mediaType: string };
}

/** A payload whose layers can be read. */
export interface PayloadImage extends AsyncDisposable {
  /** The exact bytes of the manifest and the configuration. Their digests are the image's digest and its id. */
  manifest: Uint8Array;
  config: Uint8Array;
  /** The exact bytes of the indexes in its description. */
  indexes: readonly Uint8Array[];
  /** Creation time of the image in seconds since 1970; undefined if it does not have one. */
  created: number | undefined;
  layers: readonly PayloadLayer[];
}

/** A payload's description, and a function that opens the image. */
export interface PayloadSource {
  describe(): Promise<PayloadDescription>;
  /** Opens the described image. @throws PlatterError `E_PAYLOAD_CHANGED` if the source now has another image */
  open(described: Pick<PayloadDescription, "digest" | "indexes">): Promise<PayloadImage>;
}
