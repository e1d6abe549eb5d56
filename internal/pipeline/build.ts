import { runTogether } from "../base/run-together.ts";
import { withoutIgnored } from "../contract/findings/ignored-findings.ts";
import { claimBoots } from "../contract/plan/claim-boots.ts";
import { checkCompression } from "../contract/plan/kernel-mounts.ts";
import type { Plan } from "../contract/plan/plan.ts";
import { systemError } from "../files/system-error.ts";
import { withIsoFile } from "../iso/assemble.ts";
import { ROOTFS_OFFSET } from "../iso/write/layout-iso.ts";
import { type Basis, draftPlan, imageOf, openBasis, wholePlan } from "./basis.ts";
import type { BuildOptions, BuildResult } from "./build-options.ts";
import { type BuildRun, buildRun, writesIntoIso } from "./build-run.ts";
import { makeBootImages } from "./make-boot-images.ts";
import { makeIso } from "./make-iso.ts";
import { makeRootfs, writeRootfsIntoIso } from "./make-rootfs.ts";
import { reportUnignored } from "./report-unignored.ts";
import { requireInputs } from "./require-inputs.ts";
import type { Session } from "./session.ts";
import { STAGES, type StageRuns } from "./stage/stage.ts";
import { stepsOf } from "./steps.ts";
import { ARTIFACTS } from "./work/work-dir.ts";

/**
 * Runs the stages from `from` to `to`, in phases: open, decide, root file system and plan together, boot images, ISO.
 * The plan and the boot images are made while the root file system is written. An error in one of the two stops the other.
 * @throws PlatterError the errors of all phases
 */
export async function build(session: Session, options: BuildOptions): Promise<BuildResult> {
  const begun = buildRun(session, options);
  using earlier = begun.earlier;
  const cancel = () => session.cancel();
  const { clock, reporter } = session.context;
  const start = clock();
  reporter.steps(stepsOf(begun.wanted, session.options.reference));
  await requireInputs(session, begun.tools);
  await earlier?.openCache();
  const layers = earlier?.layers;
  const [basis] = await runTogether([() => openBasis(session, layers), () => earlier?.read()], cancel);
  const image = basis.kind === "image" ? basis.image.tree : undefined;
  const draft = await draftPlan(session, basis);
  const run = { ...begun, output: options.output?.(draft) };
  const source = { draft, image: imageOf(session, basis, layers) };
  const others = async () => {
    const planned = await planBuild(run, basis, start);
    await makeBootImages(run, planned.plan);
    return planned;
  };
  if (!writesIntoIso(run)) {
    const [, planned] = await runTogether([() => makeRootfs(run, source), others], cancel);
    // Making the ISO releases the image. Blocks come last, so that the ISO has enough space.
    await earlier?.keepLayers();
    await makeIso(run, planned.plan, undefined);
    await earlier?.keepBlocksOf(session.work.file(ARTIFACTS.rootfs));
    return { ...planned, runs: inOrder(run.runs), image, reused: earlier?.reused, layers: layers?.count };
  }
  const planned = await withIsoFile(run.output!, async (file) => {
    const [rootfs, planned] = await runTogether(
      [() => writeRootfsIntoIso(run, file, source), others],
      cancel,
    );
    await makeIso(run, planned.plan, { file, rootfs });
    await earlier?.keepLayers();
    await earlier?.keepBlocks({ file: { fd: file.fd, path: run.output! }, offset: ROOTFS_OFFSET });
    return planned;
  });
  return { ...planned, runs: inOrder(run.runs), image, reused: earlier?.reused, layers: layers?.count };
}

/** Makes the plan, and reports its findings. `start` is the clock's time when the build began. */
async function planBuild(
  run: BuildRun,
  basis: Basis,
  start: number,
): Promise<Omit<BuildResult, "reused" | "layers" | "image">> {
  const { session, options, output, runs } = run;
  const { clock, toolbox } = session.context;
  const plan = await planOutsideIso(session, basis);
  runs.set("inspect", { outcome: "made", seconds: (clock() - start) / 1000 });
  const mounting = checkCompression(plan, options.squash);
  reportUnignored(mounting, plan.image, session.options);
  const all = [...plan.findings, ...mounting];
  const boots = claimBoots(plan, all);
  const findings = withoutIgnored(all, session.options.ignored);
  const tools = await runTogether(run.tools.map((name) => () => toolbox.find(name)));
  return { plan, output, boots, findings, runs, tools };
}

/** Wraps errors of the system, so that `withIsoFile` does not report them as errors of writing the ISO. */
async function planOutsideIso(session: Session, basis: Basis): Promise<Plan> {
  try {
    return await wholePlan(session, basis);
  } catch (error) {
    throw systemError(error);
  }
}

/** The runs in the order of the stages. They were recorded in the order of their ends. */
function inOrder(runs: StageRuns): StageRuns {
  return new Map([...runs].sort(([a], [b]) => STAGES.indexOf(a) - STAGES.indexOf(b)));
}
