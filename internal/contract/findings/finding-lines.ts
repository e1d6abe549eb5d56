import type { Notice } from "../../base/notice.ts";
import { type Finding, textOf } from "./finding.ts";

/** The sentence of a finding without its full stop, after the file, line and column of its place. */
export function seenAt({ place, seen }: Pick<Finding, "place" | "seen">): string {
  const sentence = seen.replace(/\.$/, "");
  return place === undefined ? sentence : `${place.file}:${place.line}:${place.column}: ${sentence}`;
}

/** A finding as the user sees it: its title, what was seen and where, what to do, and why it matters. */
export function noticeOf(finding: Finding): Notice {
  const { code, severity, place, fix, why } = finding;
  return {
    severity,
    code,
    message: textOf(code).title,
    lines: [
      { label: "where", text: seenAt(finding) },
      ...(place?.excerpt ?? []).map((text) => ({ text: `       ${text}` })),
      { label: "fix", text: fix },
      { label: "note", text: why },
    ],
  };
}
