import { ARCHITECTURES, type Architecture } from "../base/architecture.ts";
import { textOf } from "../contract/findings/finding.ts";
import { shellWord } from "../process/command-line.ts";
import { DISTRIBUTIONS, type DistributionFacts } from "./distributions.ts";
import { isoYamlLines } from "./iso-yaml.ts";
import { PIECE_NAMES, type Recipe } from "./recipe.ts";

/** The image whose packages have shim and GRUB for images of distributions that do not package them. */
const LENDER = "docker.io/library/debian:stable-slim";
const CONFIG = "/usr/lib/image-builder/bootc/iso.yaml";

const ANY: Pick<DistributionFacts, "dracutEnvironment" | "kernelArguments"> = {
  dracutEnvironment: "",
  kernelArguments: [],
};

/**
 * The Containerfile that adds what a recipe has to the image `base`. `base` must be a word of a `FROM` line, and `platform`
 * is undefined for the host's. No other text of an image becomes a part of it, except letters and digits of `product`.
 */
export function renderContainerfile(
  recipe: Recipe,
  image: { base: string; platform: string | undefined; product: string; productVersion: string },
): string {
  const { steps, borrowed, architecture } = recipe;
  const { base, platform, product, productVersion } = image;
  const from = platform === undefined ? "FROM" : `FROM --platform=${platform}`;
  const facts = recipe.distribution ?? ANY;
  const parts = [
    `${head(recipe)}\n`,
    ...(borrowed.length === 0 ? [] : [lender(from, borrowed)]),
    `${from} ${base}\n`,
    ...(isChanged(recipe)
      ? ["# The commands below need root, whatever user the image names.\nUSER root\n"]
      : []),
    ...(recipe.packages.length === 0 ? [] : [install(recipe.distribution!, recipe)]),
    ...(borrowed.length === 0 ? [] : [copyLent(architecture)]),
    ...(steps.has("initramfs") ? [initramfs(facts.dracutEnvironment, recipe.rootHome)] : []),
    ...(steps.has("machine-id")
      ? [
          "# Each machine makes an id of its own when it boots.\nRUN : >/etc/machine-id && rm -f /var/lib/dbus/machine-id\n",
        ]
      : []),
    ...(steps.has("iso-yaml")
      ? [isoYaml(isoYamlLines({ product, productVersion, architecture, ...facts }))]
      : []),
  ];
  return parts.join("\n");
}

function isChanged({ pieces, steps }: Recipe): boolean {
  return pieces.length > 0 || steps.size > 0;
}

function head(recipe: Recipe): string {
  const { pieces, steps, unsolved } = recipe;
  const added = [
    ...pieces.map((piece) => PIECE_NAMES[piece]),
    ...(steps.has("initramfs") ? ["an initramfs for a live medium"] : []),
    ...(steps.has("machine-id") ? ["an empty machine-id"] : []),
    ...(steps.has("iso-yaml") ? ["iso.yaml"] : []),
  ];
  const lines = isChanged(recipe)
    ? [
        "Adds to the image what an ISO that boots to a login prompt needs, and the image lacks:",
        ...added.map((each) => `- ${each}`),
      ]
    : ["Nothing is missing that platter could add."];
  if (pieces.includes("init")) {
    lines.push("It adds neither a user nor a password. Add one below, or nobody can pass the login prompt.");
  }
  if (unsolved.length > 0) {
    lines.push("These findings of `platter inspect` remain:");
    lines.push(...unsolved.map((code) => `- ${code}: ${textOf(code).title}`));
  }
  return lines.map((line) => `# ${line}`).join("\n");
}

/** A stage with the boot loaders of Debian. */
function lender(from: string, packages: readonly string[]): string {
  return `${from} ${LENDER}\n${install(DISTRIBUTIONS.debian, { packages, pieces: [] })}`;
}

/** Copies shim, the MOK manager and GRUB for optical media from where Debian's packages put them (clause C4). */
function copyLent(architecture: Architecture): string {
  const folders = ["/usr/lib/shim/", `/usr/lib/grub/${ARCHITECTURES[architecture].grub.efi}-signed/`];
  return folders.map((path) => `COPY --from=0 ${path} ${path}\n`).join("");
}

function install(
  facts: DistributionFacts,
  { packages, pieces }: Pick<Recipe, "packages" | "pieces">,
): string {
  const options = pieces.includes("init") ? facts.installInit : "";
  const commands = [
    `${facts.install.join(CONTINUED)}${options} \\\n      ${packages.join(" \\\n      ")}`,
    ...facts.clean,
  ];
  return `RUN ${commands.join(CONTINUED)}\n`;
}

const CONTINUED = " \\\n && ";

/** The kernels of an image are only known after its packages are installed, so the loop finds them. */
function initramfs(environment: string, rootHome: Recipe["rootHome"]): string {
  const home =
    rootHome === "present"
      ? []
      : [
          "# /root leads into a folder that the image does not have.",
          'RUN mkdir -p "$(realpath --canonicalize-missing /root)"',
          "",
        ];
  return [
    ...home,
    "# A kernel belongs next to its modules. The container is not the machine that boots, so the initramfs gets every driver.",
    "RUN set -eu; \\",
    "    for modules in /usr/lib/modules/*; do \\",
    `      kver=\${modules##*/}; \\`,
    '      if [ -e "/boot/vmlinuz-$kver" ]; then mv "/boot/vmlinuz-$kver" "$modules/vmlinuz"; fi; \\',
    '      if [ -e "$modules/vmlinuz" ]; then \\',
    `        ${environment}dracut --force --no-hostonly --zstd --add dmsquash-live --kver "$kver" "$modules/initramfs.img"; \\`,
    "      fi; \\",
    "    done",
    "",
  ].join("\n");
}

function isoYaml(lines: readonly string[]): string {
  const words = lines.map((line) => `      ${shellWord(line)} \\\n`).join("");
  return `# The menu of the ISO. The system logs in on the screen and on the first serial line.\nRUN mkdir -p ${CONFIG.replace(/\/[^/]+$/, "")}${CONTINUED}printf '%s\\n' \\\n${words}      >${CONFIG}\n`;
}
