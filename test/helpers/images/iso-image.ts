import { writeFatImage } from "../../../internal/fat/write.ts";
import type { IsoDescription, SizedContent } from "../../../internal/iso/write/description.ts";
import { type IsoImage, layoutIso } from "../../../internal/iso/write/layout-iso.ts";

/** A small ISO that boots on UEFI alone, with what a test changes. */
export function description(changes: Partial<IsoDescription> = {}): IsoDescription {
  return {
    volumeId: "TEST-LABEL",
    time: 1_700_000_000,
    uuid: "52daf732-d0fe-8dd4-9aa4-67c5ec1e394d",
    rootfs: undefined,
    files: [],
    bios: undefined,
    esp: { bytes: espImage() },
    strictGpt: false,
    ...changes,
  };
}

/** A file system with one file. */
export function espImage(): Uint8Array {
  const files = [{ path: "EFI/BOOT/grub.cfg", content: Buffer.from("exit\n") }];
  return writeFatImage(files, { label: "PLATTER-ESP", volumeId: 7, time: 1.7e9 });
}

/** The bytes of an ISO whose contents are all in memory. */
export function bytesOf(image: IsoImage): Uint8Array {
  const bytes = new Uint8Array(image.size);
  const put = (at: number, content: SizedContent) => {
    if (!("bytes" in content)) throw new Error("only contents in memory");
    bytes.set(content.bytes, at);
  };
  for (const { at, content } of image.contents) put(at, content);
  for (const { at, content } of image.structures) bytes.set(content, at);
  return bytes;
}

export function isoBytes(changes: Partial<IsoDescription>): Uint8Array {
  return bytesOf(layoutIso(description(changes)));
}
