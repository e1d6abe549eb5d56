import { runTogether } from "../../base/run-together.ts";
import { checkBootPrograms } from "../checks/boot-programs.ts";
import { checkRoots } from "../checks/check-roots.ts";
import type { SecureBoot } from "../checks/secure-boot.ts";
import { type Finding, findingsAbout, hasErrors, uniqueFindings } from "../findings/finding.ts";
import type { Part } from "../findings/plan-parts.ts";
import type { Decision } from "./decision.ts";
import { lookIntoInitramfs } from "./look-into-initramfs.ts";
import type { PartialPlan } from "./plan.ts";
import type { PlanInputs } from "./plan-inputs.ts";
import { PLAN_VERSION } from "./plan-schema.ts";
import { saveEfi, saveKernel, saveSmallPieces } from "./save-pieces.ts";
import { uuidOf } from "./uuid.ts";

/**
 * Checks the pieces that were decided on, and saves them. There is a plan if the findings about `parts` are not errors. An
 * error about another part makes the plan incomplete.
 */
export async function makePlan(
  decision: Decision,
  inputs: PlanInputs,
  parts: readonly Part[],
): Promise<{ plan: PartialPlan | undefined; findings: Finding[]; secureBoot: SecureBoot | undefined }> {
  const { save } = inputs;
  const { root, identity, distribution, kernel, efi, bios, font, added } = decision;
  const { architecture, excludes } = root;
  const isDoomed = hasErrors(findingsAbout(decision.findings, parts));
  // Another thread decompresses in parallel.
  const [{ secureBoot, ...programs }, initramfs, small] = await runTogether([
    () =>
      checkBootPrograms(
        { architecture, distribution, shim: efi?.shim, grub: efi?.grub, kernel: kernel?.vmlinuz },
        inputs.readBytes,
      ),
    () =>
      kernel !== undefined && parts.includes("kernel")
        ? lookIntoInitramfs(inputs, { kernel, menu: identity.menu, architecture, excludes })
        : undefined,
    () => (isDoomed ? undefined : saveSmallPieces(inputs, { bios, font, added })),
  ]);
  const { menu, label } = identity;
  const findings = uniqueFindings([
    ...decision.findings,
    ...checkRoots({ menu, label, placeOf: decision.placeOf, initramfs: initramfs?.summary }),
    ...programs.findings,
    ...(initramfs?.findings ?? []),
  ]);
  if (small === undefined || hasErrors(findingsAbout(findings, parts)))
    return { plan: undefined, findings, secureBoot };
  const body = {
    version: PLAN_VERSION,
    ...root,
    ...identity,
    kernel: kernel && (await saveKernel(kernel, save)),
    efi: efi && (await saveEfi(efi, save)),
    ...small,
  } satisfies DecidedPlan;
  const kernelMounts = initramfs?.mounts ?? null;
  return { plan: { ...body, kernelMounts, uuid: buildUuid(body), findings }, findings, secureBoot };
}

/** The parts of the ISO. */
type DecidedPlan = Omit<PartialPlan, "uuid" | "findings" | "kernelMounts">;

/**
 * A unique UUID for this build, computed from all decisions. The locations of the image, its payloads, overlays and added files do not matter.
 */
function buildUuid(body: DecidedPlan): string {
  const { image, ...decided } = body;
  const overlays = body.overlays?.map(({ digest }) => digest);
  const added = body.added?.map(({ isoPath, size, sha256 }) => ({ isoPath, size, sha256 }));
  const payloads = body.payloads.map(({ digest, indexes, names }) => ({ digest, indexes, names }));
  const identity = JSON.stringify({ ...decided, added, overlays, payloads, treeDigest: image.treeDigest });
  return uuidOf(`platter-build 1\0${identity}`);
}
