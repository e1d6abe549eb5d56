/** What a layer says about a name beyond what it puts there. */
export const Mark = {
  /** Made only because something lies below it: metadata of an older folder stays. */
  implicit: 1,
  /** Hides what older layers have below it. */
  opaque: 2,
  /** The layer removes what older layers have under this name, whatever it puts there itself. */
  replaced: 4,
  /** The layer removes the name and puts nothing there. */
  whiteout: 8,
} as const;

export type Mark = (typeof Mark)[keyof typeof Mark];

/** The marks of one layer's nodes; few have any. */
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
