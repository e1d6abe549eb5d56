/** Bytes of a call or jump with its target. */
const INSTRUCTION = 5;
const [CALL, JUMP] = [0xe8, 0xe9];
/**
 * Indexed by three bits, which mark those of the last three bytes that looked like an instruction: whether a target
 * here is valid.
 */
const IS_ALLOWED = [true, true, true, false, true, false, false, false];
/** Indexed by the same bits: the number of the byte in the target that looked like an instruction. */
const BYTE_NUMBER = [0, 1, 2, 2, 3, 3, 3, 3];

/**
 * Undoes the x86 filter of the .xz format, which makes the targets of calls and jumps absolute before compression. The
 * last bytes are held back, since an instruction may go on in the next piece.
 */
export class X86Filter {
  /** Positions in the program of the next byte, and of the last call or jump. */
  #position: number;
  #last: number;
  #mask = 0;
  #held = new Uint8Array(0);

  constructor(start: number) {
    this.#position = start;
    this.#last = start - INSTRUCTION;
  }

  /** The decoded bytes of a piece, after those that were held back. */
  update(piece: Uint8Array): Uint8Array {
    const bytes = Buffer.concat([this.#held, piece]);
    const done = this.#decode(bytes);
    this.#position += done;
    this.#held = Uint8Array.from(bytes.subarray(done));
    return bytes.subarray(0, done);
  }

  /** The bytes that are held back, at the end of the data. */
  finish(): Uint8Array {
    return this.#held;
  }

  /** Changes the targets in place, and returns how many bytes are decoded. */
  #decode(bytes: Buffer): number {
    let at = 0;
    while (at + INSTRUCTION <= bytes.length) {
      const code = bytes[at]!;
      if (code !== CALL && code !== JUMP) {
        at++;
        continue;
      }
      const here = this.#position + at;
      const distance = here - this.#last;
      this.#last = here;
      this.#mask = distance > INSTRUCTION ? 0 : shifted(this.#mask, distance);
      const isTarget = isSign(bytes[at + 4]!) && IS_ALLOWED[(this.#mask >> 1) & 7] && this.#mask >> 1 < 0x10;
      if (!isTarget) {
        this.#mask |= isSign(bytes[at + 4]!) ? 0x11 : 1;
        at++;
        continue;
      }
      const target = relative(bytes.readUInt32LE(at + 1), here + INSTRUCTION, this.#mask);
      // The highest byte is the sign of the 25 bits below.
      bytes.writeInt32LE((target << 7) >> 7, at + 1);
      this.#mask = 0;
      at += INSTRUCTION;
    }
    return at;
  }
}

function isSign(byte: number): boolean {
  return byte === 0x00 || byte === 0xff;
}

function shifted(mask: number, times: number): number {
  let result = mask;
  for (let i = 0; i < times; i++) result = (result & 0x77) << 1;
  return result;
}

/** Converts an absolute target into a relative one. The encoder avoids bytes that look like a sign. */
function relative(absolute: number, next: number, mask: number): number {
  let source = absolute;
  for (;;) {
    const target = (source - next) | 0;
    if (mask === 0) return target;
    const bits = 8 * BYTE_NUMBER[mask >> 1]!;
    if (!isSign((target >>> (24 - bits)) & 0xff)) return target;
    source = target ^ (bits === 0 ? -1 : 2 ** (32 - bits) - 1);
  }
}
