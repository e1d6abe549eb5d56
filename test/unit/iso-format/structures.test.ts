/** The structures of an ISO, byte by byte. */
import { describe, expect, test } from "bun:test";
import { placeBootImage, sumOfWords } from "../../../internal/iso-format/boot-info.ts";
import {
  encodeDirectoryRecord,
  extentSizes,
  MAX_EXTENT,
  PARENT,
  recordLength,
} from "../../../internal/iso-format/directory-record.ts";
import { encodeBootCatalog, loadSize } from "../../../internal/iso-format/el-torito.ts";
import { ESP_TYPE, encodeGpt, READ_ONLY } from "../../../internal/iso-format/gpt.ts";
import { decodeGuid, encodeGuid } from "../../../internal/iso-format/guid.ts";
import { recordTime, volumeTime } from "../../../internal/iso-format/iso-time.ts";
import { encodeMbr } from "../../../internal/iso-format/mbr.ts";
import { encodePathTable } from "../../../internal/iso-format/path-table.ts";
import {
  encodeContinuation,
  encodeExtension,
  encodeName,
  encodePosixAttributes,
  encodeSharingProtocol,
  encodeTimes,
  MODE,
} from "../../../internal/iso-format/rock-ridge.ts";
import { jolietPadded, padded, ucs2 } from "../../../internal/iso-format/text.ts";
import {
  encodeBootRecord,
  encodeTerminator,
  encodeVolumeDescriptor,
} from "../../../internal/iso-format/volume-descriptor.ts";

/** 2023-11-14 22:13:20 UTC. */
const TIME = 1_700_000_000;
const DATE = "7b 0b 0e 16 0d 14 00";

/** Bytes as hexadecimal digits, each byte apart. */
function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
}

const ascii = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
const zeros = (count: number) => new Array(count).fill("00").join(" ");

describe("times", () => {
  test.each([
    [0, "46 01 01 00 00 00 00"],
    [TIME, DATE],
    [2 ** 32 - 1, "ce 02 07 06 1c 0f 00"],
    [253_402_300_799, "ff 0c 1f 17 3b 3b 00"],
  ])("recordTime: %i", (seconds, bytes) => {
    expect(hex(recordTime(seconds))).toBe(bytes);
  });

  test.each([
    [0, "1970010100000000\0"],
    [TIME, "2023111422132000\0"],
    [2 ** 32 - 1, "2106020706281500\0"],
  ])("volumeTime: %i", (seconds, digits) => {
    expect(text(volumeTime(seconds))).toBe(digits);
  });
});

describe("texts", () => {
  test("padded: spaces after the text, and a cut at the length", () => {
    expect(text(padded("LINUX", 8))).toBe("LINUX   ");
    expect(text(padded("LINUX", 3))).toBe("LIN");
    expect(hex(padded("é", 3))).toBe("c3 a9 20");
  });

  test("jolietPadded: two bytes a character, and a zero where the length is odd", () => {
    expect(hex(jolietPadded("aé", 7))).toBe("00 61 00 e9 00 20 00");
    expect(hex(ucs2("\u20ac"))).toBe("20 ac");
  });
});

