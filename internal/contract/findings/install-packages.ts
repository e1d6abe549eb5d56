import { ARCHITECTURE_NAMES, type Architecture } from "../../base/architecture.ts";
import { type PackagedPiece, type PackagingDistribution, packagesOf } from "../../base/packages.ts";

const LABELS: Readonly<Record<PackagingDistribution, string>> = {
  fedora: "Fedora, CentOS",
  debian: "Debian",
  ubuntu: "Ubuntu",
  arch: "Arch Linux",
};

/**
 * The advice to install the packages that contain a piece, for any distribution. It is one sentence, such as "Install
 * `shim-x64` (Fedora, CentOS; `shim-aa64` on aarch64) or `shim-signed` (Debian, Ubuntu) in the image." `otherwise` is
 * another solution, which ends the sentence. Without `architectures` the advice is for all of them.
 */
export function installPackages(
  piece: PackagedPiece,
  options: { architectures?: readonly [Architecture, ...Architecture[]]; otherwise?: string } = {},
): string {
  const [main, ...others] = options.architectures ?? ARCHITECTURE_NAMES;
  const groups = new Map<string, { labels: string[]; others: string }>();
  for (const distribution of Object.keys(LABELS) as PackagingDistribution[]) {
    const nameOn = (architecture: Architecture) => quotedPackages(piece, { distribution, architecture });
    const name = nameOn(main);
    if (name === undefined) continue;
    const different = others
      .map((architecture) => ({ architecture, other: nameOn(architecture) }))
      .filter(({ other }) => other !== undefined && other !== name)
      .map(({ architecture, other }) => `; ${other} on ${architecture}`);
    const group = groups.get(name) ?? { labels: [], others: different.join("") };
    group.labels.push(LABELS[distribution]);
    groups.set(name, group);
  }
  const names = [...groups].map(
    ([name, { labels, others: rest }]) => `${name} (${labels.join(", ")}${rest})`,
  );
  const last = names.pop();
  const list = names.length === 0 ? last : `${names.join(", ")} or ${last}`;
  return `Install ${list} in the image${options.otherwise ?? ""}.`;
}

/** The packages of a piece for a sentence, such as "`dracut` and `dracut-live`". */
export function quotedPackages(
  piece: PackagedPiece,
  on: { distribution: PackagingDistribution; architecture: Architecture },
): string | undefined {
  return packagesOf(piece, on)
    ?.map((each) => `\`${each}\``)
    .join(" and ");
}
