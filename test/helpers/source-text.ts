/** A part of a TypeScript file that is text and not code. */
export interface SourceText {
  kind: "string" | "comment" | "regex";
  /** Source text without delimiters; `…` stands for each expression in a template. */
  text: string;
  /** Line of the first character, from 1. */
  line: number;
  /** Offset of the opening delimiter in the source. */
  start: number;
  /** Offset after the closing delimiter; a line comment ends before its line break. */
  end: number;
}

/**
 * A `/` after one of these characters, or after `return`, begins a regular expression. A `!` after a value is not a
 * negation.
 */
const BEFORE_REGEX = /(?:^|[(,=:[&|?{};+\-*%<>~^]|(?<![\w\])])!|\breturn|\bcase|\bof)\s*$/;

/** Texts of a TypeScript source in order of their start, also those inside a template. */
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
      add(source, { kind: "comment", start: at, end, text: source.slice(at + 2, end) }, found);
      at = end;
    } else if (source.startsWith("/*", at)) {
      const end = source.indexOf("*/", at) + 2;
      add(source, { kind: "comment", start: at, end, text: source.slice(at + 2, end - 2) }, found);
      at = end;
    } else if (character === '"' || character === "'") {
      const end = endOfQuoted(source, at);
      add(source, { kind: "string", start: at, end, text: source.slice(at + 1, end - 1) }, found);
      at = end;
      before = '"';
    } else if (character === "`") {
      at = scanTemplate(source, at, found);
      before = '"';
    } else if (character === "/" && BEFORE_REGEX.test(before)) {
      const end = endOfRegex(source, at);
      add(source, { kind: "regex", start: at, end, text: source.slice(at + 1, end - 1) }, found);
      at = end;
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
  add(source, { kind: "string", start, end: at + 1, text }, found);
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
    if (at >= source.length) throw new Error(`the regular expression at offset ${start} does not end`);
    if (source[at] === "\\") at++;
    else if (source[at] === "[") inClass = true;
    else if (source[at] === "]") inClass = false;
  }
  return at + 1;
}

/** The source with `_` for each character of its texts; offsets stay. */
export function maskTexts(source: string): string {
  let masked = "";
  for (const { start, end } of sourceTexts(source)) {
    if (start < masked.length) continue;
    masked += source.slice(masked.length, start) + "_".repeat(end - start);
  }
  return masked + source.slice(masked.length);
}

/** Offset where the expression at `start` of a masked source ends: at a comma, semicolon or closing bracket. */
export function endOfExpression(masked: string, start: number): number {
  let depth = 0;
  for (let at = start; at < masked.length; at++) {
    const character = masked[at] as string;
    if ("([{".includes(character)) depth++;
    else if (")]}".includes(character) && depth-- === 0) return at;
    else if (depth === 0 && ",;".includes(character)) return at;
  }
  return masked.length;
}

/** Strings of an expression, without those inside a template. */
export function outerStrings(expression: string): string[] {
  let end = 0;
  const outer = sourceTexts(expression).filter((text) => {
    if (text.start < end) return false;
    end = text.end;
    return text.kind === "string";
  });
  return outer.map(({ text }) => text);
}
