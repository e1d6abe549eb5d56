import { describe, test } from "bun:test";
import { ARCHITECTURE_NAMES } from "../../../internal/base/architecture.ts";
import { PIECES, packagesOf } from "../../../internal/base/packages.ts";
import { PIECE_NAMES } from "../../../internal/containerfile/recipe.ts";
import { expectGenerated, markdownTable } from "../../helpers/generated-block.ts";
import { containerfile, file, MANAGERS } from "../../helpers/images/containerfile-image.ts";

const PAGE = "docs/containerfile.md";
const COLUMNS = { debian: "Debian", ubuntu: "Ubuntu", fedora: "Fedora, CentOS", arch: "Arch Linux" } as const;

function packages(piece: (typeof PIECES)[number], distribution: keyof typeof COLUMNS): string {
  const lists = ARCHITECTURE_NAMES.map((architecture) => {
    const names = packagesOf(piece, { distribution, architecture }) ?? [];
    return names.map((name) => `\`${name}\``).join(", ");
  });
  return [...new Set(lists.filter((list) => list !== ""))].join(" or ");
}

describe("docs/containerfile.md", () => {
  test("has the Containerfile for a plain Debian 12 (PLATTER_UPDATE_GOLDEN=1 writes it)", async () => {
    const has = ["sbin/agetty", "bin/login"].map((path) => file(path));
    const text = await containerfile([...MANAGERS, ...has], { reference: "docker://debian:12" });
    expectGenerated(PAGE, "example", `\n\`\`\`dockerfile\n${text}\`\`\`\n\n`);
  });

  test("has the packages of each distribution (PLATTER_UPDATE_GOLDEN=1 writes them)", () => {
    const names = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
    const rows = PIECES.map((piece) => [PIECE_NAMES[piece], ...names.map((each) => packages(piece, each))]);
    expectGenerated(PAGE, "packages", markdownTable(["piece", ...Object.values(COLUMNS)], rows));
  });
});
