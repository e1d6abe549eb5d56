import { withRoom } from "../../bytes/columns.ts";

/** Names of at most 255 bytes, one after the other in one buffer. Indexes are the caller's. */
export class NameTable {
  #bytes = Buffer.from(new ArrayBuffer(16 * 1024));
  #used = 0;
  #offset = new Uint32Array(1024);
  #length = new Uint8Array(1024);

  /** Sets the name of an index, with one character for each byte. It cannot be changed later. */
  set(index: number, name: string): void {
    this.#offset = withRoom(this.#offset, index + 1);
    this.#length = withRoom(this.#length, index + 1);
    if (this.#used + name.length > this.#bytes.length) this.#grow();
    this.#offset[index] = this.#used;
    this.#length[index] = name.length;
    for (let i = 0; i < name.length; i++) this.#bytes[this.#used + i] = name.charCodeAt(i);
    this.#used += name.length;
  }

  get(index: number): string {
    const start = this.#offset[index] as number;
    const length = this.#length[index] as number;
    return this.#bytes.toString("latin1", start, start + length);
  }

  equals(index: number, name: string): boolean {
    if (this.#length[index] !== name.length) return false;
    const start = this.#offset[index] as number;
    for (let i = 0; i < name.length; i++) if (this.#bytes[start + i] !== name.charCodeAt(i)) return false;
    return true;
  }

  /** Negative if the first name is before the second in byte order. */
  compare(a: number, b: number): number {
    const from = this.#offset[a] as number;
    const to = this.#offset[b] as number;
    const common = Math.min(this.#length[a] as number, this.#length[b] as number);
    for (let i = 0; i < common; i++) {
      const difference = (this.#bytes[from + i] as number) - (this.#bytes[to + i] as number);
      if (difference !== 0) return difference;
    }
    return (this.#length[a] as number) - (this.#length[b] as number);
  }

  /** The {@link NameTable.hash} of the name of an index. */
  hashOf(index: number, seed: number): number {
    const start = this.#offset[index] as number;
    const end = start + (this.#length[index] as number);
    let hash = (seed * 0x9e3779b1) ^ 0x811c9dc5;
    for (let i = start; i < end; i++) hash = Math.imul(hash ^ (this.#bytes[i] as number), 0x01000193);
    return (hash ^ (hash >>> 15)) >>> 0;
  }

  #grow(): void {
    const larger = Buffer.from(new ArrayBuffer(this.#bytes.length * 2));
    larger.set(this.#bytes);
    this.#bytes = larger;
  }

  /** FNV-1a of a name, for a hash table. */
  static hash(name: string, seed: number): number {
    let hash = (seed * 0x9e3779b1) ^ 0x811c9dc5;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    return (hash ^ (hash >>> 15)) >>> 0;
  }
}