describe("encodeDirectoryRecord", () => {
  test("a directory with a name of even length has a byte of padding", () => {
    const record = { identifier: ascii("BOOT"), kind: "directory" as const, isLast: true };
    const bytes = encodeDirectoryRecord({ ...record, extent: { lba: 0x26, size: 2048 }, time: TIME });
    expect(hex(bytes)).toBe(
      [
        ...["26 00", "26 00 00 00 00 00 00 26", "00 08 00 00 00 00 08 00", DATE, "02", "00 00"],
        ...["01 00 00 01", "04", "42 4f 4f 54", "00"],
      ].join(" "),
    );
  });

  test("`..` has no padding, and the system use area follows", () => {
    const record = { identifier: PARENT, kind: "directory" as const, isLast: true };
    const systemUse = ascii("abc");
    const bytes = encodeDirectoryRecord({ ...record, extent: { lba: 1, size: 2 }, time: TIME, systemUse });
    expect(bytes.length).toBe(38);
    expect(bytes[0]).toBe(38);
    expect(hex(bytes.subarray(32))).toBe("01 01 61 62 63 00");
    expect(recordLength(1, 3)).toBe(38);
  });

  test("an extent that another one follows has flag 0x80", () => {
    const record = { identifier: ascii("A.;1"), kind: "file" as const, isLast: false };
    const bytes = encodeDirectoryRecord({ ...record, extent: { lba: 1, size: MAX_EXTENT }, time: TIME });
    expect(hex(bytes.subarray(10, 18))).toBe("00 f8 ff ff ff ff f8 00");
    expect(bytes[25]).toBe(0x80);
  });

  test("extentSizes: whole sectors in all extents but the last", () => {
    expect(extentSizes(0)).toEqual([0]);
    expect(extentSizes(1)).toEqual([1]);
    expect(extentSizes(MAX_EXTENT)).toEqual([MAX_EXTENT]);
    expect(extentSizes(MAX_EXTENT + 1)).toEqual([MAX_EXTENT, 1]);
    expect(extentSizes(2 ** 32)).toEqual([MAX_EXTENT, 2048]);
    const terabyte = extentSizes(2 ** 40);
    expect(terabyte).toHaveLength(257);
    expect(terabyte.reduce((sum, size) => sum + size)).toBe(2 ** 40);
  });
});

describe("Rock Ridge", () => {
  test("SP, PX, TF and CE", () => {
    expect(hex(encodeSharingProtocol())).toBe("53 50 07 01 be ef 00");
    expect(hex(encodePosixAttributes(MODE.file))).toBe(
      `50 58 24 01 24 81 00 00 00 00 81 24 01 00 00 00 00 00 00 01 ${zeros(16)}`,
    );
    expect(hex(encodePosixAttributes(MODE.directory).subarray(4, 12))).toBe("6d 41 00 00 00 00 41 6d");
    expect(hex(encodeTimes(TIME))).toBe(`54 46 1a 01 0e ${DATE} ${DATE} ${DATE}`);
    expect(hex(encodeContinuation({ lba: 0x24, at: 0x102, length: 0xed }))).toBe(
      "43 45 1c 01 24 00 00 00 00 00 00 24 02 01 00 00 00 00 01 02 ed 00 00 00 00 00 00 ed",
    );
  });

  test("ER names the extension by its three texts", () => {
    const bytes = encodeExtension();
    expect(hex(bytes.subarray(0, 8))).toBe("45 52 ed 01 0a 54 87 01");
    expect(bytes.length).toBe(0xed);
    expect(text(bytes.subarray(8, 18))).toBe("RRIP_1991A");
    expect(text(bytes.subarray(18)).slice(0, 32)).toBe("THE ROCK RIDGE INTERCHANGE PROTO");
    expect(text(bytes).endsWith("FOR CONTACT INFORMATION.")).toBe(true);
  });

  test("NM: a name of more than 250 bytes continues in a second entry", () => {
    expect(hex(encodeName(ascii("boot")))).toBe("4e 4d 09 01 00 62 6f 6f 74");
    const long = encodeName(ascii("x".repeat(255)));
    expect(long.length).toBe(255 + 10);
    expect(hex(long.subarray(0, 6))).toBe("4e 4d ff 01 01 78");
    expect(hex(long.subarray(255))).toBe("4e 4d 0a 01 00 78 78 78 78 78");
  });
});

