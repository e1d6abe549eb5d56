import type { Problem, Reading, Structure } from "../bytes/problem-log.ts";

/** All checks, in the order of the report. */
const CHECK_NAMES = {
  size: "length of the file",
  "volume-descriptors": "volume descriptors",
  "iso-tree": "ISO 9660 and Rock Ridge tree",
  joliet: "Joliet tree",
  "el-torito": "El Torito boot catalogue",
  "bios-image": "BIOS boot image",
  mbr: "master boot record",
  gpt: "GUID partition table",
  "iso-partition": "ISO as a partition",
  esp: "EFI system partition",
  "efi-programs": "EFI programs",
  "grub-menus": "GRUB menus",
  "menu-label": "label in the menus",
  squashfs: "squashfs",
  erofs: "erofs",
  checksum: "implanted checksum",
  "expected-label": "label as planned",
  "expected-files": "files as planned",
} as const;

export type CheckCode = keyof typeof CHECK_NAMES;
export const CHECK_CODES = Object.keys(CHECK_NAMES) as [CheckCode, ...CheckCode[]];

export interface Check {
  code: CheckCode;
  name: string;
  /** `absent`: the ISO does not have this part, which may be intended. Only `problem` fails the check. */
  status: "ok" | "warning" | "problem" | "absent";
  /** One line: what was found, or the first problem. */
  detail: string;
  problems: readonly Problem[];
}

export interface CheckedStructure extends Structure {
  /** The check that reports a change of these bytes. */
  check: CheckCode;
}

export interface VerifyReport {
  ok: boolean;
  size: number;
  volumeId: string | undefined;
  checks: Check[];
  /** Byte ranges in which any single changed byte is reported, even without the checksum. */
  structures: CheckedStructure[];
}

function statusOf(problems: readonly Problem[]): Check["status"] {
  if (problems.length === 0) return "ok";
  return problems.every(({ severity }) => severity === "warning") ? "warning" : "problem";
}

/** Collects the results of the readers. */
export class ReportBuilder {
  readonly #checks = new Map<CheckCode, Check>();
  readonly #structures: CheckedStructure[] = [];

  /** Adds a reading to a check; `detail` is the text for a check without problems. */
  add(code: CheckCode, reading: Omit<Reading<unknown>, "value">, detail: string): void {
    const known = this.#checks.get(code);
    const earlier = known?.status === "absent" ? undefined : known;
    const problems = [...(earlier?.problems ?? []), ...reading.problems];
    const details = [earlier?.problems.length === 0 ? earlier.detail : undefined, detail];
    this.#checks.set(code, {
      code,
      name: CHECK_NAMES[code],
      status: statusOf(problems),
      detail: problems[0]?.detail ?? details.filter((text) => text !== undefined && text !== "").join("; "),
      problems,
    });
    for (const structure of reading.structures) this.#structures.push({ ...structure, check: code });
  }

  has(code: CheckCode): boolean {
    return this.#checks.has(code);
  }

  absent(code: CheckCode, detail: string): void {
    if (this.has(code)) return;
    this.#checks.set(code, { code, name: CHECK_NAMES[code], status: "absent", detail, problems: [] });
  }

  report(iso: { size: number; volumeId: string | undefined }): VerifyReport {
    const checks = CHECK_CODES.flatMap((code) => this.#checks.get(code) ?? []);
    return {
      ok: checks.every((check) => check.status !== "problem"),
      ...iso,
      checks,
      structures: this.#structures.toSorted((a, b) => a.start - b.start),
    };
  }
}
