/** The entries of one system use area (SUSP 1.12, 5; RRIP 1.12, 4). */
import { type Block, both32, expectBytes, latin1 } from "../../bytes/fields.ts";
import type { ProblemLog } from "../../bytes/problem-log.ts";
import type { RockRidge } from "./rock-ridge-fields.ts";

/** Signatures that occur in ISOs. Any other signature is damage. */
const KNOWN = "SP CE PD ST ER ES RR PX PN SL NM CL PL RE TF SF ZF ZI AA BA AS AL XA MD";
/** Entries that always have the same length (RRIP 1.10 has a shorter PX). */
const LENGTHS: Record<string, readonly number[]> = {
  SP: [7],
  CE: [28],
  ST: [4],
  ES: [5],
  RR: [5],
  PX: [36, 44],
  PN: [20],
  CL: [12],
  PL: [12],
  RE: [4],
  SF: [21],
  ZF: [16],
};

export interface SystemUseArea {
  bytes: Uint8Array;
  offset: number;
}

/** The location of the next area, from `CE`. */
interface Continuation {
  lba: number;
  at: number;
  length: number;
}

/** Reads a record's areas one after the other, and collects their entries. */
export class SystemUseReader {
  readonly #found: RockRidge;
  readonly #name: string;
  readonly #log: ProblemLog;
  #nameContinues = false;
  #target: string[] = [];
  #targetContinues = false;

  constructor(found: RockRidge, { name, log }: { name: string; log: ProblemLog }) {
    this.#found = found;
    this.#name = name;
    this.#log = log;
  }

  /** Reads one area, and returns its continuation. */
  read({ bytes, offset }: SystemUseArea): Continuation | undefined {
    let continuation: Continuation | undefined;
    for (let at = 0; at + 4 <= bytes.length; ) {
      const length = bytes[at + 2]!;
      const signature = latin1(bytes.subarray(at, at + 2));
      const block: Block = {
        bytes: bytes.subarray(at, at + length),
        offset: offset + at,
        name: `${signature} entry of ${this.#name}`,
      };
      if (
        !KNOWN.split(" ").includes(signature) ||
        length < 4 ||
        at + length > bytes.length ||
        bytes[at + 3] !== 1
      ) {
        const detail = `${this.#name} has a damaged system use entry`;
        this.#log.note({ code: "susp-entry", detail, offset: block.offset });
        return continuation;
      }
      if (LENGTHS[signature]?.includes(length) === false) {
        this.#note(`a ${signature} entry of ${length} bytes`, block.offset);
        return continuation;
      }
      this.#log.covers({ name: `${block.name}: header`, start: block.offset, length: 4 });
      if (signature === "ST") return continuation;
      if (signature === "CE") continuation = this.#continuation(block);
      else this.#take(signature, block);
      at += length;
      // Records have even lengths; more than one byte after the entries is not padding.
      if (bytes.length - at > 1 && bytes.length - at < 4)
        this.#note("bytes after its system use entries", offset + at);
    }
    return continuation;
  }

  finish(offset: number): void {
    if (this.#nameContinues || this.#targetContinues) this.#note("a name without its end", offset);
    if (this.#target.length > 0) this.#found.target = this.#target.join("/").replace(/^\/\//, "/");
  }

  #take(signature: string, block: Block): void {
    const log = this.#log;
    switch (signature) {
      case "SP":
        expectBytes(block, {
          at: 4,
          name: "check bytes",
          code: "susp-check-bytes",
          bytes: [0xbe, 0xef],
          log,
        });
        this.#found.skip = block.bytes[6]!;
        return;
      case "PX": {
        this.#found.mode = both32(block, { at: 4, name: "mode", log });
        both32(block, { at: 12, name: "links", log });
        both32(block, { at: 20, name: "owner", log });
        both32(block, { at: 28, name: "group", log });
        if (block.bytes.length === 44) both32(block, { at: 36, name: "serial number", log });
        return;
      }
      case "NM":
        this.#takeName(block);
        return;
      case "SL":
        this.#takeTarget(block);
        return;
      case "TF": {
        const flags = block.bytes[4] ?? 0;
        const each = (flags & 0x80) === 0 ? 7 : 17;
        const count = (flags & 0x7f).toString(2).replaceAll("0", "").length;
        if (block.bytes.length !== 5 + count * each)
          this.#note("timestamps that do not fit their flags", block.offset);
        return;
      }
      case "CL":
        this.#found.childLink = both32(block, { at: 4, name: "place", log });
        return;
      case "PL":
        both32(block, { at: 4, name: "place", log });
        return;
      case "RE":
        this.#found.relocated = true;
        return;
      case "ER": {
        const [identifier = 0, description = 0, from = 0, version] = block.bytes.subarray(4, 8);
        log.covers({ name: `${block.name}: lengths`, start: block.offset + 4, length: 4 });
        if (block.bytes.length !== 8 + identifier + description + from || version !== 1) {
          this.#note("an extension reference that does not fit its lengths", block.offset);
        }
        return;
      }
    }
  }

  #takeName(block: Block): void {
    const flags = block.bytes[4] ?? 0x80;
    const part = block.bytes.subarray(5);
    this.#log.covers({ name: `${block.name}: flags`, start: block.offset + 4, length: 1 });
    if ((flags & ~0x07) !== 0) {
      this.#note("a name with unknown flags", block.offset + 4);
      return;
    }
    if ((flags & 0x06) !== 0) {
      // An entry for `.` or `..` may have these flags. A real name with them is damaged.
      if (part.length > 0) this.#note("a name with wrong flags", block.offset + 4);
      return;
    }
    if (part.some((byte) => byte === 0 || byte === 0x2f)) this.#note("an impossible name", block.offset + 5);
    if (this.#found.name !== undefined && !this.#nameContinues) this.#note("two names", block.offset);
    this.#found.name = Buffer.concat([this.#found.name ?? new Uint8Array(), part]);
    this.#found.nameSpans.push({ start: block.offset + 5, length: part.length });
    this.#nameContinues = (flags & 1) !== 0;
  }

  /** RRIP 1.12, 4.1.3.1: component records of flags, length and text. */
  #takeTarget(block: Block): void {
    for (let at = 5; at < block.bytes.length; ) {
      const flags = block.bytes[at]!;
      const length = block.bytes[at + 1] ?? 255;
      if (at + 2 + length > block.bytes.length || (flags & ~0x0f) !== 0) {
        this.#note("a link that does not fit its length", block.offset + at);
        return;
      }
      const text = latin1(block.bytes.subarray(at + 2, at + 2 + length));
      const component = (flags & 2) !== 0 ? "." : (flags & 4) !== 0 ? ".." : (flags & 8) !== 0 ? "/" : text;
      if (this.#targetContinues) this.#target.push((this.#target.pop() ?? "") + component);
      else this.#target.push(component);
      this.#targetContinues = (flags & 1) !== 0;
      at += 2 + length;
    }
  }

  #continuation(block: Block): Continuation | undefined {
    const log = this.#log;
    const lba = both32(block, { at: 4, name: "block", log });
    const at = both32(block, { at: 12, name: "offset", log });
    return { lba, at, length: both32(block, { at: 20, name: "length", log }) };
  }

  #note(what: string, offset: number): void {
    this.#log.note({ code: "rock-ridge", detail: `${this.#name} has ${what}`, offset });
  }
}
