import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { PlatterError } from "../../../internal/base/error.ts";
import { type FatOptions, planFatImage, writeFatImage } from "../../../internal/fat/write.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";

const OPTIONS: FatOptions = { label: "PLATTER-ESP", volumeId: 0x1234abcd, time: 1_700_000_001 };
const bytes = (text: string) => new TextEncoder().encode(text);

function errorOf(action: () => unknown): PlatterError {
  try {
    action();
  } catch (error) {
    if (error instanceof PlatterError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** 32-byte entries of the root directory up to the first free one. */
function rootEntries(image: Uint8Array): Uint8Array[] {
  const view = new DataView(image.buffer);
  const start = (view.getUint16(14, true) + 2 * view.getUint16(22, true)) * 512;
  const entries: Uint8Array[] = [];
  for (let at = start; image[at] !== 0; at += 32) entries.push(image.subarray(at, at + 32));
  return entries;
}

const shortNameOf = (entry: Uint8Array) => Buffer.from(entry.subarray(0, 11)).toString("latin1");

describe("boot sector", () => {
  const image = writeFatImage([{ path: "EFI/BOOT/BOOTX64.EFI", content: bytes("MZ") }], OPTIONS);
  const view = new DataView(image.buffer);

  test("the BIOS parameter block says FAT16 in every way a reader may ask", () => {
    expect([...image.subarray(0, 3)]).toEqual([0xeb, 0x3c, 0x90]);
    expect(view.getUint16(11, true)).toBe(512);
    expect(image[13]).toBe(1);
    expect(view.getUint16(14, true)).toBe(1);
    expect(image[16]).toBe(2);
    expect(view.getUint16(17, true)).toBe(512);
    expect(image[21]).toBe(0xf8);
    expect(view.getUint32(28, true)).toBe(0);
    expect(view.getUint32(39, true)).toBe(0x1234abcd);
    expect(Buffer.from(image.subarray(43, 62)).toString()).toBe("PLATTER-ESPFAT16   ");
    expect(view.getUint16(510, true)).toBe(0xaa55);
    const sectors = view.getUint16(19, true) || view.getUint32(32, true);
    expect(sectors * 512).toBe(image.length);
    const clusters = sectors - 1 - 2 * view.getUint16(22, true) - 32;
    expect(clusters).toBeGreaterThanOrEqual(4085);
    expect(clusters).toBeLessThan(65525);
    expect(view.getUint16(22, true) * 256).toBeGreaterThanOrEqual(clusters + 2);
    expect(image.length % 2048).toBe(0);
  });

  test("bytes 446 to 461 are zero, for old Macs", () => {
    expect([...image.subarray(446, 462)]).toEqual(new Array(16).fill(0));
  });

  test("the label is the root's first entry", () => {
    expect(shortNameOf(rootEntries(image)[0]!)).toBe("PLATTER-ESP");
    expect(rootEntries(image)[0]![11]).toBe(8);
  });
});

describe("names", () => {
  const shortNames = (...names: string[]) =>
    rootEntries(
      writeFatImage(
        names.map((path) => ({ path, content: bytes(path) })),
        OPTIONS,
      ),
    )
      .slice(1)
      .filter((entry) => entry[11] !== 0x0f)
      .map(shortNameOf);

  test.each([
    ["GRUB.CFG", "GRUB    CFG"],
    ["grubx64.efi", "GRUBX64 EFI"],
    ["shimx64-fedora.efi", "SHIMX6~1EFI"],
    ["a.tar.gz", "A~1     GZ "],
    [".disk", "DISK~1     "],
    ["a b", "AB~1       "],
    ["a+b.c", "A_B~1   C  "],
    ["naïve.txt", "NA_VE~1 TXT"],
    ["日本語.html", "___~1   HTM"],
    ["with.longext", "WITH~1  LON"],
  ])("%s is %s", (name, short) => {
    expect(shortNames(name)).toEqual([short]);
  });

  test("tails are counted and step round names that are taken", () => {
    expect(shortNames("longname-a", "longname-b", "LONGNA~2", "longna~3")).toEqual([
      "LONGNA~2   ",
      "LONGNA~1   ",
      "LONGNA~4   ",
      "LONGNA~3   ",
    ]);
  });

  test("tails grow a digit", () => {
    const names = Array.from({ length: 12 }, (_, n) => `a long name ${String(n).padStart(2, "0")}`);
    expect(shortNames(...names).slice(8)).toEqual([
      "ALONGN~9   ",
      "ALONG~10   ",
      "ALONG~11   ",
      "ALONG~12   ",
    ]);
  });

  test("a plain upper-case name has no long entry, any other has", () => {
    const image = writeFatImage(
      [
        { path: "PLAIN.TXT", content: bytes("") },
        { path: "plain2.txt", content: bytes("") },
      ],
      OPTIONS,
    );
    expect(rootEntries(image).map((entry) => entry[11])).toEqual([0x08, 0x20, 0x0f, 0x20]);
  });

  test("a long entry carries checksum, order and padding", () => {
    // 13 units fill one entry exactly: neither NUL nor padding.
    const image = writeFatImage([{ path: "thirteen.char", content: bytes("") }], OPTIONS);
    const [, long, short] = rootEntries(image);
    expect(long![0]).toBe(0x41);
    let sum = 0;
    for (const byte of short!.subarray(0, 11)) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff;
    expect(long![13]).toBe(sum);
    expect(Buffer.from(long!.subarray(28, 32)).toString("utf16le")).toBe("ar");
    const [, padded] = rootEntries(writeFatImage([{ path: "ten-chars1", content: bytes("") }], OPTIONS));
    expect([...padded!.subarray(24, 32)]).toEqual([0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
  });

  test("an error lists all names that FAT cannot hold", () => {
    const error = errorOf(() =>
      writeFatImage(
        [
          { path: "a:b", content: bytes("") },
          { path: "dir/../x", content: bytes("") },
          { path: "/lead", content: bytes("") },
          { path: "dot.", content: bytes("") },
          { path: `${"x".repeat(256)}`, content: bytes("") },
          { path: Array(70).fill("abc").join("/"), content: bytes("") },
          { path: "half\ud800", content: bytes("") },
          { path: "fine", content: bytes("") },
        ],
        OPTIONS,
      ),
    );
    expect(error.code).toBe("E_FAT_NAME");
    expect(error.kind).toBe("contract");
    expect(error.detail).toHaveLength(7);
    expect(error.detail.join("\n")).toContain('`a:b` holds ":"');
  });

  test.each([
    [["EFI/x", "EFI/X"], "`EFI/X` has the same name as `EFI/x`"],
    [
      ["EFI/x", "efi/y"],
      "`efi/y` has the same directory as `EFI/x`, written otherwise".replace("EFI/x", "EFI"),
    ],
    [["a", "a/b"], "`a/b` has the same name as `a`"],
    [["a/b", "A"], "`A` has the same name as `a`"],
    [["ä", "Ä"], "`Ä` has the same name as `ä`"],
  ])("%p collide", (paths, message) => {
    const files = paths.map((path) => ({ path, content: bytes("") }));
    expect(errorOf(() => writeFatImage(files, OPTIONS)).detail).toEqual([message]);
  });

  test.each([
    "",
    "TWELVE CHARS",
    "lower",
    " X",
    "X ",
    "A.B",
    "É",
    "NO NAME",
  ])("label %p is refused", (label) => {
    expect(errorOf(() => writeFatImage([], { ...OPTIONS, label })).code).toBe("E_FAT_LABEL");
  });
});

describe("times", () => {
  const stamp = (time: number) => {
    const entry = rootEntries(writeFatImage([{ path: "A", content: bytes("") }], { ...OPTIONS, time }))[1]!;
    const view = new DataView(entry.buffer, entry.byteOffset);
    const date = view.getUint16(24, true);
    const clock = view.getUint16(22, true);
    expect([view.getUint16(14, true), view.getUint16(16, true), view.getUint16(18, true)]).toEqual([
      clock,
      date,
      date,
    ]);
    return [
      (date >> 9) + 1980,
      (date >> 5) & 15,
      date & 31,
      clock >> 11,
      (clock >> 5) & 63,
      (clock & 31) * 2,
      entry[13],
    ];
  };

  test("are UTC with the odd second in the tenths", () => {
    expect(stamp(Date.UTC(2024, 1, 29, 23, 59, 59) / 1000)).toEqual([2024, 2, 29, 23, 59, 58, 100]);
  });

  test("outside of FAT's range become its ends", () => {
    expect(stamp(0)).toEqual([1980, 1, 1, 0, 0, 0, 0]);
    expect(stamp(2 ** 33)).toEqual([2107, 12, 31, 23, 59, 58, 100]);
  });
});

describe("size", () => {
  test("clusters grow only when the content needs it", () => {
    const clusterOf = (length: number) =>
      planFatImage([{ path: "A", content: new Uint8Array(length) }], OPTIONS)
        .chunks()
        [Symbol.iterator]()
        .next().value![13];
    expect(clusterOf(30 * 1024 * 1024)).toBe(1);
    expect(clusterOf(33 * 1024 * 1024)).toBe(2);
    expect(clusterOf(600 * 1024 * 1024)).toBe(32);
  });

  test("more than FAT16 holds is refused", () => {
    const half = new Uint8Array(2 ** 30);
    const files = ["A", "B"].map((path) => ({ path, content: half }));
    expect(errorOf(() => planFatImage(files, OPTIONS)).code).toBe("E_FAT_TOO_LARGE");
  });

  test("the asked for room stays free", () => {
    const content = new Uint8Array(3 * 1024 * 1024);
    const size = (minimumFreeBytes: number) =>
      planFatImage([{ path: "A", content }], { ...OPTIONS, minimumFreeBytes }).size;
    expect(size(5_000_000) - size(0)).toBeGreaterThanOrEqual(5_000_000);
    expect(size(0)).toBeLessThan(3.1 * 1024 * 1024);
  });

  test("a root with more than 512 entries grows", () => {
    const files = Array.from({ length: 600 }, (_, n) => ({ path: `F${n}`, content: bytes("") }));
    const image = writeFatImage(files, OPTIONS);
    expect(new DataView(image.buffer).getUint16(17, true)).toBe(608);
    expect(rootEntries(image)).toHaveLength(601);
  });
});

test("neither the order of the files nor the run changes the bytes", () => {
  const path = fc.array(fc.stringMatching(/^[a-zA-Z0-9 _.-]{0,20}[a-zA-Z0-9]$/), {
    minLength: 1,
    maxLength: 3,
  });
  const tree = fc.uniqueArray(
    fc.record({ path: path.map((names) => names.join("/")), content: fc.uint8Array({ maxLength: 3000 }) }),
    { selector: (file) => file.path.toLowerCase(), maxLength: 20 },
  );
  fc.assert(
    fc.property(tree, (files) => {
      let first: Uint8Array;
      try {
        first = writeFatImage(files, OPTIONS);
      } catch (error) {
        // A file in the place of another's directory.
        expect(error).toMatchObject({ code: "E_FAT_NAME" });
        return;
      }
      expectSameBytes(first, writeFatImage(files.toReversed(), OPTIONS));
    }),
    { numRuns: 50 },
  );
});
