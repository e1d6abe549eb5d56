export type Severity = "error" | "warning" | "note";

/** A line below the first line of a notice. Without a label it is shown unchanged, such as an excerpt of a file. */
export interface NoticeLine {
  label?: "where" | "fix" | "note" | "hint";
  text: string;
}

/** An error, a warning or a note for the user: one line, and further lines below it. */
export interface Notice {
  severity: Severity;
  /** A code that `platter explain` knows. */
  code?: string;
  message: string;
  lines?: readonly NoticeLine[];
}
