import type { Command } from "@commander-js/extra-typings";
import { countOnly, findingsError } from "../internal/contract/findings/findings-error.ts";
import { packageNames } from "../internal/contract/pieces/packages.ts";
import type { Plan } from "../internal/contract/plan/plan.ts";
import { inspectDocument } from "../internal/documents/inspect-document.ts";
import type { WalkOptions } from "../internal/image/entry-walk.ts";
import type { ImageTree } from "../internal/image/image-tree.ts";
import { inspectImage } from "../internal/pipeline/inspect.ts";
import { estimateSpace, type SpaceEstimate } from "../internal/pipeline/stage/space-estimate.ts";
import { renderInspection } from "../internal/ui/inspection.ts";
import { claim } from "./claim.ts";
import { withAddedOptions } from "./options/content.ts";
import { withIgnoreOption } from "./options/ignore.ts";
import { jsonOption, showResult } from "./options/json.ts";
import { openSession, withPlanOptions, withWorkOptions } from "./options/options.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS } from "./reference/groups.ts";
import type { WorldOf } from "./world.ts";

export function addInspect(program: Command, worldOf: WorldOf): void {
  const command = withExamples(
    program.command("inspect"),
    ["platter inspect --pull quay.io/example/os:latest", "an image of podman, fetched if it is missing"],
    ["platter inspect oci-archive:os.tar --json | jq .plan.kernel", "one field of the plan"],
    ["platter inspect oci:os --work work", "keep the plan for the other stages"],
  )
    .helpGroup(COMMAND_GROUPS.main)
    .argument("<image>", "image, such as oci:DIR, oci-archive:FILE, dir:PATH or containers-storage:REF")
    .summary("show what an image has and lacks, and print the plan")
    .description(
      "Finds every piece of the contract in an image, and prints the plan of its ISO with all errors, warnings and notes.",
    )
    .addOption(jsonOption("inspect"));
  withWorkOptions(withAddedOptions(withIgnoreOption(withPlanOptions(command)))).action(
    async (image, flags) => {
      const world = worldOf();
      using _ = claim(world, { image, flags });
      await using session = openSession(world, { image, flags });
      const { tree, decision, plan, findings, secureBoot, boots } = await session.during(() =>
        inspectImage(session, image),
      );
      const { reference } = tree.source;
      const estimate = plan && estimateOf(plan, tree);
      const inspection = { reference, plan, findings, secureBoot, boots };
      await showResult(world, flags, {
        document: () => inspectDocument({ ...inspection, estimate }),
        print: () => {
          const detail = world.verbosity === "verbose" ? "long" : "short";
          const shown = { ...inspection, isoSize: estimate?.iso };
          return world.print(renderInspection(shown, { style: world.style, detail }));
        },
      });
      const named = { reference, packages: packageNames(decision.distribution) };
      const failure = findingsError(findings, { ...named, strictness: flags.strict ? "strict" : "normal" });
      if (failure === undefined) return;
      // The findings were printed, unless --quiet hides them.
      throw world.verbosity === "quiet" ? failure : countOnly(failure, named);
    },
  );
}

/** Bytes that a build needs. Undefined for an ISO with payloads: their size is unknown until their layers are read. */
function estimateOf(plan: Plan, tree: ImageTree): SpaceEstimate | undefined {
  if (plan.payloads.length > 0) return undefined;
  const rootfs = { image: tree, tree, walk: (options: WalkOptions) => options };
  return estimateSpace(plan, rootfs, { type: "squashfs", compression: "zstd" });
}
