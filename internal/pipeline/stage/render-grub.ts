import { mokManagerEntry } from "../../contract/plan/mok-manager.ts";
import type { PartialPlan } from "../../contract/plan/plan.ts";
import { renderGrub, renderLoopback, renderStub } from "../../grub/render.ts";
import { markerPath } from "../../iso/iso-files.ts";
import type { Context } from "../work/context.ts";
import { sha256Text } from "../work/receipt.ts";
import { ARTIFACTS } from "../work/work-dir.ts";
import type { Stage } from "./stage.ts";

type MenuPlan = Pick<PartialPlan, "menu" | "label" | "uuid" | "bios" | "architecture" | "efi" | "findings">;

/** The menus of a plan, by their file names in the work directory. */
export function renderMenus(plan: MenuPlan): Map<string, string> {
  const { menu, label } = plan;
  const marker = markerPath(plan.uuid);
  const mokManager = mokManagerEntry(plan);
  const texts = new Map([
    [ARTIFACTS.efiConfig as string, renderGrub({ menu, firmware: "efi", label, marker, mokManager })],
    [ARTIFACTS.stubConfig, renderStub({ label, marker })],
    [ARTIFACTS.loopbackConfig, renderLoopback(menu)],
  ]);
  if (plan.bios !== null)
    texts.set(ARTIFACTS.biosConfig, renderGrub({ menu, firmware: "bios", label, marker }));
  return texts;
}

/** Writes the menus into the work directory. */
export function renderGrubStage(plan: PartialPlan, { work }: Context): Stage {
  const texts = renderMenus(plan);
  return {
    name: "render-grub",
    tools: [],
    inputs: Object.fromEntries([...texts].map(([name, text]) => [name, sha256Text(text)])),
    outputs: [...texts.keys()].map((name) => work.file(name)),
    run: async () => {
      for (const [name, text] of texts) await work.write(name, text);
      return {};
    },
  };
}
