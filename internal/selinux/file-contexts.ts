import type { EntryType } from "../image/image-tree.ts";
import { type PolicyLine, policyError } from "./policy-error.ts";

/** One line of `file_contexts`: a pattern of paths and their context (file_contexts(5)). */
export interface FileContext extends PolicyLine {
  /** The characters are ASCII, so each is one byte. */
  pattern: string;
  /** The type of entry to which the line applies. Undefined for all types. */
  type: EntryType | "socket" | undefined;
  /** Undefined for `<<none>>`: matching entries get no label. */
  context: string | undefined;
  /** The policy file of the line: 0 for `file_contexts`, 1 for `.homedirs`, 2 for `.local`. */
  input: number;
}

const TYPES: Readonly<Record<string, FileContext["type"]>> = {
  "--": "file",
  "-d": "directory",
  "-l": "symlink",
  "-c": "character-device",
  "-b": "block-device",
  "-p": "fifo",
  "-s": "socket",
};

/** libselinux refuses longer fields. */
const MAX_FIELD = 65534;

/** Fields between the white space of C's isspace. */
export const FIELDS = /[^ \t\n\v\f\r]+/g;

/**
 * The lines of a text with contexts, as libselinux reads them; `text` has one byte a character. Throws
 * `E_SELINUX_POLICY` for a line that libselinux refuses and for a context that is not one.
 */
export function parseFileContexts(text: string, file: string, input: number): FileContext[] {
  const contexts: FileContext[] = [];
  for (const [index, whole] of text.split("\n").entries()) {
    // libselinux reads a line as a C string.
    const line = whole.split("\0", 1)[0]!;
    const fields = line.match(FIELDS)?.slice(0, 3) ?? [];
    if (fields[0] === undefined || fields[0].startsWith("#")) continue;
    const place = { file, line: index + 1 };
    if (fields.some((field) => /[^\0-\x7f]/.test(field))) {
      throw policyError(place, "contains a character outside of ASCII", line);
    }
    if (fields.some((field) => field.length > MAX_FIELD)) throw policyError(place, "is too long", line);
    if (fields.length === 1) throw policyError(place, "does not have a context", line);
    const typeField = fields.length === 3 ? fields[1]! : undefined;
    if (typeField !== undefined && TYPES[typeField] === undefined) {
      throw policyError(place, "has an unknown file type", line);
    }
    const context = fields.at(-1)!;
    if (!isContext(context)) throw policyError(place, "has a context without user, role and type", line);
    contexts.push({
      ...place,
      pattern: fields[0],
      type: typeField === undefined ? undefined : TYPES[typeField],
      context: context === "<<none>>" ? undefined : context,
      input,
    });
  }
  return contexts;
}

/**
 * Whether a text has the form `user:role:type`, or with levels `user:role:type:range`. The range may contain colons.
 */
function isContext(text: string): boolean {
  return text === "<<none>>" || /^[^:]+:[^:]+:[^:]+(?::[^:].*)?$/.test(text);
}
