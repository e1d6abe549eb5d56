/** Most UTF-16 units in one long name ("FAT Long Directory Entries"). */
const MAX_NAME_UNITS = 255;
/** Most UTF-16 units in a path; the specification counts 260 with a closing NUL ("Name Limits and Character Sets"). */
const MAX_PATH_UNITS = 259;

/** Why FAT cannot hold a file under this name; undefined if it can. */
function nameProblem(name: string): string | undefined {
  if (name === "") return "has an empty component";
  if (name === "." || name === "..") return `has a component \`${name}\``;
  if (name.length > MAX_NAME_UNITS) return `has a component of more than ${MAX_NAME_UNITS} characters`;
  const forbidden = /[\x00-\x1f"*/:<>?\\|]/.exec(name)?.[0];
  if (forbidden !== undefined) return `holds ${JSON.stringify(forbidden)}`;
  if (/[. ]$/.test(name)) return "has a component that ends in a dot or a space";
  if (!name.isWellFormed()) return "is not well-formed Unicode";
  return undefined;
}

/** Why FAT cannot hold this path (components separated by `/`); undefined if it can. */
export function pathProblem(path: string): string | undefined {
  for (const name of path.split("/")) {
    const problem = nameProblem(name);
    if (problem !== undefined) return problem;
  }
  if (path.length > MAX_PATH_UNITS) return `is longer than ${MAX_PATH_UNITS} characters`;
  return undefined;
}

/**
 * Why this is not a valid volume label; undefined if it is. A label has 1 to 11 characters of the short names' set, and
 * spaces in between ("FAT Volume Label", BS_VolLab).
 */
export function labelProblem(label: string): string | undefined {
  if (label.length < 1 || label.length > 11) return "must have 1 to 11 characters";
  if (label === "NO NAME") return "is what FAT writes for no label at all";
  if (/^ | $/.test(label)) return "must not begin or end with a space";
  if (/[a-z]/.test(label)) return "must be in upper case";
  if (!/^[A-Z0-9 $%'\-_@~`!(){}^#&]+$/.test(label))
    return "holds a character that FAT does not take in a label";
  return undefined;
}
