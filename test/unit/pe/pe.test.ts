/** Readers of boot programs on bytes that nobody meant. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { derChildren, derValue, derValues, objectIdentifier, TAG } from "../../../internal/pe/der.ts";
import { readEfiProgram } from "../../../internal/pe/efi-program.ts";
import { findsMenu, parseGrubModules } from "../../../internal/pe/grub-embedded.ts";
import { readKernelImage } from "../../../internal/pe/kernel-image.ts";
import { isFault, parsePe, sectionOf } from "../../../internal/pe/pe-image.ts";
import { newestLevel, parseSbat, parseSbatLevel, revokedBy } from "../../../internal/pe/sbat.ts";
import { parseSignedData } from "../../../internal/pe/signed-data.ts";
import { parseVendorTable } from "../../../internal/pe/vendor-certificate.ts";
import { efiProgram, grubModules } from "../../helpers/efi-program.ts";

const bytes = (maxLength = 300) => fc.uint8Array({ maxLength });
const latin = (text: string) => Buffer.from(text, "latin1");

describe("headers", () => {
  test("sections with short and with long names", () => {
    const file = efiProgram({ content: "code", sections: { ".sbat": "sbat,1\n", ".vendor_cert": "keys" } });
    const image = parsePe(file);
    if (isFault(image)) throw new Error(image.fault);
    expect(image).toMatchObject({ machine: "X64", certificates: undefined });
    expect(sectionOf(file, image, ".sbat")).toEqual(new Uint8Array(latin("sbat,1\n")));
    expect(sectionOf(file, image, ".vendor_cert")).toEqual(new Uint8Array(latin("keys")));
    expect(sectionOf(file, image, ".data")).toBeUndefined();
    // The same name in a string table after the file's end of sections.
    const long = Buffer.concat([file, Buffer.alloc(4), latin(".sbatlevel\0")]);
    long.writeUInt32LE(file.length, 64 + 12);
    long.fill(0, 64 + 24 + 240 + 40, 64 + 24 + 240 + 48).write("/4", 64 + 24 + 240 + 40);
    const named = parsePe(long);
    expect(isFault(named) ? [] : named.sections.map(({ name }) => name)).toEqual([
      ".text",
      ".sbatlevel",
      ".vendor_",
    ]);
  });

  test.each([
    ["nothing", new Uint8Array(), "is not a program: it does not begin with MZ"],
    ["a text", latin("#!/bin/sh\n".repeat(20)), "is not a program: it does not begin with MZ"],
    ["a program for DOS", latin(`MZ${"\0".repeat(100)}`), "has no PE header"],
    ["one that is cut off", efiProgram({}).subarray(0, 200), "ends within its headers"],
    ["one without its last bytes", efiProgram({}).subarray(0, 1100), "is cut off within `.text`"],
  ])("%s", (_, file, fault) => {
    expect(parsePe(file)).toMatchObject({ fault });
  });

  test("anything", () => {
    const file = efiProgram({ sections: { ".sbat": "x", mods: grubModules([{ type: 3, content: "/x" }]) } });
    const change = fc.record({ at: fc.nat(file.length - 1), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), fc.nat(file.length), (changes, length) => {
        const copy = new Uint8Array(file);
        for (const { at, value } of changes) copy[at] = value;
        const read = readEfiProgram(copy.subarray(0, length));
        const kernel = readKernelImage(copy.subarray(0, length));
        expect(kernel.kind === "efi").toBe(!isFault(read));
      }),
      { numRuns: 3000 },
    );
  });
});

describe("DER", () => {
  test("lengths of one and of several bytes", () => {
    expect(derValue(latin("\x04\x02ab rest"))).toMatchObject({ tag: 4, content: latin("ab") });
    const long = Buffer.concat([latin("\x04\x82\x01\x00"), Buffer.alloc(256, 1)]);
    expect(derValue(long)?.content).toHaveLength(256);
    expect(derValues(latin("\x02\x01a\x02\x01b"))?.map(({ content }) => content[0])).toEqual([97, 98]);
  });

  test.each([
    ["\x04"],
    ["\x04\x05ab"],
    ["\x04\x80ab"],
    ["\x04\x85\0\0\0\0\x01a"],
    ["\x04\x84\xff\xff\xff\xff"],
    ["\x1f\x01a"],
  ])("%j is not a DER value", (text) => {
    expect(derValue(latin(text))).toBeUndefined();
    expect(derValues(latin(text))).toBeUndefined();
  });

  test("object identifiers", () => {
    const value = derValue(latin("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02"));
    expect(objectIdentifier(value)).toBe("1.2.840.113549.1.7.2");
    expect(objectIdentifier(derValue(latin("\x06\x01\x81")))).toBeUndefined();
  });

  test("anything: no value reaches beyond the bytes, and what is inside is inside", () => {
    fc.assert(
      fc.property(bytes(), (input) => {
        const values = derValues(input);
        if (values !== undefined)
          expect(values.reduce((sum, { whole }) => sum + whole.length, 0)).toBe(input.length);
        for (const value of values ?? []) {
          const inner = derChildren(value, TAG.sequence) ?? [];
          expect(inner.every(({ whole }) => whole.length <= value.content.length)).toBe(true);
        }
        expect(parseSignedData(input)).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });
});

describe("SBAT", () => {
  test("names and generations; what is neither is left out", () => {
    const text =
      "sbat,1,SBAT Version,sbat,1,https://x\r\ngrub,5,a\n\n,3\nbad name,1\nneg,-1\ngrub.debian13,1\n\0rest,9";
    expect(parseSbat(latin(text))).toEqual([
      { name: "sbat", generation: 1 },
      { name: "grub", generation: 5 },
      { name: "grub.debian13", generation: 1 },
    ]);
  });

  test("the newest level of a shim", () => {
    const section = latin(
      "\0\0\0\0\b\0\0\0)\0\0\0sbat,1,2025021800\nshim,4\n\0sbat,1,2025051000\nshim,4\ngrub,5\n\0",
    );
    expect(parseSbatLevel(section)).toEqual({
      date: "2025051000",
      components: [
        { name: "sbat", generation: 1 },
        { name: "shim", generation: 4 },
        { name: "grub", generation: 5 },
      ],
    });
    expect(parseSbatLevel(latin("nothing"))).toBeUndefined();
    expect(newestLevel([])).toBeUndefined();
  });

  test("revoked is what is older than wanted, component by component", () => {
    const level = { date: "2025051000", components: [{ name: "grub", generation: 5 }] };
    expect(revokedBy(level, [{ name: "grub", generation: 4 }])).toEqual([
      { name: "grub", generation: 4, wanted: 5 },
    ]);
    expect(revokedBy(level, [{ name: "grub", generation: 5 }])).toEqual([]);
    expect(revokedBy(level, [{ name: "grub.debian", generation: 1 }])).toEqual([]);
  });
});

describe("sections of anything", () => {
  test("GRUB's modules", () => {
    const section = grubModules([
      { type: 0, content: new Uint8Array(40) },
      { type: 2, content: "echo" },
      { type: 3, content: "/EFI/BOOT" },
    ]);
    expect(parseGrubModules(section)).toEqual({ prefix: "/EFI/BOOT", config: "echo", memdisk: undefined });
    const change = fc.record({ at: fc.nat(section.length - 1), value: fc.nat(255) });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        const copy = new Uint8Array(section);
        for (const { at, value } of changes) copy[at] = value;
        const parsed = parseGrubModules(copy);
        if (parsed !== undefined) expect([true, false, undefined]).toContain(findsMenu(parsed));
      }),
      { numRuns: 2000 },
    );
  });

  test("shim's keys", () => {
    fc.assert(
      fc.property(bytes(), fc.integer({ min: 0, max: 400 }), (input, size) => {
        const section = Buffer.concat([Buffer.alloc(16), input]);
        for (const [at, value] of [size, size, 16, 20].entries()) section.writeUInt32LE(value, at * 4);
        const { allowed, denied } = parseVendorTable(section);
        expect(allowed.hashes.length + denied.hashes.length).toBeLessThanOrEqual(input.length);
        expect(parseVendorTable(input).allowed.certificates).toEqual([]);
      }),
    );
  });
});
