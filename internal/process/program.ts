import { accessSync, constants, statSync } from "node:fs";
import { PlatterError } from "../base/error.ts";

/** A program that a run needs. */
export interface ProgramNeed {
  /** Its names. One of them is enough. */
  programs: readonly string[];
  /** The option or stage that needs the program, as the beginning of a sentence: "`--rootfs erofs`". */
  by: string;
  /** The hint if all programs are missing, as an imperative sentence. */
  hint: string;
}

/** An ordinary user's PATH leaves out the folders for administrators. */
const EXTRA_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/**
 * The folders in which programs are looked for. An entry of PATH that is not absolute is ignored, since it would run a
 * program from the current folder.
 */
export function programFolders(path = process.env.PATH ?? DEFAULT_PATH): string[] {
  return [...new Set([...path.split(":").filter(isAbsolute), ...EXTRA_FOLDERS])];
}

/** A line for each entry of PATH that is ignored. */
export function skippedLines(path = process.env.PATH ?? DEFAULT_PATH): string[] {
  const folders = new Set(path.split(":").filter((folder) => !isAbsolute(folder)));
  return [...folders].map(
    (folder) => `PATH has \`${folder}\`, which platter ignores because it is not absolute`,
  );
}

/** Returns a function that warns of ignored entries of PATH when it is first called. */
export function skippedTeller(warn: (text: string) => void): () => void {
  let told = false;
  return () => {
    if (!told) for (const line of skippedLines()) warn(line);
    told = true;
  };
}

function isAbsolute(folder: string): boolean {
  return folder.startsWith("/");
}

/** The path of a program; undefined if the folders do not have it. */
export function findProgram(program: string): string | undefined {
  for (const folder of programFolders()) {
    const path = `${folder}/${program}`;
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Continue with the next folder.
    }
  }
  return undefined;
}

/** Looks for programs before anything starts. All that are missing are reported together. @throws PlatterError `E_TOOL_MISSING` */
export function requirePrograms(needs: readonly ProgramNeed[]): void {
  const missing = needs.filter(({ programs }) =>
    programs.every((program) => findProgram(program) === undefined),
  );
  if (missing.length > 0) throw programMissing(missing);
}

/** The error for programs that are missing, at least one. */
export function programMissing(needs: readonly ProgramNeed[]): PlatterError {
  const lines = needs.map(({ programs, by }) => {
    const names = programs.map((program) => `\`${program}\``).join(" or ");
    return `${by} needs ${names}, which is not in PATH`;
  });
  const hints = [...new Set(needs.map(({ hint }) => hint))];
  return new PlatterError({
    code: "E_TOOL_MISSING",
    kind: "tool",
    message: `Cannot start: ${lines.join("; ")}`,
    hint: hints.join(" "),
    detail: skippedLines(),
  });
}
