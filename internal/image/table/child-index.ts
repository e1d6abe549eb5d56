/** The value of a slot whose node was removed. */
const GONE = 0xffffffff;

/**
 * Finds nodes by folder and name: a hash table of node numbers with open addressing, about eight bytes for each node.
 * The caller computes hashes and compares nodes.
 */
export class ChildIndex {
  #slots = new Uint32Array(2048);
  /** The number of slots in use, including those of removed nodes. */
  #filled = 0;
  #live = 0;
  readonly #hashOf: (node: number) => number;

  constructor(hashOf: (node: number) => number) {
    this.#hashOf = hashOf;
  }

  /** The node with this hash that `matches`; 0 if it does not exist. */
  find(hash: number, matches: (node: number) => boolean): number {
    const mask = this.#slots.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const node = this.#slots[at] as number;
      if (node === 0) return 0;
      if (node !== GONE && matches(node)) return node;
    }
  }

  /** Adds a node that the table does not have. */
  add(node: number): void {
    if ((this.#filled + 1) * 3 > this.#slots.length * 2) this.#rebuild();
    this.#put(node);
    this.#filled++;
    this.#live++;
  }

  /** Removes a node, whose hash must be the same as when it was added. */
  remove(node: number): void {
    const mask = this.#slots.length - 1;
    for (let at = this.#hashOf(node) & mask; this.#slots[at] !== 0; at = (at + 1) & mask) {
      if (this.#slots[at] !== node) continue;
      this.#slots[at] = GONE;
      this.#live--;
      return;
    }
  }

  #put(node: number): void {
    const mask = this.#slots.length - 1;
    let at = this.#hashOf(node) & mask;
    while (this.#slots[at] !== 0) at = (at + 1) & mask;
    this.#slots[at] = node;
  }

  #rebuild(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(this.#live * 3 > old.length ? old.length * 2 : old.length);
    this.#filled = this.#live;
    for (const node of old) if (node !== 0 && node !== GONE) this.#put(node);
  }
}
