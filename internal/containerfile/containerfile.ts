import { hostArchitecture, ociArchitecture } from "../base/architecture.ts";
import type { Finding } from "../contract/findings/finding.ts";
import type { Decision } from "../contract/plan/decision.ts";
import { findIsoYaml } from "../contract/plan/image-texts.ts";
import { baseImageOf } from "../image/base-image.ts";
import type { ImageTree } from "../image/image-tree.ts";
import { missingParts } from "./missing-parts.ts";
import { recipeFor } from "./recipe.ts";
import { renderContainerfile } from "./render.ts";

/**
 * The Containerfile that adds to an inspected image what it lacks for an ISO that boots to a login prompt.
 * @throws PlatterError `E_BASE_IMAGE`, `E_PACKAGES`
 */
export function containerfileFor(inspection: {
  tree: Pick<ImageTree, "root" | "source">;
  decision: Decision;
  findings: readonly Finding[];
}): string {
  const { tree, decision, findings } = inspection;
  const { reference } = tree.source;
  const base = baseImageOf(reference);
  const { distribution, identity, root } = decision;
  const { architecture } = root;
  const isoYaml = findIsoYaml(tree.root).length > 0 ? "present" : "absent";
  const missing = missingParts({ root: tree.root, findings, architecture, menu: identity.menu, isoYaml });
  const recipe = recipeFor(missing, { reference, root: tree.root, distribution, architecture });
  const platform = architecture === hostArchitecture() ? undefined : `linux/${ociArchitecture(architecture)}`;
  return renderContainerfile(recipe, { base, platform, ...identity });
}
