import type { Command } from "@commander-js/extra-typings";
import { findingsError } from "../internal/contract/make-plan.ts";
import { renderInspection } from "../internal/ui/inspection.ts";
import { openSession, withPayloadOptions, withPlanOptions, withWorkOptions } from "./options.ts";
import type { WorldOf } from "./world.ts";

export function addInspect(program: Command, worldOf: WorldOf): void {
  const command = program
    .command("inspect")
    .argument("<image>", "image, such as oci:DIR, oci-archive:FILE, dir:PATH or containers-storage:REF")
    .summary("find every piece of the contract in an image, and print the plan")
    .description(
      "Finds every piece of the contract in an image, prints the plan of its ISO, and what is wrong or doubtful.",
    )
    .option("--json", "print the plan and the findings as JSON", false)
    .addHelpText(
      "after",
      "\nExamples:\n  platter inspect quay.io/example/os:latest\n  platter inspect oci-archive:os.tar --json | jq .plan.kernel\n  platter inspect oci:os --work work",
    );
  withWorkOptions(withPayloadOptions(withPlanOptions(command))).action(async (image, flags) => {
    const world = worldOf();
    await using session = openSession(world, { image, flags });
    const { plan, findings, reference } = await session.during(() => session.inspect());
    if (flags.json)
      await world.print(`${JSON.stringify({ reference, plan: plan ?? null, findings }, null, 2)}\n`);
    else await world.print(renderInspection({ reference, plan, findings }));
    const failure = findingsError(findings, { reference, strictness: flags.strict ? "strict" : "normal" });
    if (failure !== undefined) throw failure;
  });
}
