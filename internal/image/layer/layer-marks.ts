/** Marks of a layer about a name, in addition to its own entry. */
export const Mark = {
  /** The folder exists only because of entries below it. An older folder keeps its metadata. */
  implicit: 1,
  /** Hides the entries of older layers below the folder. */
  opaque: 2,
  /** The layer removes the entry of older layers under this name, and may add its own. */
  replaced: 4,
  /** The layer removes the name without adding an entry. */
  whiteout: 8,
} as const;

export type Mark = (typeof Mark)[keyof typeof Mark];

/** The marks of one layer's nodes. Few nodes have marks. */
export class LayerMarks {
  readonly #marks = new Map<number, number>();

  has(node: number, mark: Mark): boolean {
    return ((this.#marks.get(node) ?? 0) & mark) !== 0;
  }

  add(node: number, mark: Mark): void {
    this.#marks.set(node, (this.#marks.get(node) ?? 0) | mark);
  }

  remove(node: number, mark: Mark): void {
    this.#marks.set(node, (this.#marks.get(node) ?? 0) & ~mark);
  }
}
