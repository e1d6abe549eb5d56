/** Warnings that are not findings about an image, by their stable codes. A run with them goes on. */
export const WARNINGS = {
  W_DISK_SPACE: {
    title: "a folder may become full before the build ends",
    fix: "Free some space, or put -o, --work or TMPDIR on a larger file system.",
  },
} as const satisfies Record<string, { title: string; fix: string }>;

export type WarningCode = keyof typeof WARNINGS;
