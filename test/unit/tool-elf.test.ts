import { describe, expect, test } from "bun:test";
import { readFileSync, realpathSync } from "node:fs";
import fc from "fast-check";
import { parseElf } from "../../internal/tool/elf.ts";

/** What readelf says of a file. */
function judged(path: string): { interpreter: string | undefined; needed: string[] } {
  const told = Bun.spawnSync(["readelf", "-ldW", path]).stdout.toString();
  return {
    interpreter: /Requesting program interpreter: (.*)\]/.exec(told)?.[1],
    needed: [...told.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name]) => name!),
  };
}

const TRUE = realpathSync("/bin/true");
const bytes = readFileSync(TRUE);

describe("parseElf", () => {
  test.each([
    "/bin/true",
    "/bin/sh",
    "/usr/bin/xorriso",
    "/usr/bin/mksquashfs",
    process.execPath,
  ])("%s, as readelf has it", (path) => {
    const { interpreter, needed } = parseElf(readFileSync(path))!;
    expect({ interpreter, needed }).toEqual(judged(path));
    expect(needed.length).toBeGreaterThan(0);
  });

  test("the loader itself, which needs nothing", () => {
    const loader = parseElf(bytes)!.interpreter!;
    expect(parseElf(readFileSync(loader))).toEqual({ interpreter: undefined, needed: [], searchPath: [] });
  });

  test("a library, which has no interpreter", () => {
    const library = /(\/\S*libc\.so\.6)/.exec(Bun.spawnSync(["ldd", TRUE]).stdout.toString())![1]!;
    expect(parseElf(readFileSync(library))!.needed).toEqual(judged(library).needed);
  });

  test.each([
    ["nothing", Buffer.alloc(0)],
    ["a script", Buffer.from("#!/bin/sh\nexec true\n".padEnd(100))],
    ["the magic alone", Buffer.from("7f454c460201", "hex")],
    ["32 bits", Buffer.concat([Buffer.from("7f454c460101", "hex"), bytes.subarray(6)])],
    ["big-endian", Buffer.concat([Buffer.from("7f454c460202", "hex"), bytes.subarray(6)])],
  ])("%s is no program", (_, content) => {
    expect(parseElf(content)).toBeUndefined();
  });

  test("cut off anywhere: what it still tells is a part of the whole, or nothing", () => {
    const whole = parseElf(bytes)!;
    for (let length = 0; length < bytes.length; length += 97) {
      const cut = parseElf(bytes.subarray(0, length));
      if (cut === undefined) continue;
      for (const name of cut.needed) expect(whole.needed.some((each) => each.startsWith(name))).toBe(true);
    }
    expect(parseElf(bytes.subarray(0, 200))).toBeUndefined();
  });

  test("with any bytes changed, in the headers and the dynamic section above all, it never throws", () => {
    const table = Number(bytes.readBigUInt64LE(32));
    const place = fc.oneof(
      fc.integer({ min: 16, max: 63 }),
      fc.integer({ min: table, max: table + 13 * 56 }),
      fc.nat(bytes.length - 1),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 8 }), (changes) => {
        const changed = Buffer.from(bytes);
        for (const [at, value] of changes) changed[at] = value;
        parseElf(changed);
      }),
      { numRuns: 2000 },
    );
  });

  test("random bytes behind the magic never throw", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 64, maxLength: 4096 }), (noise) => {
        noise.set(Buffer.from("7f454c460201", "hex"));
        parseElf(noise);
      }),
      { numRuns: 2000 },
    );
  });

  test("run paths, joined by colons", () => {
    const program = elf({ needed: ["liba.so.1", "libb.so"], runpath: "$ORIGIN/../lib::/opt/lib" });
    expect(parseElf(program)).toEqual({
      interpreter: "/lib64/ld.so",
      needed: ["liba.so.1", "libb.so"],
      searchPath: ["$ORIGIN/../lib", "/opt/lib"],
    });
  });

  test("a dynamic section without a string table is refused", () => {
    const program = elf({ needed: ["liba.so.1"], runpath: "/x" });
    // DT_STRTAB is the first entry.
    program.writeBigInt64LE(0x6fff_0000n, 0x300);
    expect(parseElf(program)).toBeUndefined();
  });
});

/** A program as small as can be: headers, one loaded segment over all of it, an interpreter, a dynamic section. */
function elf(about: { needed: string[]; runpath: string }): Buffer {
  const file = Buffer.alloc(0x600);
  const base = 0x400000;
  file.write("7f454c4602010100", 0, "hex");
  file.writeBigUInt64LE(64n, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(3, 56);
  const segment = (index: number, type: number, offset: number, size: number) => {
    const at = 64 + 56 * index;
    file.writeUInt32LE(type, at);
    file.writeBigUInt64LE(BigInt(offset), at + 8);
    file.writeBigUInt64LE(BigInt(base + offset), at + 16);
    file.writeBigUInt64LE(BigInt(size), at + 32);
  };
  segment(0, 1, 0, file.length);
  segment(1, 3, 0x200, 13);
  file.write("/lib64/ld.so\0", 0x200, "latin1");
  let strings = "\0";
  const text = (value: string) => {
    const at = strings.length;
    strings += `${value}\0`;
    return at;
  };
  const entries: [number, number][] = [
    [5, base + 0x500],
    ...about.needed.map((name): [number, number] => [1, text(name)]),
    [29, text(about.runpath)],
    [0, 0],
  ];
  entries.forEach(([tag, value], i) => {
    file.writeBigInt64LE(BigInt(tag), 0x300 + 16 * i);
    file.writeBigUInt64LE(BigInt(value), 0x308 + 16 * i);
  });
  segment(2, 2, 0x300, 16 * entries.length);
  file.write(strings, 0x500, "latin1");
  return file;
}
