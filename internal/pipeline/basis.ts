import { PlatterError } from "../base/error.ts";
import { once } from "../base/once.ts";
import { findingsAbout, hasErrors } from "../contract/findings/finding.ts";
import { PARTS, type Part } from "../contract/findings/plan-parts.ts";
import { packageNames } from "../contract/pieces/packages.ts";
import { draftOf } from "../contract/plan/decision.ts";
import type { DraftPlan, PartialPlan, Plan } from "../contract/plan/plan.ts";
import type { ImageTree } from "../image/image-tree.ts";
import type { LayerStore } from "../image/layer-store.ts";
import { type DecidedImage, decideOnImage } from "./decide.ts";
import { makePlanOf } from "./make-plan-of.ts";
import { openPlannedImage } from "./open-image.ts";
import { reportUnignored } from "./report-unignored.ts";
import { requireInputs } from "./require-inputs.ts";
import type { Session } from "./session.ts";
import { requirePieces } from "./work/check-pieces.ts";
import type { WorkDir } from "./work/work-dir.ts";

/** The input of a run: an open image with the decisions about it, or the plan of an earlier run. */
export type Basis = { kind: "image"; image: DecidedImage } | { kind: "plan"; plan: Plan };

/**
 * Opens the image and decides on it, or reads the plan of the work directory if no image was named. The caller must first
 * call `requireInputs`.
 * @throws PlatterError `E_NO_IMAGE`, `E_PLAN`, `E_PIECE_CHANGED`; the errors of {@link decideOnImage}
 */
export async function openBasis(session: Session, layerStore?: LayerStore): Promise<Basis> {
  const { reference } = session.options;
  if (reference === undefined) {
    const plan = await planInWork(session.work);
    session.context.reporter.task("inspect").skipped(`the plan in \`${session.work.path}\` is used`);
    return { kind: "plan", plan };
  }
  return { kind: "image", image: await decideOnImage(session, reference, layerStore) };
}

/** The plan of the work directory. @throws PlatterError `E_NO_IMAGE`, `E_PLAN`, `E_PIECE_CHANGED` */
export async function planInWork(work: WorkDir): Promise<Plan> {
  const plan = await work.readPlan();
  if (plan === undefined) throw noImage(work);
  await requirePieces(plan, work);
  return plan;
}

/**
 * The part of the plan that is decided before large files of the image are read.
 * @throws PlatterError the findings of the whole plan if the image lacks a file that the ISO needs
 */
export async function draftPlan(session: Session, basis: Basis): Promise<DraftPlan> {
  if (basis.kind === "plan") return basis.plan;
  const { decision } = basis.image;
  const draft = hasErrors(decision.findings) ? undefined : draftOf(decision);
  return draft ?? wholePlan(session, basis);
}

/**
 * The plan of an ISO. If the run began with an image, the plan is made now.
 * @throws PlatterError if a finding is an error
 */
export async function wholePlan(session: Session, basis: Basis): Promise<Plan> {
  return (await planFor(session, basis, PARTS)) as Plan;
}

/**
 * The plan for a stage that needs only these parts. Errors about other parts do not stop the stage. If the plan is made
 * now, the findings about the parts are reported.
 * @throws PlatterError if a finding about the parts is an error
 */
export async function planFor(session: Session, basis: Basis, parts: readonly Part[]): Promise<PartialPlan> {
  if (basis.kind === "plan") return basis.plan;
  const { tree, task } = basis.image;
  const { plan, findings } = await makePlanOf(basis.image, session.context, parts);
  const { reference } = tree.source;
  const image = { reference, packages: packageNames(basis.image.decision.distribution) };
  reportUnignored(findingsAbout(findings, parts), image, session.options);
  task.done();
  // `plan` is undefined only if a finding about these parts is an error, and then the line above threw.
  return plan!;
}

/** The plan for a stage that runs alone and needs only the plan, not the image; see {@link planFor}. */
export async function planAlone(session: Session, parts: readonly Part[]): Promise<PartialPlan> {
  await requireInputs(session, []);
  return planFor(session, await openBasis(session), parts);
}

/**
 * Returns a function that returns the image of a basis. For an earlier plan, the first call opens the image and
 * compares it.
 */
export function imageOf(session: Session, basis: Basis, layerStore?: LayerStore): () => Promise<ImageTree> {
  if (basis.kind === "image") return async () => basis.image.tree;
  return once(() => openPlannedImage(session, basis.plan, layerStore));
}

function noImage(work: WorkDir): PlatterError {
  return new PlatterError({
    code: "E_NO_IMAGE",
    kind: "usage",
    message: work.kept
      ? `Cannot make a plan: no image given, and \`${work.path}\` has no plan`
      : "Cannot make a plan: no image given",
    hint: "Name an image, such as `oci:DIR` or `containers-storage:REF`, or a --work directory that `platter inspect` filled.",
  });
}
