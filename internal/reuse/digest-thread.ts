/** The program of a thread that reads an earlier ISO or squashfs. It answers requests in order. */
import { type ByteSource, openFileSource } from "../files/byte-source.ts";
import { checkIsoMd5 } from "../isomd5/check.ts";
import { type Checksum, type DigestAnswer, type DigestRequest, STOP } from "./digest-request.ts";
import { digestsOf } from "./stored-content.ts";

declare const self: Worker;

const CHUNK = 1024 * 1024;

self.onmessage = async ({ data: request }: MessageEvent<DigestRequest>) => {
  self.postMessage(await answer(request));
};

async function answer(request: DigestRequest): Promise<DigestAnswer> {
  if (request.kind === "blocks") return { kind: "blocks", digests: digestsOf(request) };
  const isStopped = () => Atomics.load(new Int32Array(request.stop), 0) === STOP;
  try {
    await using source = await openFileSource(request.path);
    const checksum = await (request.sha256 === undefined
      ? implantedChecksum(source, isStopped)
      : compareSha256(source, { sha256: request.sha256, isStopped }));
    return { kind: "checksum", checksum };
  } catch {
    // If the file cannot be read, the caller reports the error itself. If the caller was interrupted, it does not need
    // an answer.
    return { kind: "checksum", checksum: "unread" };
  }
}

async function implantedChecksum(source: ByteSource, isStopped: () => boolean): Promise<Checksum> {
  const controller = new AbortController();
  const onProgress = () => {
    if (isStopped()) controller.abort();
  };
  const { present, ok } = await checkIsoMd5(source, { signal: controller.signal, onProgress });
  if (!present) return "absent";
  return ok ? "right" : "wrong";
}

async function compareSha256(
  source: ByteSource,
  { sha256, isStopped }: { sha256: string; isStopped: () => boolean },
): Promise<Checksum> {
  const hasher = new Bun.CryptoHasher("sha256");
  for (let at = 0; at < source.size; ) {
    if (isStopped()) return "unread";
    const chunk = await source.read(at, CHUNK);
    if (chunk.length === 0) return "unread";
    hasher.update(chunk);
    at += chunk.length;
  }
  return hasher.digest("hex") === sha256 ? "right" : "wrong";
}
