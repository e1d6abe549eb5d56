/** A part of a TypeScript file that people read. */
export interface SourceText {
  kind: "string" | "comment";
  /** Source text without delimiters; `…` stands for each expression in a template. */
  text: string;
  /** Line of the first character, from 1. */
  line: number;
  /** Offset of the opening delimiter in the source. */
  start: number;
}

/** A `/` after one of these characters, or after `return`, begins a regular expression. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\breturn|\bcase|\bof)\s*$/;

/** All string literals, templates and comments of a TypeScript source, in order of their start. Strings inside such expressions are listed too. */
export function sourceTexts(source: string): SourceText[] {
  const found: SourceText[] = [];
  scanCode(source, 0, found);
  return found.sort((a, b) => a.start - b.start);
}

/** Scans code up to the brace that closes it, or to the end. Returns the offset after that. */
function scanCode(source: string, from: number, found: SourceText[]): number {
  let depth = 0;
  let at = from;
  // What came before without comments, to decide between a division and a regular expression.
  let before = "";
  while (at < source.length) {
    const character = source[at] as string;
    if (source.startsWith("//", at)) {
      const end = endOfLine(source, at);
      add(source, { kind: "comment", start: at, text: source.slice(at + 2, end) }, found);
      at = end;
    } else if (source.startsWith("/*", at)) {
      const end = source.indexOf("*/", at) + 2;
      add(source, { kind: "comment", start: at, text: source.slice(at + 2, end - 2) }, found);
      at = end;
    } else if (character === '"' || character === "'") {
      const end = endOfQuoted(source, at);
      add(source, { kind: "string", start: at, text: source.slice(at + 1, end - 1) }, found);
      at = end;
      before = '"';
    } else if (character === "`") {
      at = scanTemplate(source, at, found);
      before = '"';
    } else if (character === "/" && BEFORE_REGEX.test(before)) {
      at = endOfRegex(source, at);
      before = '"';
    } else {
      if (character === "{") depth++;
      if (character === "}" && depth-- === 0) return at + 1;
      before = `${before.slice(-12)}${character}`;
      at++;
    }
  }
  return at;
}

function scanTemplate(source: string, start: number, found: SourceText[]): number {
  let text = "";
  let at = start + 1;
  while (source[at] !== "`") {
    if (source.startsWith("${", at)) {
      at = scanCode(source, at + 2, found);
      text += "…";
    } else {
      const length = source[at] === "\\" ? 2 : 1;
      text += source.slice(at, at + length);
      at += length;
    }
  }
  add(source, { kind: "string", start, text }, found);
  return at + 1;
}

function add(source: string, text: Omit<SourceText, "line">, found: SourceText[]): void {
  found.push({ ...text, line: source.slice(0, text.start).split("\n").length });
}

function endOfLine(source: string, from: number): number {
  const end = source.indexOf("\n", from);
  return end === -1 ? source.length : end;
}

function endOfQuoted(source: string, start: number): number {
  let at = start + 1;
  while (source[at] !== source[start]) at += source[at] === "\\" ? 2 : 1;
  return at + 1;
}

function endOfRegex(source: string, start: number): number {
  let inClass = false;
  let at = start + 1;
  for (; inClass || source[at] !== "/"; at++) {
    if (source[at] === "\\") at++;
    else if (source[at] === "[") inClass = true;
    else if (source[at] === "]") inClass = false;
  }
  return at + 1;
}
