/** The implanted checksum of an ISO file. */
import type { FileHandle } from "node:fs/promises";
import { PlatterError } from "../base/error.ts";
import { throwIfAborted } from "../base/interrupt.ts";
import { openFileSource, readFrom, readInto, sizeOf } from "../files/byte-source.ts";
import { openInput } from "../files/open-input.ts";
import { shellWord } from "../process/command-line.ts";
import { checkIsoMd5, type IsoMd5Check, type PassOptions } from "./check.ts";
import { findVolumeExtent, IsoMd5, type IsoMd5Implant, noVolume, PIECE_SIZE } from "./isomd5.ts";
import { AREA_SIZE, decodeArea } from "./text.ts";

const READ_SIZE = 1024 * 1024;

interface ImplantOptions extends PassOptions {
  /** The action if the area is not blank: `keep` throws, `replace` overwrites. */
  present: "keep" | "replace";
  /** Whether the maker calls this a supported release. The default is false. */
  supported?: boolean;
}

/**
 * Computes the checksum of the ISO at `path` and writes it into the ISO. No other byte changes.
 * @throws PlatterError `E_ISOMD5_PRESENT` if the area is in use and `present` is `keep`; `E_ISO_OPEN`,
 * `E_ISO_NO_VOLUME`, `E_ISO_TOO_SMALL`, `E_ISO_TRUNCATED`, `E_INTERRUPTED`.
 */
export async function implantIsoMd5(path: string, options: ImplantOptions): Promise<IsoMd5Implant> {
  await using handle = await openInput(path, { code: "E_ISO_OPEN", flags: "r+" });
  const size = await sizeOf(handle);
  const extent = findVolumeExtent(await readFrom(handle, PIECE_SIZE, PIECE_SIZE));
  if (extent === undefined) throw noVolume();
  const area = decodeArea(await readFrom(handle, extent.areaOffset, AREA_SIZE));
  if (area.state !== "blank" && options.present === "keep") {
    const what = area.state === "foreign" ? "something other than a checksum" : "a checksum";
    throw new PlatterError({
      code: "E_ISOMD5_PRESENT",
      kind: "usage",
      message: `Cannot write the checksum of \`${path}\`: it already has ${what} there`,
      hint: `Check it with \`platter implant --check ${shellWord(path)}\`, or replace it with \`platter implant --force ${shellWord(path)}\`.`,
    });
  }
  const implant = await writeIsoMd5(handle, { ...options, size });
  await handle.sync();
  return implant;
}

/**
 * Computes the checksum of an open ISO of `size` bytes and writes it into the ISO.
 * @throws PlatterError `E_ISO_NO_VOLUME`, `E_ISO_TOO_SMALL`, `E_ISO_TRUNCATED`, `E_INTERRUPTED`
 */
export async function writeIsoMd5(
  handle: FileHandle,
  options: PassOptions & { size: number; supported?: boolean },
): Promise<IsoMd5Implant> {
  const { size, supported = false } = options;
  const hash = new IsoMd5();
  // One buffer is read while the other one is hashed. New buffers would cost more than reading.
  const buffers = [new Uint8Array(READ_SIZE), new Uint8Array(READ_SIZE)];
  const read = (offset: number) => {
    const buffer = buffers[(offset / READ_SIZE) % 2] as Uint8Array;
    return readInto(handle, offset, buffer.subarray(0, Math.max(0, size - offset)));
  };
  let next = read(0);
  try {
    for (let offset = 0; offset < size; offset += READ_SIZE) {
      throwIfAborted(options.signal, "the reading of the ISO");
      const chunk = await next;
      next = read(offset + READ_SIZE);
      hash.update(chunk);
      options.onProgress?.(offset + chunk.length, size);
    }
  } finally {
    // The caller closes the file only after the last read.
    await next.catch(() => undefined);
  }
  const implant = hash.finish({ supported });
  await handle.write(implant.bytes, 0, implant.bytes.length, implant.offset);
  return implant;
}

/**
 * Checks the ISO at `path`.
 * @throws PlatterError `E_ISO_OPEN` or `E_INTERRUPTED`; problems of the ISO are in the result.
 */
export async function checkIsoMd5File(path: string, options: PassOptions = {}): Promise<IsoMd5Check> {
  await using source = await openFileSource(path);
  return await checkIsoMd5(source, options);
}
