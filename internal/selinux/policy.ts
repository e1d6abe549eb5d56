import type { PlatterError } from "../base/error.ts";
import type { BytePath } from "../bytes/byte-path.ts";
import type { EntryType } from "../image/image-tree.ts";
import { ContextIndex } from "./context-index.ts";
import { parseFileContexts } from "./file-contexts.ts";
import type { MatchingOrder } from "./matching-order.ts";
import { applyAlias, type PathAlias, parsePathAliases } from "./path-aliases.ts";
import type { MatchWork } from "./pattern-matcher.ts";
import { policyLimitError } from "./policy-error.ts";

/** The text files of a policy, with one character for each byte. Only `contexts` is required. */
export interface PolicyTexts {
  contexts: string;
  homedirs?: string | undefined;
  local?: string | undefined;
  subs?: string | undefined;
  subsDist?: string | undefined;
}

/** The most steps of matching for all paths together, about half a minute. A usual policy needs a fortieth for 500,000 paths. */
const MAX_STEPS = 5e9;

/** The most lines of each kind in a policy. The policies of distributions have some thousand patterns and forty aliases. */
const MAX_PATTERNS = 100_000;
const MAX_ALIASES = 2000;

/** The contexts of a policy's text files, as libselinux looks them up (selabel_file(5)). */
export class SelinuxPolicy {
  /** Number of lines with a pattern. */
  readonly patterns: number;
  readonly #file: string;
  readonly #work: MatchWork = { steps: 0 };
  readonly #maxSteps: number;
  readonly #index: ContextIndex;
  readonly #subs: readonly PathAlias[];
  readonly #subsDist: readonly PathAlias[];

  /**
   * `file` is the path of `file_contexts` in the image, with a leading slash, for messages. Throws `E_SELINUX_POLICY` for
   * a line that libselinux refuses and for a pattern that platter does not read.
   */
  constructor(
    texts: PolicyTexts,
    { file, order, maxSteps = MAX_STEPS }: { file: string; order: MatchingOrder; maxSteps?: number },
  ) {
    this.#maxSteps = maxSteps;
    const lines = [
      ...parseFileContexts(texts.contexts, file, 0),
      ...parseFileContexts(texts.homedirs ?? "", `${file}.homedirs`, 1),
      ...parseFileContexts(texts.local ?? "", `${file}.local`, 2),
    ];
    this.#file = file;
    this.patterns = lines.length;
    if (lines.length > MAX_PATTERNS)
      throw tooMany(file, lines.length, { of: "patterns", most: MAX_PATTERNS });
    this.#index = new ContextIndex(lines, { order, work: this.#work });
    this.#subs = parsePathAliases(texts.subs ?? "", order);
    this.#subsDist = parsePathAliases(texts.subsDist ?? "", order);
    const aliases = this.#subs.length + this.#subsDist.length;
    if (aliases > MAX_ALIASES) throw tooMany(file, aliases, { of: "aliases", most: MAX_ALIASES });
  }

  /** The number of steps of matching so far. It does not depend on the machine. */
  get steps(): number {
    return this.#work.steps;
  }

  /** The context of a path. Undefined if the policy does not have one, or if it is `<<none>>`. */
  contextOf(path: BytePath, type: EntryType): string | undefined {
    if (this.#work.steps > this.#maxSteps) {
      throw policyLimitError(this.#file, "has patterns that take too long to match");
    }
    const local = applyAlias(this.#subs, `/${path}`) ?? `/${path}`;
    return this.#index.find(applyAlias(this.#subsDist, local) ?? local, type)?.context;
  }
}

function tooMany(file: string, count: number, { of, most }: { of: string; most: number }): PlatterError {
  return policyLimitError(file, `has ${count} ${of}, and at most ${most} are allowed`);
}
