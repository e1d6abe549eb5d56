/** The kind of an error, which alone decides the exit code. */
export type ErrorKind =
  /** The command line is not valid. */
  | "usage"
  /** The image or its configuration breaks the contract. */
  | "contract"
  /** A tool is missing, too old, or failed. */
  | "tool"
  /** The system refused: disk full, permission denied, input/output error. */
  | "machine"
  /** An ISO failed verification or did not boot. */
  | "media"
  /** The user, or a signal, stopped the run. */
  | "interrupted";

export interface ExitText {
  code: number;
  /** A phrase about its meaning. */
  title: string;
}

/** Exit codes of runs that an error ended. */
export const EXIT_CODES = {
  usage: { code: 2, title: "wrong usage, including an output or work directory that another run uses" },
  contract: { code: 3, title: "the image or its configuration breaks the contract" },
  tool: { code: 4, title: "a program is missing or failed" },
  machine: { code: 5, title: "the system refused (disk full, permission denied)" },
  media: { code: 6, title: "an ISO failed verification or did not boot" },
  interrupted: { code: 130, title: "interrupted by SIGINT, SIGTERM, SIGHUP or SIGQUIT" },
} as const satisfies Record<ErrorKind, ExitText>;

/** Exit code of a run that ended because of a bug. */
export const BUG_EXIT_CODE = 1;

/** All exit codes in ascending order. */
export const ALL_EXIT_CODES: readonly ExitText[] = [
  { code: 0, title: "done" },
  { code: BUG_EXIT_CODE, title: "a bug in platter" },
  ...Object.values(EXIT_CODES),
];

/** The gravest kind: the one with the highest exit code. There must be at least one. */
export function gravestKind<K extends ErrorKind>(kinds: readonly K[]): K {
  return kinds.reduce((gravest, kind) => (EXIT_CODES[kind].code > EXIT_CODES[gravest].code ? kind : gravest));
}
