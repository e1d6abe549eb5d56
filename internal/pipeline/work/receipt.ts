import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { z } from "zod";

const fileSchema = z.strictObject({
  path: z.string(),
  size: z.int(),
  /** Milliseconds. If time and size of the file are the same, its content is not read again. */
  mtimeMs: z.number(),
  sha256: z.string(),
});

export const receiptSchema = z.strictObject({
  version: z.literal(2),
  stage: z.string(),
  platter: z.string(),
  /** The stage's inputs, by name: digests, options, tool versions. */
  inputs: z.record(z.string(), z.string()),
  outputs: z.array(fileSchema),
  tools: z.array(z.strictObject({ name: z.string(), path: z.string(), version: z.string() })),
  seconds: z.number(),
});

/** The record of a stage. It decides whether the stage must run again. */
export type Receipt = z.infer<typeof receiptSchema>;
export type FileRecord = z.infer<typeof fileSchema>;

export function parseReceipt(text: string | undefined): Receipt | undefined {
  if (text === undefined) return undefined;
  try {
    return receiptSchema.safeParse(JSON.parse(text)).data;
  } catch {
    // If a receipt cannot be read, the stage runs again.
    return undefined;
  }
}

export function sameInputs(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}

export async function recordFile(path: string): Promise<FileRecord> {
  const { size, mtimeMs } = await stat(path);
  return { path, size, mtimeMs, sha256: await sha256File(path) };
}

/** Whether a file is the same as in its record. */
export async function isUnchanged(record: FileRecord): Promise<boolean> {
  const now = await stat(record.path).catch(() => undefined);
  if (now === undefined || now.size !== record.size) return false;
  return now.mtimeMs === record.mtimeMs || (await sha256File(record.path)) === record.sha256;
}

export async function sha256File(path: string): Promise<string> {
  const hasher = new Bun.CryptoHasher("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hasher.update(chunk);
  return hasher.digest("hex");
}

export function sha256Text(text: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(text as string).digest("hex");
}
