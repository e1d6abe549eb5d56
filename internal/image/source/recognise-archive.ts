import { OpenFile } from "../../bytes/open-file.ts";
import { TarReader } from "../../tar/tar-reader.ts";
import type { OpenOptions } from "../open-options.ts";
import type { KnownReference } from "../reference.ts";
import { ArchiveSurvey, type ArchiveTransport, otherArchive } from "./archive-kind.ts";
import { SNIFFED, sniff } from "./sniff.ts";
import { tarBytes } from "./tar-archive.ts";
import { wrongKind } from "./wrong-kind.ts";

export interface RecogniseOptions extends Pick<OpenOptions, "signal" | "runTool"> {
  /** By default the members decide the kind of an archive without a transport. Otherwise the archive counts as a `tar`. */
  archives?: "by-their-members" | "by-their-start";
}

/** The number of members that are read before an archive without an image's files counts as a root file system. */
const MEMBERS = 100_000;

/** Checks by its first bytes that a file is an archive. @throws PlatterError `E_REFERENCE_KIND` */
export async function checkArchive(path: string, options: RecogniseOptions): Promise<void> {
  using file = OpenFile.open(path);
  const other = sniff(await startOf(file, options));
  if (other !== undefined)
    throw wrongKind(
      path,
      other.kind,
      other.hint.replace("PATH", () => path),
    );
}

/** The reference to an archive, by its content. @throws PlatterError `E_REFERENCE_KIND`, `E_TAR_…`, `E_FILE_…` */
export async function recogniseArchive(
  path: string,
  tag: string | undefined,
  options: RecogniseOptions,
): Promise<KnownReference> {
  await checkArchive(path, options);
  if (options.archives === "by-their-start") return { transport: "tar", path };
  const transport = await archiveKind(path, options);
  return transport === "tar" ? { transport, path } : { transport, path, tag };
}

async function archiveKind(path: string, options: RecogniseOptions): Promise<ArchiveTransport> {
  using file = OpenFile.open(path);
  const stream = tarBytes(file, options);
  await using reader = new TarReader(stream, { archive: `\`${path}\``, dialect: "archive" });
  const survey = new ArchiveSurvey();
  for (let count = 0; count < MEMBERS; count++) {
    const member = await reader.next();
    if (member === undefined || survey.add(member)) break;
  }
  const found = survey.kind;
  if (found.kind === "oci-archive" || found.kind === "docker-archive") return found.kind;
  const other = otherArchive(path, found, "tar");
  if (other !== undefined) throw other;
  return "tar";
}

/** The first bytes of a file, decompressed. */
async function startOf(file: OpenFile, options: RecogniseOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of tarBytes(file, options)) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= SNIFFED) break;
  }
  return Buffer.concat(chunks);
}