test("encodePathTable: both orders", () => {
  const entries = [
    { identifier: Uint8Array.of(0), lba: 0x23, parent: 1 },
    { identifier: ascii("BOOT"), lba: 0x12345, parent: 1 },
    { identifier: ascii("EFI"), lba: 0x27, parent: 2 },
  ];
  expect(hex(encodePathTable(entries, "little"))).toBe(
    [
      "01 00 23 00 00 00 01 00 00 00",
      "04 00 45 23 01 00 01 00 42 4f 4f 54",
      "03 00 27 00 00 00 02 00 45 46 49 00",
    ].join(" "),
  );
  expect(hex(encodePathTable(entries, "big"))).toBe(
    [
      "01 00 00 00 00 23 00 01 00 00",
      "04 00 00 01 23 45 00 01 42 4f 4f 54",
      "03 00 00 00 00 27 00 02 45 46 49 00",
    ].join(" "),
  );
});

describe("volume descriptors", () => {
  const facts = {
    volumeId: "MY_LABEL-OF-24-CHARACTERS",
    time: TIME,
    sectors: 0x5bdc,
    pathTable: { size: 0xa0, little: 0x41, big: 0x42 },
    root: { lba: 0x23, size: 2048 },
  };
  const root = `22 00 23 00 00 00 00 00 00 23 00 08 00 00 00 00 08 00 ${DATE} 02 00 00 01 00 00 01 01 00`;

  test("primary", () => {
    const bytes = encodeVolumeDescriptor({ kind: "primary", ...facts });
    expect(bytes.length).toBe(2048);
    expect(hex(bytes.subarray(0, 8))).toBe("01 43 44 30 30 31 01 00");
    expect(text(bytes.subarray(8, 72))).toBe("LINUX".padEnd(32) + "MY_LABEL-OF-24-CHARACTERS".padEnd(32));
    expect(hex(bytes.subarray(72, 132))).toBe(
      `${zeros(8)} dc 5b 00 00 00 00 5b dc ${zeros(32)} 01 00 00 01 01 00 00 01 00 08 08 00`,
    );
    expect(hex(bytes.subarray(132, 156))).toBe(
      "a0 00 00 00 00 00 00 a0 41 00 00 00 00 00 00 00 00 00 00 42 00 00 00 00",
    );
    expect(hex(bytes.subarray(156, 190))).toBe(root);
    expect(text(bytes.subarray(190, 813)).trim()).toBe("PLATTER");
    expect(text(bytes.subarray(446, 453))).toBe("PLATTER");
    const [time, none] = ["2023111422132000\0", "0000000000000000\0"];
    expect(text(bytes.subarray(813, 881))).toBe(time + time + none + none);
    expect(hex(bytes.subarray(881, 883))).toBe("01 00");
    expect(text(bytes.subarray(883, 1395))).toBe(" ".repeat(512));
    expect(bytes.subarray(1395).every((byte) => byte === 0)).toBe(true);
  });

  test("Joliet: the same numbers, texts in UCS-2, 16 characters of the label", () => {
    const bytes = encodeVolumeDescriptor({ kind: "joliet", ...facts });
    expect(hex(bytes.subarray(0, 8))).toBe("02 43 44 30 30 31 01 00");
    expect(text(bytes.subarray(40, 72)).replaceAll("\0", "")).toBe("MY_LABEL-OF-24-C");
    expect(hex(bytes.subarray(80, 120))).toBe(`dc 5b 00 00 00 00 5b dc 25 2f 45 ${zeros(29)}`);
    expect(hex(bytes.subarray(156, 190))).toBe(root);
    expect(bytes.subarray(883).every((byte) => byte === 0)).toBe(true);
  });

  test("boot record and terminator", () => {
    const bytes = encodeBootRecord(0x1234);
    expect(hex(bytes.subarray(0, 7))).toBe("00 43 44 30 30 31 01");
    expect(text(bytes.subarray(7, 39))).toBe("EL TORITO SPECIFICATION".padEnd(32, "\0"));
    expect(hex(bytes.subarray(71, 75))).toBe("34 12 00 00");
    expect(bytes.subarray(75).every((byte) => byte === 0)).toBe(true);
    expect(hex(encodeTerminator().subarray(0, 8))).toBe("ff 43 44 30 30 31 01 00");
  });
});

