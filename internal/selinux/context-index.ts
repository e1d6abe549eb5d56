import type { EntryType } from "../image/image-tree.ts";
import type { FileContext } from "./file-contexts.ts";
import type { MatchingOrder } from "./matching-order.ts";
import { type MatchWork, PatternMatcher } from "./pattern-matcher.ts";
import { compilePattern, type PatternProgram } from "./pattern-program.ts";
import { PatternProblem } from "./pattern-source.ts";
import { parsePattern } from "./pattern-syntax.ts";
import { policyError, policyLimitError } from "./policy-error.ts";
import { PrefixTree } from "./prefix-tree.ts";
import { type PatternPlace, placeOf } from "./stems.ts";

/** Most instructions of all patterns together: ten times those of a large policy. They need some hundred megabytes. */
const MAX_INSTRUCTIONS = 1_000_000;

/** A line of the policy, with its pattern. */
interface Candidate {
  line: FileContext;
  program: PatternProgram;
  /** Undefined until a path needs it. */
  matcher: PatternMatcher | undefined;
  /** If several candidates match, the one with the highest rank is used. */
  rank: number;
}

/** Finds the line of a policy for a path (selabel_lookup(3)). */
export class ContextIndex {
  readonly #work: MatchWork;
  /** Number of instructions of all patterns. */
  #instructions = 0;
  /** Candidates by the number of folders in their patterns. The largest number is first. */
  readonly #trees: { depth: number; tree: PrefixTree<Candidate> }[] = [];
  /** Lines with exact paths, for libselinux from 3.8 on. The first line with a matching type is used. */
  readonly #paths = new Map<string, FileContext[]>();

  /** Throws `E_SELINUX_POLICY` for a pattern that platter does not read. */
  constructor(lines: readonly FileContext[], { order, work }: { order: MatchingOrder; work: MatchWork }) {
    this.#work = work;
    for (const [index, line] of lines.entries()) {
      const place = placeOf(line.pattern, order);
      const rank = place.exact ? index + lines.length : index;
      if (place.path === undefined) this.#addPattern(line, place, rank);
      else this.#addPath(line, place.path);
    }
    this.#trees.sort((a, b) => b.depth - a.depth);
    for (const fitting of this.#paths.values()) fitting.sort(order === "3.8" ? typedFirst : laterInputFirst);
  }

  /** The line that decides on a path, which begins with a slash; undefined if no line is about it. */
  find(path: string, type: EntryType): FileContext | undefined {
    const exact = this.#paths.get(path)?.find((line) => line.type === undefined || line.type === type);
    if (exact !== undefined) return exact;
    let best: Candidate | undefined;
    for (const { tree } of this.#trees) {
      const found = this.#last(tree.find(path), { path, type, after: best?.rank ?? -1 });
      if (found === undefined) continue;
      best = found;
      // libselinux ends its search at this line, even if a later line with fewer folders matches.
      if (found.line.context === undefined) break;
    }
    return best?.line;
  }

  /** The last matching candidate whose rank is above `after`. */
  #last(
    lists: readonly (readonly Candidate[])[],
    { path, type, after }: { path: string; type: EntryType; after: number },
  ): Candidate | undefined {
    let best: Candidate | undefined;
    let rank = after;
    for (let list = lists.length - 1; list >= 0; list--) {
      const candidates = lists[list]!;
      for (let at = candidates.length - 1; at >= 0; at--) {
        const candidate = candidates[at]!;
        if (candidate.rank <= rank) break;
        if (candidate.line.type !== undefined && candidate.line.type !== type) continue;
        candidate.matcher ??= new PatternMatcher(candidate.program, this.#work);
        if (!candidate.matcher.matches(path)) continue;
        best = candidate;
        rank = candidate.rank;
        break;
      }
    }
    return best;
  }

  #addPattern(line: FileContext, { folders, depth }: PatternPlace, rank: number): void {
    const program = programOf(line);
    this.#instructions += program.instructions.length;
    if (this.#instructions > MAX_INSTRUCTIONS) {
      throw policyLimitError(line.file, "has patterns that are too large together");
    }
    const [longer, shorter] =
      folders.length > program.prefix.length ? [folders, program.prefix] : [program.prefix, folders];
    // The pattern and its folders never fit the same path.
    if (!longer.startsWith(shorter)) return;
    let entry = this.#trees.find((each) => each.depth === depth);
    if (entry === undefined) {
      entry = { depth, tree: new PrefixTree() };
      this.#trees.push(entry);
    }
    entry.tree.add(longer, { line, program, matcher: undefined, rank });
  }

  #addPath(line: FileContext, path: string): void {
    const known = this.#paths.get(path);
    if (known === undefined) this.#paths.set(path, [line]);
    else known.push(line);
  }
}

function programOf(line: FileContext): PatternProgram {
  try {
    return compilePattern(parsePattern(line.pattern));
  } catch (error) {
    if (error instanceof PatternProblem) throw policyError(line, error.message, line.pattern);
    throw error;
  }
}

function typedFirst(a: FileContext, b: FileContext): number {
  return KINDS.indexOf(b.type) - KINDS.indexOf(a.type);
}

function laterInputFirst(a: FileContext, b: FileContext): number {
  return b.input - a.input;
}

/** Types in the order of libselinux's numbers. Lines for all types are first. */
const KINDS: readonly FileContext["type"][] = [
  undefined,
  "directory",
  "character-device",
  "block-device",
  "socket",
  "fifo",
  "symlink",
  "file",
];
