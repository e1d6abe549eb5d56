import {
  ARCHITECTURE_NAMES,
  ARCHITECTURES,
  type PackagedPiece,
  type PackagingDistribution,
} from "../../base/architecture.ts";

const LABELS: Readonly<Record<PackagingDistribution, string>> = {
  fedora: "Fedora, CentOS",
  debian: "Debian",
  ubuntu: "Ubuntu",
};

/**
 * The advice to install a package that contains a piece, for any distribution and architecture. It is one sentence,
 * such as "Install `shim-x64` (Fedora, CentOS; `shim-aa64` on aarch64) or `shim-signed` (Debian, Ubuntu) in the image."
 */
export function installPackages(piece: PackagedPiece): string {
  const [main, ...others] = ARCHITECTURE_NAMES;
  const groups = new Map<string, { labels: string[]; others: string }>();
  for (const distribution of Object.keys(LABELS) as PackagingDistribution[]) {
    const nameOn = (architecture: typeof main) => ARCHITECTURES[architecture].packages[distribution][piece];
    const name = nameOn(main);
    const different = others
      .filter((architecture) => nameOn(architecture) !== name)
      .map((architecture) => `; \`${nameOn(architecture)}\` on ${architecture}`);
    const group = groups.get(name) ?? { labels: [], others: different.join("") };
    group.labels.push(LABELS[distribution]);
    groups.set(name, group);
  }
  const names = [...groups].map(
    ([name, { labels, others: rest }]) => `\`${name}\` (${labels.join(", ")}${rest})`,
  );
  return `Install ${names.join(" or ")} in the image.`;
}
