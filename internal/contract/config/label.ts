import { z } from "zod";
import type { Architecture } from "../../base/architecture.ts";
import { PlatterError } from "../../base/error.ts";
import type { VolumeLabel } from "../../grub/menu-model.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, type FindingCode, finding, hasErrors, textOf } from "../findings/finding.ts";
import type { OsRelease } from "./os-release.ts";

/** Bytes of the volume identifier in the primary volume descriptor (ECMA-119 8.4.7). */
export const LABEL_BYTES = 32;

/** White space, `/`, quotes, control characters and lone surrogates. */
const FORBIDDEN = /[\s/'"`\p{Cc}\p{Cs}]/u;

export const volumeLabelSchema = z
  .custom<VolumeLabel>(
    (value) => typeof value === "string" && toVolumeLabel(value).label !== undefined,
    "not a volume label",
  )
  .meta({
    type: "string",
    minLength: 1,
    maxLength: LABEL_BYTES,
    description: "Volume label of the ISO, of at most 32 bytes of UTF-8.",
  });

/** All findings about a label, and the label itself if it is valid. */
export function toVolumeLabel(text: string): { label: VolumeLabel | undefined; findings: Finding[] } {
  const findings = labelFindings(text);
  return { label: hasErrors(findings) ? undefined : (text as VolumeLabel), findings };
}

/** The label that a user gave. @throws PlatterError `E_LABEL`, with all reasons */
export function requireVolumeLabel(text: string): VolumeLabel {
  const [first, ...others] = labelProblems(text);
  if (first === undefined) return text as VolumeLabel;
  throw new PlatterError({
    code: "E_LABEL",
    kind: "usage",
    message: `Cannot use the label \`${printable(text)}\`: it ${[first, ...others].map(({ reason }) => reason).join(" and ")}`,
    hint: textOf(first.code).fix,
  });
}

/** Why a label cannot be used. A reason is the end of a sentence about the label. */
function labelProblems(text: string): { code: FindingCode; reason: string }[] {
  if (text === "") return [{ code: "F_LABEL_EMPTY", reason: "is empty" }];
  const problems: { code: FindingCode; reason: string }[] = [];
  const bytes = Buffer.byteLength(text, "utf8");
  if (bytes > LABEL_BYTES) problems.push({ code: "F_LABEL_TOO_LONG", reason: `has ${bytes} bytes` });
  const bad = FORBIDDEN.exec(text)?.[0];
  if (bad !== undefined) problems.push({ code: "F_LABEL_CHARACTER", reason: `holds ${nameOf(bad)}` });
  if (text.startsWith("-")) problems.push({ code: "F_LABEL_CHARACTER", reason: "begins with `-`" });
  return problems;
}

function labelFindings(text: string): Finding[] {
  const shown = text === "" ? "The label" : `The label \`${printable(text)}\``;
  const findings = labelProblems(text).map(({ code, reason }) => finding(code, `${shown} ${reason}.`));
  if (findings.length > 0) return findings;
  // Nearly every image has lower-case letters or hyphens in its label. No program is known to fail because of them.
  if (/[^A-Za-z0-9_.-]/.test(text)) {
    findings.push(
      finding(
        "F_LABEL_ECMA119",
        `${shown} holds characters other than letters, digits, \`_\`, \`-\` and \`.\`.`,
      ),
    );
  }
  const escaped = escapeForUdev(text);
  if (escaped !== text) {
    findings.push(finding("F_LABEL_ESCAPED", `${shown} is \`${escaped}\` in /dev/disk/by-label.`));
  }
  return findings;
}

/**
 * The label of an image that does not set one. In VERSION_ID any character except letters, digits, `.`, `_` and `-`
 * becomes `-`. Its end is cut off if the label would be too long. A note reports this.
 */
export function defaultLabel(
  osRelease: OsRelease,
  architecture: Architecture,
): { label: VolumeLabel; findings: Finding[] } {
  const version = osRelease.versionId;
  const pattern = version === undefined ? undefined : PATTERNS.get(osRelease.id ?? "");
  if (version === undefined || pattern === undefined) {
    return { label: `Container-Installer-${architecture}` as VolumeLabel, findings: [] };
  }
  const room = LABEL_BYTES - pattern("", architecture).length;
  const dashed = osRelease.id === "rhel" ? version.replaceAll(".", "-") : version;
  const fitted = trimSeparators(trimSeparators(dashed.replace(/[^A-Za-z0-9._-]+/g, "-")).slice(0, room));
  const label = (
    fitted === "" ? `Container-Installer-${architecture}` : pattern(fitted, architecture)
  ) as VolumeLabel;
  if (fitted === dashed) return { label, findings: [] };
  const seen = `VERSION_ID is \`${printable(version)}\`, and the default label became \`${label}\`.`;
  return { label, findings: [finding("F_LABEL_DEFAULT_CHANGED", seen)] };
}

/** Functions that return the default label, by the ID of os-release. */
const PATTERNS = new Map<string, (version: string, architecture: Architecture) => string>([
  ["fedora", (version, architecture) => `Fedora-S-dvd-${architecture}-${version}`],
  ["centos", (version, architecture) => `CentOS-Stream-${version}-BaseOS-${architecture}`],
  ["rhel", (version, architecture) => `RHEL-${version}-BaseOS-${architecture}`],
]);

function trimSeparators(text: string): string {
  return text.replace(/^[._-]+|[._-]+$/g, "");
}

/**
 * The text in the form of the name of udev's link (systemd's `encode_devnode_name`): letters, digits, `#+-.:=@_` and
 * UTF-8 beyond ASCII stay unchanged, every other byte becomes `\xNN`.
 */
export function escapeForUdev(text: string): string {
  return text.replace(
    /[^0-9A-Za-z#+\-.:=@_\u0080-\uffff]/g,
    (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
}

function nameOf(character: string): string {
  if (character === " ") return "a space";
  if (/[\p{Cc}\p{Cs}\s]/u.test(character)) return `a control character or white space (${codeOf(character)})`;
  return character === "`" ? "a backquote" : `\`${character}\``;
}

function codeOf(character: string): string {
  return `U+${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}`;
}
