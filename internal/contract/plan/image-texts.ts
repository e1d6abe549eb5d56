import { displayPath } from "../../bytes/byte-path.ts";
import { type FoundFile, findFile, namesIn } from "../../image/find-file.ts";
import type { TreeNode } from "../../image/image-tree.ts";
import { resolveNoFollow } from "../../image/resolve.ts";
import { printable } from "../../text/printable.ts";
import { parseIsoYaml, type ReadIsoYaml } from "../config/iso-yaml.ts";
import type { IsoYaml } from "../config/iso-yaml-schema.ts";
import { type OsRelease, parseOsRelease } from "../config/os-release.ts";
import { type Finding, finding } from "../findings/finding.ts";
import type { DecisionInputs } from "./decision.ts";
import type { PlanOptions } from "./plan-options.ts";

type Texts = Pick<DecisionInputs, "tree" | "readText">;

const CONFIG_PLACES = ["usr/lib/image-builder/bootc/iso.yaml", "usr/lib/bootc-image-builder/iso.yaml"];

/** Reads the image's os-release, which may be missing. */
export async function readOsRelease({ tree, readText }: Texts): Promise<OsRelease> {
  const found = findFile(tree.root, "etc/os-release") ?? findFile(tree.root, "usr/lib/os-release");
  return parseOsRelease(found === undefined ? "" : await readText(found.node));
}

type Config = Pick<ReadIsoYaml, "placeOf" | "findings"> & { config: IsoYaml };

/** The configuration that the user chose, or that of the image, with its findings (clause C8). */
export async function readIsoYaml({ tree, readText }: Texts, options: PlanOptions): Promise<Config> {
  if (options.config !== undefined) return readable(options.config);
  const passedOver = CONFIG_PLACES.flatMap((path) => unreadFindings(tree.root, path));
  const [first, second] = findIsoYaml(tree.root);
  if (first === undefined) return { config: {}, placeOf: () => undefined, findings: passedOver };
  const { findings, ...read } = readable({ text: await readText(first.node), file: first.path });
  if (second !== undefined && second.node !== first.node) {
    findings.unshift(
      finding("F_ISO_YAML_TWICE", `The image has both \`${first.path}\` and \`${second.path}\`.`),
    );
  }
  return { ...read, findings: [...passedOver, ...findings] };
}

/** The configurations of the image; the first one is read. */
export function findIsoYaml(root: TreeNode): FoundFile[] {
  return CONFIG_PLACES.map((path) => findFile(root, path)).filter((found) => found !== undefined);
}

/** Findings about files at or near the path of a configuration that are not used. */
function unreadFindings(root: TreeNode, path: string): Finding[] {
  const folder = path.replace(/\/[^/]+$/, "");
  const findings = namesIn(root, folder)
    .filter((name) => name !== "iso.yaml" && /^iso\.ya?ml$/i.test(name))
    .map((name) =>
      finding("F_ISO_YAML_IGNORED", `The image has a file \`${displayPath(`${folder}/${name}`)}\`.`),
    );
  const node = resolveNoFollow(root, path);
  if (node === undefined || findFile(root, path) !== undefined) return findings;
  const { type, target = "" } = node.inode;
  const what =
    type === "symlink"
      ? `a symlink to \`${printable(displayPath(target).slice(1))}\`, which is not a file of the image`
      : `a ${type}`;
  return [...findings, finding("F_ISO_YAML_NOT_A_FILE", `\`${displayPath(path)}\` is ${what}.`)];
}

/** The parts of a configuration without errors, so that the rest of the image can still be checked. */
function readable(source: { text: string; file: string }): Config {
  const { sound, placeOf, findings } = parseIsoYaml(source.text, source.file);
  return { config: sound, placeOf, findings };
}