describe("encodeBootCatalog", () => {
  test("BIOS and UEFI", () => {
    const bytes = encodeBootCatalog([
      { platform: "bios", lba: 0x8f, blocks: 4 },
      { platform: "uefi", lba: 0x4b5e, blocks: 0x3f60 },
    ]);
    expect(bytes.length).toBe(2048);
    expect(hex(bytes.subarray(0, 32))).toBe(`01 00 ${zeros(26)} aa 55 55 aa`);
    expect(hex(bytes.subarray(32, 64))).toBe(`88 00 00 00 00 00 04 00 8f 00 00 00 ${zeros(20)}`);
    expect(hex(bytes.subarray(64, 96))).toBe(`91 ef 01 00 ${zeros(28)}`);
    expect(hex(bytes.subarray(96, 128))).toBe(`88 00 00 00 00 00 60 3f 5e 4b 00 00 ${zeros(20)}`);
    expect(bytes.subarray(128).every((byte) => byte === 0)).toBe(true);
  });

  test("UEFI alone is the default entry, and its platform is in the validation entry", () => {
    const bytes = encodeBootCatalog([{ platform: "uefi", lba: 0x46d8, blocks: 0 }]);
    // 0xef01 + 0xaa55 + 0x66aa = 0x20000, of which 16 bits are zero.
    expect(hex(bytes.subarray(0, 32))).toBe(`01 ef ${zeros(26)} aa 66 55 aa`);
    expect(hex(bytes.subarray(32, 64))).toBe(`88 00 00 00 00 00 00 00 d8 46 00 00 ${zeros(20)}`);
    expect(bytes.subarray(64).every((byte) => byte === 0)).toBe(true);
  });

  test("loadSize: 0 where 16 bits do not suffice", () => {
    expect([loadSize(0xffff), loadSize(0x10000)]).toEqual([0xffff, 0]);
  });
});

describe("placeBootImage", () => {
  test("sets the boot-info-table and GRUB's field in a copy", () => {
    const image = new Uint8Array(2600).fill(1);
    const bytes = placeBootImage(image, 143);
    expect(hex(bytes.subarray(0, 8))).toBe("01 01 01 01 01 01 01 01");
    // 143 × 4 + 5 = 577 = 0x241.
    expect(hex(bytes.subarray(2547, 2557))).toBe("01 41 02 00 00 00 00 00 00 01");
    // 634 words follow the table: 632 are 0x01010101, one is 0x241, one is 0.
    const sum = (632 * 0x01010101 + 0x241) % 2 ** 32;
    expect(new DataView(bytes.buffer).getUint32(20, true)).toBe(sum);
    expect(hex(bytes.subarray(8, 20))).toBe("10 00 00 00 8f 00 00 00 28 0a 00 00");
    expect(hex(bytes.subarray(24, 64))).toBe(zeros(40));
    expect(image.every((byte) => byte === 1)).toBe(true);
  });

  test("sumOfWords: a part of a word counts, and the sum wraps", () => {
    expect(sumOfWords(Uint8Array.of(1, 2, 3, 4, 5))).toBe(0x04030201 + 5);
    expect(sumOfWords(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 2))).toBe(1);
  });
});

describe("encodeMbr", () => {
  test("with GRUB's code, its pointer, and the active entry", () => {
    const code = new Uint8Array(512).fill(0x90);
    const bytes = encodeMbr({ blocks: 94064, loader: { code, image: 143 }, active: true });
    expect(bytes.subarray(0, 432).every((byte) => byte === 0x90)).toBe(true);
    // 143 × 4 + 4 = 0x240; no disk signature.
    expect(hex(bytes.subarray(432, 446))).toBe(`40 02 ${zeros(12)}`);
    // Block 94063 is cylinder 45, head 59, sector 16.
    expect(hex(bytes.subarray(446, 462))).toBe("00 00 02 00 ee 3b 10 2d 01 00 00 00 6f 6f 01 00");
    expect(hex(bytes.subarray(462, 478))).toBe("80 00 01 00 00 00 01 00 00 00 00 00 01 00 00 00");
    expect(hex(bytes.subarray(478))).toBe(`${zeros(32)} 55 aa`);
  });

  test("without BIOS there is the protective entry alone", () => {
    const bytes = encodeMbr({ blocks: 94064, loader: undefined, active: false });
    expect(bytes.subarray(0, 446).every((byte) => byte === 0)).toBe(true);
    expect(hex(bytes.subarray(446, 478))).toBe(
      `00 00 02 00 ee 3b 10 2d 01 00 00 00 6f 6f 01 00 ${zeros(16)}`,
    );
  });

  test("more blocks than 32 bits count, and more cylinders than there are", () => {
    const bytes = encodeMbr({ blocks: 2 ** 33, loader: undefined, active: false });
    expect(hex(bytes.subarray(446, 462))).toBe("00 00 02 00 ee fe ff ff 01 00 00 00 ff ff ff ff");
  });
});

