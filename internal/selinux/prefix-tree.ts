/** Values by a prefix of the path. */
export class PrefixTree<Value> {
  readonly #root: PrefixNode<Value> = { values: [], next: undefined };

  add(prefix: string, value: Value): void {
    let node = this.#root;
    for (let at = 0; at < prefix.length; at++) {
      const code = prefix.charCodeAt(at);
      node.next ??= new Map();
      let next = node.next.get(code);
      if (next === undefined) {
        next = { values: [], next: undefined };
        node.next.set(code, next);
      }
      node = next;
    }
    node.values.push(value);
  }

  /**
   * The values of all prefixes of `path`. The shortest prefix is first, and values of a prefix are in the order of
   * adding.
   */
  find(path: string): (readonly Value[])[] {
    const found: (readonly Value[])[] = [];
    let node: PrefixNode<Value> | undefined = this.#root;
    for (let at = 0; node !== undefined; at++) {
      if (node.values.length > 0) found.push(node.values);
      if (at === path.length) break;
      node = node.next?.get(path.charCodeAt(at));
    }
    return found;
  }
}

interface PrefixNode<Value> {
  values: Value[];
  next: Map<number, PrefixNode<Value>> | undefined;
}
