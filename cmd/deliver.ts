import { constants } from "node:fs";
import { copyFile, rename, writeFile } from "node:fs/promises";
import { PlatterError } from "../internal/base/error.ts";
import { writeWhole } from "../internal/files/whole-file.ts";
import type { Session } from "../internal/pipeline/session.ts";
import { checkOutput, folderOf } from "../internal/pipeline/work/output.ts";
import type { WorkDir } from "../internal/pipeline/work/work-dir.ts";
import { claim, type FileFlags } from "./claim.ts";
import { openSession, type PayloadFlags, type PlanFlags, type WorkFlags } from "./options/options.ts";
import type { World } from "./world.ts";

/**
 * Host path for a stage's artifact: the file of -o, or the artifact's path in the folder of --work.
 * @throws PlatterError `E_OUTPUT`
 */
function targetOf(flags: { output?: string | undefined; work?: string | undefined }): string | undefined {
  if (flags.output !== undefined) return checkOutput(flags.output);
  if (flags.work !== undefined) return undefined;
  throw new PlatterError({
    code: "E_OUTPUT",
    kind: "usage",
    message: "Cannot write the result: no output file given",
    hint: "Name a file with -o, or a folder that keeps all stages with --work.",
  });
}

/**
 * Calls `make` for one artifact, and moves or copies the artifact to the path that the flags name.
 * @throws PlatterError `E_OUTPUT`, and the errors of `make`
 */
export async function makeArtifact(
  world: World,
  options: {
    image: string | undefined;
    flags: Partial<PlanFlags & PayloadFlags> & WorkFlags & FileFlags;
    artifact: string;
  },
  make: (session: Session) => Promise<void>,
): Promise<void> {
  const { image, flags, artifact } = options;
  const output = targetOf(flags);
  using _ = claim(world, { image, flags });
  await using session = openSession(world, { image, flags, ...(output && { beside: folderOf(output) }) });
  await session.during(async () => {
    await make(session);
    if (output !== undefined) await deliver(session.work, artifact, output);
  });
}

/** Moves or copies an artifact to `output`. The output file appears only when it is complete. */
async function deliver(work: WorkDir, artifact: string, output: string): Promise<void> {
  const made = work.file(artifact);
  const content = work.content(artifact);
  const write = (partial: string) => {
    if ("bytes" in content) return writeFile(partial, content.bytes);
    // A temporary work directory is on the file system of the output, so a rename is enough. A kept one keeps its
    // artifact.
    return work.kept ? copyFile(made, partial, constants.COPYFILE_FICLONE) : rename(made, partial);
  };
  await writeWhole(output, { code: "E_OUTPUT", write });
}
