import { join } from "node:path";
import { openFileSource } from "../files/byte-source.ts";
import type { ImageTree, SourceLayer } from "../image/image-tree.ts";
import type { RootfsOptions } from "../rootfs/rootfs-options.ts";
import { type IsoSizes, isoSizes } from "../sizes/iso-sizes.ts";
import { build } from "./build.ts";
import { openNamedImage } from "./open-image.ts";
import type { Session } from "./session.ts";
import type { ArtifactCache } from "./work/artifact-cache.ts";

export interface ImageSizes extends IsoSizes {
  /** The layers of the image, lowest first. Undefined without an image that has layers. */
  sourceLayers: readonly SourceLayer[] | undefined;
}

/**
 * The sizes of an ISO. If the session names an image, the files are also counted by the layers of that image.
 * @throws PlatterError `E_ISO_OPEN`, `E_ISO_NO_VOLUME`, `E_SIZES`; the errors of opening the image
 */
export async function sizesOfIso(session: Session, iso: string): Promise<ImageSizes> {
  const { reference } = session.options;
  if (reference === undefined) return sizesWith(iso, undefined);
  const task = session.context.reporter.task("read image");
  const image = await openNamedImage(session, reference, { task });
  task.done();
  return sizesWith(iso, image);
}

/**
 * The sizes of the ISO of the session's image, which is made in the work directory.
 * @throws PlatterError the errors of `build` and of {@link sizesOfIso}
 */
export async function sizesOfImage(
  session: Session,
  { squash, cache }: { squash: RootfsOptions; cache: ArtifactCache | undefined },
): Promise<ImageSizes> {
  const output = join(session.context.work.path, "sizes.iso");
  const { image } = await build(session, {
    output: () => output,
    from: "inspect",
    to: "assemble",
    freshness: "when-changed",
    squash,
    cache,
    reuse: undefined,
    strictGpt: false,
  });
  return sizesWith(output, image);
}

async function sizesWith(iso: string, image: ImageTree | undefined): Promise<ImageSizes> {
  await using source = await openFileSource(iso);
  return { ...(await isoSizes(source, image)), sourceLayers: image?.source.layers };
}
