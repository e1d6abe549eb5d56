import type { BytePath } from "./byte-path.ts";
import type { FilePart } from "./file-range.ts";

/** A content of a layer, at a place that it keeps as long as the image is open; a layer above may cover it. */
export interface ArrivingContent {
  path: BytePath;
  part: FilePart;
  /** Waits until so many bytes of it are there, or it is known that they will not be. */
  reaches(length: number): Promise<void>;
}

/** Is told of contents while the image is still being read. */
export interface ContentListener {
  /** In bytes: shorter contents are not told of. */
  readonly least: number;
  found(content: ArrivingContent): void;
}