describe("encodeGpt", () => {
  const diskGuid = "52daf732-d0fe-8dd4-9aa4-67c5ec1e394d";
  const partition = { type: ESP_TYPE, name: "Esp", first: 64, last: 999, attributes: READ_ONLY };
  const { primary, backup } = encodeGpt({ diskGuid, blocks: 94064, partitions: [partition, partition] });

  test("the primary header and its entries are in front, the backup's header is the last block", () => {
    expect([primary.block, primary.bytes.length]).toEqual([1, 63 * 512]);
    expect([backup.block, backup.bytes.length]).toEqual([94001, 63 * 512]);
    expect(hex(primary.bytes.subarray(512))).toBe(hex(backup.bytes.subarray(0, 62 * 512)));
  });

  test.each([
    ["primary", primary.bytes.subarray(0, 512), [1, 94063, 2]],
    ["backup", backup.bytes.subarray(62 * 512), [94063, 1, 94001]],
  ] as const)("%s header", (_, header, [own, other, entries]) => {
    const view = new DataView(header.buffer, header.byteOffset);
    expect(text(header.subarray(0, 8))).toBe("EFI PART");
    expect(hex(header.subarray(8, 16))).toBe("00 00 01 00 5c 00 00 00");
    const numbers = [24, 32, 40, 48, 72].map((at) => Number(view.getBigUint64(at, true)));
    expect(numbers).toEqual([own, other, 64, 94000, entries]);
    expect(hex(header.subarray(56, 72))).toBe("32 f7 da 52 fe d0 d4 8d 9a a4 67 c5 ec 1e 39 4d");
    expect(hex(header.subarray(80, 88))).toBe("f8 00 00 00 80 00 00 00");
    const crc = (bytes: Uint8Array) => Number(Bun.hash.crc32(bytes));
    expect(view.getUint32(88, true)).toBe(crc(backup.bytes.subarray(0, 62 * 512)));
    const summed = Uint8Array.from(header.subarray(0, 92)).fill(0, 16, 20);
    expect(view.getUint32(16, true)).toBe(crc(summed));
  });

  test("an entry", () => {
    const entry = primary.bytes.subarray(512, 640);
    expect(hex(entry.subarray(0, 16))).toBe("28 73 2a c1 1f f8 d2 11 ba 4b 00 a0 c9 3e c9 3b");
    expect(hex(entry.subarray(16, 32))).toBe("32 f7 da 52 fe d0 d4 8d 9a a5 67 c5 ec 1e 39 4d");
    expect(hex(entry.subarray(32, 64))).toBe(
      "40 00 00 00 00 00 00 00 e7 03 00 00 00 00 00 00 01 00 00 00 00 00 00 10 45 00 73 00 70 00 00 00",
    );
    expect(hex(primary.bytes.subarray(656, 672))).toBe("32 f7 da 52 fe d0 d4 8d 9a a6 67 c5 ec 1e 39 4d");
  });

  test("decodeGuid: undoes encodeGuid", () => {
    expect(decodeGuid(encodeGuid(diskGuid))).toBe(diskGuid.toUpperCase());
  });
});
