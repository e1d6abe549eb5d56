/** The verdict about a file that a user wants to boot. */

import { latin1 } from "../bytes/fields.ts";
import { compressionOf } from "../compression/compression.ts";
import { BOOT_WAYS, type BootClaims, type BootWay } from "../contract/findings/boot-claims.ts";
import type { ByteSource } from "../files/byte-source.ts";
import { SNIFFED, sniff } from "../image/source/sniff.ts";
import type { VolumeDescriptor } from "../iso/read/volume-descriptor.ts";
import { readVolumeDescriptors } from "../iso/read/volume-descriptors.ts";
import { SECTOR } from "../iso-format/units.ts";
import { type ClaimOptions, claimIso } from "./claim-iso.ts";
import { examineIso, type VerifyOptions } from "./verify.ts";
import type { FoundMenu } from "./verify-menus.ts";
import type { VerifyReport } from "./verify-report.ts";

export type Verdict = { kind: "boots" | "boots-nowhere"; boots: BootClaims } | Incomplete | NotAnIso;

/** The file ends before the volume does, as after a download that was interrupted. Both numbers are bytes. */
export interface Incomplete {
  kind: "incomplete";
  missing: number;
  volumeSize: number;
}

interface NotAnIso {
  kind: "not-an-iso";
  /** Completes "it": `is a text file`. */
  reason: string;
}

/** Sectors of the descriptors that are read, since the first may be damaged. */
const DESCRIPTORS = [16, 17, 18];

/** Why a file is not an ISO. Undefined for an ISO, even if it is damaged or incomplete. */
export async function notAnIso(source: ByteSource): Promise<NotAnIso | undefined> {
  for (const sector of DESCRIPTORS) {
    if (latin1(await source.read(sector * SECTOR + 1, 5)) === "CD001") return undefined;
  }
  const start = await source.read(0, SNIFFED);
  const compression = compressionOf(start);
  if (compression !== "none") return { kind: "not-an-iso", reason: `is compressed with ${compression}` };
  const known = sniff(start)?.kind;
  if (known !== undefined) return { kind: "not-an-iso", reason: `is ${known}` };
  if (source.size <= DESCRIPTORS[0]! * SECTOR)
    return {
      kind: "not-an-iso",
      reason: `ends after ${source.size} bytes, before an ISO's first descriptor`,
    };
  return { kind: "not-an-iso", reason: "has no ISO 9660 volume descriptor" };
}

/** Whether a file holds less than its first volume descriptor says. Undefined for a complete ISO, and without a descriptor. */
export async function incompleteIso(source: ByteSource): Promise<Incomplete | undefined> {
  return incomplete(source, (await readVolumeDescriptors(source)).value.primary);
}

function incomplete(
  { size }: ByteSource,
  primary: Pick<VolumeDescriptor, "sectors"> | undefined,
): Incomplete | undefined {
  const volumeSize = (primary?.sectors ?? 0) * SECTOR;
  return size < volumeSize ? { kind: "incomplete", missing: volumeSize - size, volumeSize } : undefined;
}

export interface JudgedIso {
  report: VerifyReport;
  verdict: Verdict;
  menus: readonly FoundMenu[];
}

/**
 * Examines a file that is an ISO and decides where it boots.
 * @throws PlatterError `E_INTERRUPTED`
 */
export async function judgeIso(
  source: ByteSource,
  options: VerifyOptions & ClaimOptions,
): Promise<JudgedIso> {
  const { report, parts } = await examineIso(source, options);
  const cut = incomplete(source, parts.primary);
  const { menus } = parts;
  if (cut !== undefined) return { report, verdict: cut, menus };
  const boots = await claimIso(source, { parts, report }, options);
  const kind = BOOT_WAYS.some((way) => boots[way].boots) ? "boots" : "boots-nowhere";
  return { report, verdict: { kind, boots }, menus };
}

/** The wanted ways that the ISO does not boot in. */
export function unmetWays(verdict: Verdict, wanted: readonly BootWay[]): BootWay[] {
  if (!("boots" in verdict)) return [...wanted];
  return wanted.filter((way) => !verdict.boots[way].boots);
}
