import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
} from "yaml";
import { type Finding, type FindingCode, finding } from "./finding.ts";
import { placeIn, printable } from "./place.ts";

/** Keys and indices from the top of a document. */
export type YamlPath = readonly PropertyKey[];

/** Aliases that may be resolved before it counts as an attack. */
const MAX_ALIASES = 100;
const MAX_SYNTAX_ERRORS = 10;

/** A YAML file while it is read: where its values stand, and what was found about them. */
export class YamlSource {
  readonly findings: Finding[] = [];
  readonly #lines = new LineCounter();
  readonly #document: Document | undefined;

  constructor(
    readonly text: string,
    readonly file: string,
  ) {
    this.#document = this.#parse();
  }

  /** The content as plain values; undefined if there is none, or none that can be used. */
  value(): unknown {
    try {
      return this.#document?.toJS({ maxAliasCount: MAX_ALIASES });
    } catch (error) {
      // The library's way to report an alias without an anchor, and too many aliases.
      if (!(error instanceof ReferenceError)) throw error;
      this.add("F_ISO_YAML_ALIASES", sentence(error.message), Math.max(0, this.text.indexOf("*")));
      return undefined;
    }
  }

  /** A scalar as it is written, if it is one that YAML reads as a number. */
  numberSource(path: YamlPath): string | undefined {
    const node = this.#follow(this.#nodeAt(path)?.value);
    return isScalar(node) && typeof node.value === "number" ? node.source : undefined;
  }

  /** Where the value at a path stands, in characters from the beginning; of one that is not there, what lacks it. */
  offset(path: YamlPath): number {
    const found = this.#nodeAt(path);
    // What is not written has no place of its own.
    const isUnwritten = isScalar(found?.value) && found.value.value === null && !found.value.source;
    const node = isUnwritten ? (found?.key ?? found?.value) : found?.value;
    return node?.range?.[0] ?? this.keyOffset(path);
  }

  /** Where the key of a path stands. */
  keyOffset(path: YamlPath): number {
    const found = this.#nodeAt(path);
    if (found?.key?.range != null) return found.key.range[0];
    return path.length === 0 ? (found?.value?.range?.[0] ?? 0) : this.offset(path.slice(0, -1));
  }

  add(code: FindingCode, seen: string, offset: number, fix?: string): void {
    this.push(finding(code, seen, { fix }), offset);
  }

  push(made: Finding, offset: number): void {
    const { line, col } = this.#lines.linePos(offset);
    const position = { file: this.file, line: Math.max(1, line), column: Math.max(1, col) };
    this.findings.push({ ...made, place: placeIn(this.text, position) });
  }

  /** The one document with content, if there is one; what does not parse is reported. */
  #parse(): Document | undefined {
    const options = { prettyErrors: false, lineCounter: this.#lines, logLevel: "error" } as const;
    const documents: Document[] = parseAllDocuments(this.text, options);
    const seen = new Set<number>();
    for (const { code, message, pos } of documents.flatMap((each) => [...each.errors, ...each.warnings])) {
      const { line } = this.#lines.linePos(pos[0]);
      // The first error of a line is the one that helps; what follows it is often its consequence.
      if (seen.has(line) || seen.size === MAX_SYNTAX_ERRORS) continue;
      seen.add(line);
      if (code === "DUPLICATE_KEY") {
        const key = /^[\w.-]+/.exec(this.text.slice(pos[0]))?.[0] ?? "The key";
        this.add("F_ISO_YAML_DUPLICATE_KEY", `\`${key}\` stands here for the second time.`, pos[0]);
      } else {
        this.add("F_ISO_YAML_SYNTAX", sentence(message), pos[0]);
      }
    }
    if (this.findings.some((each) => each.code === "F_ISO_YAML_SYNTAX")) return undefined;
    const full = documents.filter((each) => !isEmpty(each.contents));
    const second = full[1]?.contents?.range?.[0];
    if (second === undefined) return full[0];
    this.add("F_ISO_YAML_DOCUMENTS", "A second document begins here.", second);
    return undefined;
  }

  /** The node at a path and, in a map, its key; aliases on the way are followed, the last one is not. */
  #nodeAt(path: YamlPath): { key: Node | undefined; value: Node | undefined } | undefined {
    let key: Node | undefined;
    let value = (this.#document?.contents ?? undefined) as Node | undefined;
    for (const step of path) {
      const holder = this.#follow(value);
      if (isMap(holder)) {
        // Of a key that stands twice the last one counts, as in the value.
        const pair = holder.items.findLast(
          (item) => String(isScalar(item.key) ? item.key.value : item.key) === step,
        );
        if (pair === undefined) return undefined;
        key = (pair.key ?? undefined) as Node | undefined;
        value = (pair.value ?? undefined) as Node | undefined;
      } else if (isSeq(holder)) {
        key = undefined;
        value = holder.items[Number(step)] as Node | undefined;
      } else return undefined;
    }
    return { key, value };
  }

  #follow(node: Node | undefined): Node | undefined {
    return isAlias(node) && this.#document !== undefined ? node.resolve(this.#document) : node;
  }
}

function isEmpty(contents: unknown): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

/** A message of the YAML library as one sentence. */
function sentence(message: string): string {
  const text = printable(message.replace(/\s+/g, " ").trim());
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
