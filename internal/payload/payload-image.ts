import type { Layer } from "../image/decompress/layer.ts";

/** What is known about a payload before its layers are read. */
export interface PayloadDescription {
  /** The reference with its transport. */
  reference: string;
  /** Digest of the image's manifest. */
  digest: string;
  /** Digests of the indexes that lead to the manifest, the outermost first; podman finds the image by these too. */
  indexes: string[];
  /** Names under which podman lists it, in full; none for an image that has none. */
  names: string[];
}

/** One layer of a payload, the lowest first. */
export interface PayloadLayer {
  layer: Layer;
  /** SHA-256 of the plain tar archive, as the image's configuration has it. */
  diffId: string;
  /** The blob that the manifest names, which need not be the one that is read. */
  blob: { digest: string; size: number; mediaType: string };
}

/** A payload whose layers can be read. */
export interface PayloadImage extends AsyncDisposable {
  /** The manifest and the configuration to the byte: their digests are the image's digest and its id. */
  manifest: Uint8Array;
  config: Uint8Array;
  /** The indexes of its description, to the byte. */
  indexes: readonly Uint8Array[];
  /** Seconds since 1970 at which the image says it was made. */
  created: number | undefined;
  layers: readonly PayloadLayer[];
}

/** A payload's description that was looked up, and how to get at the image. */
export interface PayloadSource {
  describe(): Promise<PayloadDescription>;
  /** The image that was described. @throws PlatterError `E_PAYLOAD_CHANGED` if there is another one now */
  open(described: Pick<PayloadDescription, "digest" | "indexes">): Promise<PayloadImage>;
}
