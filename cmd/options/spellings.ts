import { PlatterError } from "../../internal/base/error.ts";

/** An option that platter does not have, which users of other tools type. */
interface Spelling {
  /** Whether a value follows. */
  takes: "value" | "nothing";
  /** What replaces it: words of platter, or a part of the path after -o. Throws if nothing can replace it. */
  becomes: (value: string) => { words?: readonly string[]; folder?: string; name?: string };
  /** What platter has instead, for a note. */
  own: string;
}

/** Types of image-builder that are ISOs of an image. */
export const ISO_TYPES = ["iso", "bootc-generic-iso", "bootc-iso"];

/** Names of `platter build` in AuroraBoot. Their -o always names a folder. */
export const BUILD_NAMES = ["build-iso", "bi"];

/** Options of image-builder and AuroraBoot for `platter build`, and options that users expect there. */
export const BUILD_SPELLINGS: Readonly<Record<string, Spelling>> = {
  "--bootc-ref": {
    takes: "value",
    becomes: (reference) => ({ words: [reference] }),
    own: "write `platter build REF`",
  },
  "--bootc-default-fs": {
    takes: "value",
    becomes: () => ({}),
    own: "it is left out, because the installer on the ISO chooses the file system",
  },
  "--bootc-pull-container": {
    takes: "nothing",
    becomes: () => ({ words: ["--pull=missing"] }),
    own: "write `--pull`",
  },
  "--type": {
    takes: "value",
    becomes: (type) => (ISO_TYPES.includes(type) ? {} : refuseType(type)),
    own: "it is left out, because platter makes only ISOs",
  },
  "--output-dir": {
    takes: "value",
    becomes: (folder) => ({ folder }),
    own: "write `-o DIR/`",
  },
  "--output-name": { takes: "value", becomes: (name) => ({ name }), own: "write `-o DIR/NAME.iso`" },
  "--name": { takes: "value", becomes: (name) => ({ name }), own: "write `-o DIR/NAME.iso`" },
  "--overlay-iso": {
    takes: "value",
    becomes: (folder) => ({ words: ["--add", `${folder}=/`] }),
    own: "write `--add DIR=/`",
  },
  // A script relies on the files that these options write, so a note would not be enough.
  "--with-manifest": refused("--with-manifest", "Write `--report FILE` for the provenance of the ISO."),
  "--with-sbom": refused(
    "--with-sbom",
    "Make it from the image, for example with `syft IMAGE`: the ISO has the same packages.",
  ),
  "--with-buildlog": refused("--with-buildlog", "Write `-v` and redirect standard error to a file."),
  "--with-metrics": refused("--with-metrics", "Write `--progress json` for the times of all steps."),
  "--blueprint": refused(
    "--blueprint",
    "Put users and packages into the Containerfile of the image, and kernel arguments into `--karg`.",
  ),
  "--verify": refused("--verify", "Run `platter verify ISO` after the build."),
  "--check": refused("--check", "Run `platter inspect IMAGE`, which checks an image without building."),
  "--dry-run": refused("--dry-run", "Run `platter inspect IMAGE`, which checks an image without building."),
};

/** An option that nothing replaces. Its hint says what to do instead. */
function refused(option: string, hint: string): Spelling {
  const becomes = (): never => {
    throw new PlatterError({
      code: "E_USAGE",
      kind: "usage",
      message: `Cannot read the command line: \`platter build\` does not have the option \`${option}\``,
      hint,
    });
  };
  return { takes: "nothing", becomes, own: hint };
}

function refuseType(type: string): never {
  throw new PlatterError({
    code: "E_IMAGE_TYPE",
    kind: "usage",
    message: `Cannot make an image of type \`${type}\`: platter makes only ISOs of images that hold an installer or a live system`,
    hint: "Leave --type out.",
  });
}
