import { constants } from "node:fs";
import { copyFile, rename, stat, writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { PlatterError } from "../internal/base/error.ts";
import { artifactDocument } from "../internal/documents/stage-document.ts";
import { writeWhole } from "../internal/files/whole-file.ts";
import type { Session } from "../internal/pipeline/session.ts";
import type { Reused } from "../internal/pipeline/stage/earlier-blocks.ts";
import type { StageName, StageRuns } from "../internal/pipeline/stage/stage.ts";
import { stepsOf } from "../internal/pipeline/steps.ts";
import { checkOutput, type OutputTarget } from "../internal/pipeline/work/output.ts";
import type { WorkDir } from "../internal/pipeline/work/work-dir.ts";
import { claim, type FileFlags } from "./claim.ts";
import { besideOutput, streamFile } from "./iso-output.ts";
import type { PayloadFlags } from "./options/content.ts";
import { openSession, type PlanFlags, type WorkFlags } from "./options/options.ts";
import { targetOfOption } from "./options/output-option.ts";
import { reportWritten } from "./report-written.ts";
import type { World } from "./world.ts";

/**
 * The target for a stage's artifact: that of -o, or undefined for the artifact's path in the folder of --work.
 * @throws PlatterError `E_OUTPUT`
 */
function targetOf(
  flags: { output?: string | undefined; work?: string | undefined },
  { world, artifact }: { world: World; artifact: string },
): OutputTarget | undefined {
  if (flags.output !== undefined) return targetOfOption(flags.output, world, artifact);
  if (flags.work !== undefined) return undefined;
  throw new PlatterError({
    code: "E_OUTPUT",
    kind: "usage",
    message: "Cannot write the result: no output file given",
    hint: "Name a file with -o, or a folder that keeps all stages with --work.",
  });
}

/**
 * Calls `make` for one artifact, and moves or copies the artifact to the target that the flags name. `make` returns how
 * much it copied from earlier builds.
 * @throws PlatterError `E_OUTPUT`, `E_STDOUT`, and the errors of `make`
 */
export async function makeArtifact(
  world: World,
  options: {
    image: string | undefined;
    flags: Partial<PlanFlags & PayloadFlags> &
      WorkFlags &
      FileFlags & { output?: string | undefined; json: boolean };
    artifact: string;
    /** The stage that makes the artifact. */
    stage: StageName;
  },
  make: (session: Session, runs: StageRuns) => Promise<Reused | undefined>,
): Promise<void> {
  const { image, flags, artifact, stage } = options;
  const target = targetOf(flags, { world, artifact });
  using _ = claim(world, { image, flags, target });
  await using session = openSession(world, { image, flags, beside: besideOutput(target) });
  // Without an image, the plan of the work folder is used, or files that other options name.
  world.reporter.steps(stepsOf(new Set(image === undefined ? [stage] : ["inspect", stage]), image));
  await session.during(async () => {
    const stages: StageRuns = new Map();
    const reused = await make(session, stages);
    if (target?.kind === "stream") return streamArtifact(session.work, artifact, world);
    const output = target && checkOutput(target.path);
    if (output !== undefined) await deliver(session.work, artifact, output);
    const written = await reportWritten(world, output ?? session.work.file(artifact));
    if (flags.json) world.setResult(artifactDocument({ ...written, stages, reused }));
  });
}

/** Copies an artifact to standard output. */
function streamArtifact(work: WorkDir, artifact: string, world: World): Promise<void> {
  const content = work.content(artifact);
  return "bytes" in content
    ? world.stream(Readable.from([content.bytes]))
    : streamFile(work.file(artifact), world);
}

/** Moves or copies an artifact to `output`. The output file appears only when it is complete. */
async function deliver(work: WorkDir, artifact: string, output: string): Promise<void> {
  const made = work.file(artifact);
  const content = work.content(artifact);
  const write = async (partial: string) => {
    if ("bytes" in content) return writeFile(partial, content.bytes);
    // A temporary work directory is on the file system of the output, so a rename is enough. A kept one keeps its
    // artifact, and a file with a second name is in a cache, where a change of the output would damage it.
    const isShared = work.kept || (await stat(made)).nlink > 1;
    return isShared ? copyFile(made, partial, constants.COPYFILE_FICLONE) : rename(made, partial);
  };
  await writeWhole(output, { code: "E_OUTPUT", write });
}
