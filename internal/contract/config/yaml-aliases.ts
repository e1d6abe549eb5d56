import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, Scalar, type YAMLMap } from "yaml";

/** The most nodes that aliases and merge keys may add to a file. */
const MAX_ADDED = 10_000;

/** Why a document cannot be expanded, and the node that shows it. */
export interface AliasFault {
  kind: "alias" | "merge" | "depth";
  message: string;
  node: Node | undefined;
}

type Content = Node | null | undefined;

/** The number of nodes of a node's subtree, and its levels of lists and maps. */
interface NodeCount {
  nodes: number;
  depth: number;
}

/**
 * Replaces each alias by the node that it names, and each merge key (`<<`, as in YAML 1.1) by the keys of the maps that
 * it names. Returns the expanded content, or the first fault: an alias without an anchor, an alias inside its own
 * anchor, or an expansion beyond the limits.
 */
export function expandAliases(contents: Content, maxDepth: number): { contents: Content } | AliasFault {
  try {
    return { contents: new Expansion(maxDepth).expand(contents) };
  } catch (error) {
    if (error instanceof Fault) return error.fault;
    throw error;
  }
}

class Fault extends Error {
  constructor(readonly fault: AliasFault) {
    super(fault.message);
  }
}

class Expansion {
  readonly #anchors = new Map<string, Node>();
  readonly #extents = new Map<Node, NodeCount>();
  readonly #open = new Set<Node>();
  #added = 0;

  constructor(readonly maxDepth: number) {}

  /** The document is not nested deeper than the limit, so recursion is safe; aliases refer to earlier nodes only. */
  expand(node: Content): Content {
    if (isAlias(node)) return this.#target(node);
    if (!isScalar(node) && !isSeq(node) && !isMap(node)) return node;
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    this.#open.add(node);
    if (isSeq(node)) node.items = node.items.map((item) => this.expand(item as Content));
    if (isMap(node)) this.#expandMap(node);
    this.#open.delete(node);
    this.#measure(node);
    return node;
  }

  #target(alias: Node & { source: string }): Node {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) {
      throw fault(
        "alias",
        `No anchor \`&${alias.source}\` comes before the alias \`*${alias.source}\`.`,
        alias,
      );
    }
    if (this.#open.has(target)) throw fault("alias", "The alias is inside its own anchor.", alias);
    this.#added += this.#extents.get(target)?.nodes ?? 1;
    if (this.#added > MAX_ADDED) throw fault("alias", `Aliases add more than ${MAX_ADDED} values.`, alias);
    return target;
  }

  #expandMap(map: YAMLMap): void {
    const own: Pair[] = [];
    const sources: YAMLMap[] = [];
    for (const pair of map.items) {
      pair.value = this.expand(pair.value as Content);
      if (isMergeKey(pair.key)) sources.push(...mergeSources(pair));
      else own.push(pair);
    }
    const keys = new Set(own.map(keyOf));
    for (const source of sources) {
      for (const pair of source.items) {
        if (keys.has(keyOf(pair))) continue;
        keys.add(keyOf(pair));
        own.push(pair);
      }
    }
    map.items = own;
  }

  #measure(node: Node): void {
    const below = isSeq(node) ? node.items : isMap(node) ? node.items.map(({ value }) => value) : [];
    const extents = below.map((each) => this.#extents.get(each as Node) ?? { nodes: 1, depth: 0 });
    const extent = {
      nodes: extents.reduce((sum, { nodes }) => sum + nodes, 1),
      depth: 1 + extents.reduce((most, { depth }) => Math.max(most, depth), 0),
    };
    if (extent.depth > this.maxDepth + 1) {
      throw fault("depth", `Aliases nest the file more than ${this.maxDepth} levels deep.`, node);
    }
    this.#extents.set(node, extent);
  }
}

function fault(kind: AliasFault["kind"], message: string, node: Content): Fault {
  return new Fault({ kind, message, node: node ?? undefined });
}

function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === "<<" && key.type === Scalar.PLAIN;
}

function keyOf({ key }: Pair): string {
  return String(isScalar(key) ? key.value : key);
}

function mergeSources({ key, value }: Pair): YAMLMap[] {
  const sources = isSeq(value) ? value.items : [value];
  return sources.map((each) => {
    if (isMap(each)) return each;
    throw fault("merge", "The merge key `<<` takes a map, or a list of maps.", key as Content);
  });
}
