import type { FindingText } from "./finding.ts";

/** Findings about the tools that will make the ISO. */
export const TOOL_FINDINGS = {
  F_TOOL_MISSING: {
    severity: "warning",
    title: "a tool is missing",
    why: "Without it the ISO cannot be made on this machine.",
    fix: "Install it, or choose another place with `--tools auto|image|host`.",
  },
  F_TOOL_VERSION: {
    severity: "warning",
    title: "a tool is too old, or does not start",
    why: "With it the ISO cannot be made on this machine.",
    fix: "Install a newer one, or choose another place with `--tools auto|image|host`.",
  },
  F_MKSQUASHFS_CORRUPTS: {
    severity: "warning",
    title: "a mksquashfs that may write wrong data",
    why: "Versions from 4.7 to 4.7.4 can write files with long runs of zeros so that they cannot be read, or hold something else.",
    fix: "Use 4.7.5 or later, or 4.6.1 or earlier; `--tools image` and `--tools host` choose which one is taken.",
  },
  F_MKSQUASHFS_COMPRESSOR: {
    severity: "error",
    title: "a compression that mksquashfs lacks",
    why: "The root file system could not be compressed as it is asked for.",
    fix: "Choose another one with `--compression`, or another mksquashfs with `--tools auto|image|host`.",
  },
} as const satisfies Record<string, FindingText>;
