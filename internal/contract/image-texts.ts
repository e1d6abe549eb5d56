import { parseModuleVersion } from "./check-tools.ts";
import type { DecisionInputs } from "./decision.ts";
import { type Finding, finding } from "./finding.ts";
import { parseIsoYaml } from "./iso-yaml.ts";
import type { IsoYaml } from "./iso-yaml-schema.ts";
import { MODULES_FOLDER } from "./locate-bios.ts";
import { findFile } from "./locate-kernel.ts";
import { type OsRelease, parseOsRelease } from "./os-release.ts";
import type { PlanChoices } from "./plan-choices.ts";

type Texts = Pick<DecisionInputs, "tree" | "readText">;

const CONFIG_PLACES = ["usr/lib/image-builder/bootc/iso.yaml", "usr/lib/bootc-image-builder/iso.yaml"];

/** What the image says about itself; nothing of it need be there. */
export async function readOsRelease({ tree, readText }: Texts): Promise<OsRelease> {
  const found = findFile(tree.root, "etc/os-release") ?? findFile(tree.root, "usr/lib/os-release");
  return parseOsRelease(found === undefined ? "" : await readText(found.node));
}

/** The version of GRUB's modules; null where they do not tell it. */
export async function moduleVersion({ tree, readText }: Texts): Promise<string | null> {
  const modinfo = findFile(tree.root, `${MODULES_FOLDER}/modinfo.sh`);
  return modinfo === undefined ? null : parseModuleVersion(await readText(modinfo.node));
}

/** The configuration that was chosen, else the image's, with what is wrong about it (clause C8). */
export async function readConfig(
  { tree, readText }: Texts,
  choices: PlanChoices,
): Promise<{ config: IsoYaml; findings: Finding[] }> {
  if (choices.config !== undefined) return readable(choices.config);
  const places = CONFIG_PLACES.map((path) => findFile(tree.root, path)).filter(
    (found) => found !== undefined,
  );
  const [first, second] = places;
  if (first === undefined) return { config: {}, findings: [] };
  const { config, findings } = readable({ text: await readText(first.node), file: first.path });
  if (second !== undefined && second.node !== first.node) {
    findings.unshift(finding("F_ISO_YAML_TWICE", `There are both \`${first.path}\` and \`${second.path}\`.`));
  }
  return { config, findings };
}

/** A configuration that cannot be used counts as empty, so that the rest of the image is looked at all the same. */
function readable(source: { text: string; file: string }): { config: IsoYaml; findings: Finding[] } {
  const { config, findings } = parseIsoYaml(source.text, source.file);
  return { config: config ?? {}, findings };
}
