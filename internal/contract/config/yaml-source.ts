import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type Scalar,
  visit,
  type YAMLMap,
} from "yaml";
import { printable } from "../../text/printable.ts";
import { type Finding, type FindingCode, finding } from "../findings/finding.ts";
import { type Place, placeIn } from "../findings/place.ts";
import { type AliasFault, expandAliases } from "./yaml-aliases.ts";

/** Keys and indices from the top of a document. */
export type YamlPath = readonly PropertyKey[];

const MAX_SYNTAX_ERRORS = 10;
/** The most levels of lists and maps. iso.yaml has four. */
const MAX_DEPTH = 32;

/** A YAML file with the places of its values, and the findings about them. */
export class YamlSource {
  readonly findings: Finding[] = [];
  readonly #lines = new LineCounter();
  readonly #document: Document | undefined;
  /** Made when a map is first searched, so that a file with many findings takes linear time. */
  readonly #pairs = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

  constructor(
    readonly text: string,
    readonly file: string,
  ) {
    this.#document = this.#parse();
  }

  /** The content as plain values; undefined if the file is empty or invalid. */
  value(): unknown {
    return this.#document?.toJS();
  }

  /** The source text of a scalar that YAML reads as a number; otherwise undefined. */
  numberSource(path: YamlPath): string | undefined {
    const node = this.#nodeAt(path)?.value;
    return isScalar(node) && typeof node.value === "number" ? node.source : undefined;
  }

  /**
   * The offset of the value at a path, in characters. For a missing value it is the offset of the map or list that
   * lacks it.
   */
  offset(path: YamlPath): number {
    const found = this.#nodeAt(path);
    // A value that is not written does not have an offset.
    const isUnwritten = isScalar(found?.value) && found.value.value === null && !found.value.source;
    const node = isUnwritten ? (found?.key ?? found?.value) : found?.value;
    return node?.range?.[0] ?? this.keyOffset(path);
  }

  /** The offset of the key of a path, in characters. */
  keyOffset(path: YamlPath): number {
    const found = this.#nodeAt(path);
    if (found?.key?.range != null) return found.key.range[0];
    return path.length === 0 ? (found?.value?.range?.[0] ?? 0) : this.offset(path.slice(0, -1));
  }

  /** Whether the file has a value at a path. */
  has(path: YamlPath): boolean {
    return this.#nodeAt(path) !== undefined;
  }

  add(code: FindingCode, seen: string, offset: number, fix?: string): void {
    this.push(finding(code, seen, { fix }), offset);
  }

  push(made: Finding, offset: number): void {
    this.findings.push({ ...made, place: this.place(offset) });
  }

  /** The line and column of an offset in characters. */
  place(offset: number): Place {
    const line = Math.max(1, this.#lines.linePos(offset).line);
    return placeIn(this.text, { file: this.file, line, offset });
  }

  /** The only document with content, if there is one. Syntax errors are reported. */
  #parse(): Document | undefined {
    const options = {
      prettyErrors: false,
      lineCounter: this.#lines,
      logLevel: "error",
      uniqueKeys: false,
    } as const;
    const documents: Document[] = parseAllDocuments(this.text, options);
    const seen = new Set<number>();
    for (const { message, pos } of documents.flatMap((each) => [...each.errors, ...each.warnings])) {
      const { line } = this.#lines.linePos(pos[0]);
      // Only the first error of a line is reported. Further ones are often its consequences.
      if (seen.has(line) || seen.size === MAX_SYNTAX_ERRORS) continue;
      seen.add(line);
      this.add("F_ISO_YAML_SYNTAX", sentence(message), pos[0]);
    }
    if (this.findings.length > 0) return undefined;
    const full = documents.filter((each) => !isEmpty(each.contents));
    const second = full[1]?.contents?.range?.[0];
    if (second !== undefined) {
      this.add("F_ISO_YAML_DOCUMENTS", "A second document begins here.", second);
      return undefined;
    }
    const document = full[0];
    if (document === undefined || !this.#isPlain(document.contents)) return undefined;
    const expanded = expandAliases(document.contents, MAX_DEPTH);
    if ("kind" in expanded) {
      this.#addFault(expanded);
      return undefined;
    }
    document.contents = expanded.contents as typeof document.contents;
    visit(document, { Scalar: (_, node) => trimBlock(node) });
    return document;
  }

  #addFault({ kind, message, node }: AliasFault): void {
    const code = {
      alias: "F_ISO_YAML_ALIASES",
      merge: "F_ISO_YAML_TYPE",
      depth: "F_ISO_YAML_SYNTAX",
    } as const;
    this.add(code[kind], printable(message), node?.range?.[0] ?? 0);
  }

  /**
   * Whether every key is a text, and the nesting is not too deep. Duplicate keys are reported. The time that the
   * library needs to find these grows with the second and third power of the file's size.
   */
  #isPlain(contents: unknown): boolean {
    const pending = [{ node: contents, depth: 0 }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const { node, depth } = next;
      if (depth > MAX_DEPTH) {
        const offset = isNode(node) ? (node.range?.[0] ?? 0) : 0;
        this.add("F_ISO_YAML_SYNTAX", `The file is nested more than ${MAX_DEPTH} levels deep.`, offset);
        return false;
      }
      if (isSeq(node)) for (const item of node.items) pending.push({ node: item, depth: depth + 1 });
      if (!isMap(node)) continue;
      const keys = new Set<string>();
      for (const { key, value } of node.items) {
        const offset = isNode(key) ? (key.range?.[0] ?? 0) : 0;
        if (!isScalar(key)) {
          this.add("F_ISO_YAML_TYPE", "A key is not a text.", offset);
          return false;
        }
        const name = String(key.value);
        const seen = `\`${printable(name)}\` is here for the second time.`;
        if (keys.has(name)) this.add("F_ISO_YAML_DUPLICATE_KEY", seen, offset);
        keys.add(name);
        pending.push({ node: value, depth: depth + 1 });
      }
    }
    return true;
  }

  /** The pairs of a map by their keys. Of duplicate keys the last one counts, as in {@link value}. */
  #pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
    let pairs = this.#pairs.get(map);
    if (pairs === undefined) {
      pairs = new Map(map.items.map((pair) => [nameOf(pair.key), pair]));
      this.#pairs.set(map, pairs);
    }
    return pairs;
  }

  /** The node at a path and, in a map, its key. */
  #nodeAt(path: YamlPath): { key: Node | undefined; value: Node | undefined } | undefined {
    let key: Node | undefined;
    let value = (this.#document?.contents ?? undefined) as Node | undefined;
    for (const step of path) {
      if (isMap(value)) {
        const pair = this.#pairsOf(value).get(String(step));
        if (pair === undefined) return undefined;
        key = (pair.key ?? undefined) as Node | undefined;
        value = (pair.value ?? undefined) as Node | undefined;
      } else if (isSeq(value)) {
        key = undefined;
        value = value.items[Number(step)] as Node | undefined;
      } else return undefined;
    }
    return { key, value };
  }
}

function nameOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}

function isEmpty(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

/** Removes white space at both ends of folded and literal text, since a line break there does not matter in a menu. */
function trimBlock(node: Scalar): void {
  if (typeof node.value === "string" && (node.type === "BLOCK_FOLDED" || node.type === "BLOCK_LITERAL")) {
    node.value = node.value.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, "");
  }
}

/** A message of the YAML library as one sentence. */
function sentence(message: string): string {
  const text = printable(message.replace(/\s+/g, " ").trim());
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
