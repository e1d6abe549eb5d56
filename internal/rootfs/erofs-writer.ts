import { PlatterError } from "../base/error.ts";
import { openFileSource } from "../files/byte-source.ts";
import type { Compression } from "../squashfs/blocks/compression.ts";
import { tarStream } from "./entry-stream.ts";
import { readErofs } from "./erofs-superblock.ts";
import type { RootfsOptions } from "./rootfs-options.ts";
import { counted, type RootfsWriter } from "./rootfs-writer.ts";

/** Writes an erofs: mkfs.erofs reads the tar stream, which includes an entry for the root directory. */
export const erofsWriter: RootfsWriter = {
  tools: ["mkfs.erofs"],
  async write({ tree, walk, options, time, uuid }, { output, log, onBytes }, toolbox) {
    const stdin = counted(tarStream(tree, { ...walk, root: "entry" }), { tree, walk, onBytes });
    const args = { options, time, uuid };
    await toolbox.use("mkfs.erofs", mkfsErofsArguments(output, args), { stdin, log, output });
    await requireErofs(output, log);
  },
};

/**
 * Checks that the output is an erofs, because a program may write other data and succeed. @throws PlatterError
 * `E_TOOL_FAILED`
 */
async function requireErofs(path: string, log: string): Promise<void> {
  await using source = await openFileSource(path);
  const [problem] = (await readErofs(source, { name: "its file" })).problems;
  if (problem === undefined) return;
  throw new PlatterError({
    code: "E_TOOL_FAILED",
    kind: "tool",
    message: `\`mkfs.erofs\` ended without an error, but ${problem.detail}`,
    hint: `Read its full output in \`${log}\`.`,
    log,
  });
}

/** The name of each compressor in mkfs.erofs, and its option for a level. */
const NAMES: Readonly<Record<Exclude<Compression, "none">, string>> = {
  zstd: "zstd",
  xz: "lzma",
  gzip: "deflate",
  lz4: "lz4hc",
};

/** Arguments of mkfs.erofs for a tar archive on its standard input. */
export function mkfsErofsArguments(
  output: string,
  image: { options: RootfsOptions; time: number; uuid: string },
): string[] {
  const { options, time, uuid } = image;
  // The block size is given, since its default is the build machine's page size.
  const args = ["--tar=f", "--quiet", "-b4096", `-T${time}`, "--mkfs-time", "-U", uuid];
  if (options.compression !== "none") {
    const level = options.level === null ? "" : `,level=${options.level}`;
    args.push(`-z${NAMES[options.compression]}${level}`, `-C${options.blockSize}`);
  }
  return [...args, output];
}
