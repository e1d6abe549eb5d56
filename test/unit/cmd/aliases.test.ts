/** Spellings of image-builder, titanoboa and AuroraBoot become those of platter. */
import { expect, test } from "bun:test";
import { withOwnSpelling } from "../../../cmd/options/aliases.ts";
import { createProgram } from "../../../cmd/program.ts";

const program = createProgram({
  worldFor: () => {
    throw new Error("no command runs here");
  },
  writeOut: () => undefined,
});

const translated = (line: string, environment: Record<string, string> = {}) => {
  const { args, notes } = withOwnSpelling(program, line.split(" "), environment);
  return { line: args.join(" "), notes: notes.map((note) => note.split("`")[1]) };
};

test.each<[string, string, string[]]>([
  [
    "build --bootc-ref localhost/x --bootc-default-fs ext4 bootc-generic-iso",
    "build -- localhost/x",
    ["--bootc-ref", "--bootc-default-fs", "bootc-generic-iso"],
  ],
  ["build --type=iso -q quay.io/x", "build -q -- quay.io/x", ["--type"]],
  ["-v build --bootc-ref=x --label L", "-v build --label L -- x", ["--bootc-ref"]],
  ["build x --output-dir out", "build -o out/ -- x", ["--output-dir"]],
  ["build x --output-name n", "build -o n.iso -- x", ["--output-name"]],
  [
    "build x --output-name n.iso --output-dir=out",
    "build -o out/n.iso -- x",
    ["--output-name", "--output-dir"],
  ],
  ["build x --overlay-iso extra", "build --add extra=/ -- x", ["--overlay-iso"]],
  ["build --bootc-pull-container x", "build --pull=missing -- x", ["--bootc-pull-container"]],
  ["build-iso x", "build -- x", ["build-iso"]],
  ["bi -o out docker://x", "build -o out/ -- docker://x", ["bi"]],
  ["build-iso --output=out --name os x", "build -o out/os.iso -- x", ["build-iso", "--name"]],
  [
    "build-iso -oout --karg -quiet --pull always -- x",
    "build --karg -quiet --pull always -o out/ -- x",
    ["build-iso"],
  ],
])("withOwnSpelling: %s", (line, own, notes) => {
  expect(translated(line)).toEqual({ line: own, notes });
});

test.each([
  "build bootc-generic-iso",
  "build x -o=y.iso --label --name",
  "build x -- -o",
  "build x y",
  "inspect --bootc-ref x",
  "squash iso x",
])("withOwnSpelling: `%s` is unchanged", (line) => {
  expect(translated(line)).toEqual({ line, notes: [] });
});

test("withOwnSpelling: titanoboa's variable names the image if nothing else does", () => {
  const environment = { TITANOBOA_CTR_IMAGE: "quay.io/x" };
  const notes = ["TITANOBOA_CTR_IMAGE"];
  expect(translated("build --label L", environment)).toEqual({ line: "build --label L -- quay.io/x", notes });
  for (const line of ["build y", "build --work w", "build --work=w"])
    expect(translated(line, environment)).toEqual({ line, notes: [] });
  expect(translated("build", { ...environment, PLATTER_WORK: "w" }).notes).toEqual([]);
});

test("withOwnSpelling: a type that is not an ISO is refused", () => {
  expect(() => translated("build --type qcow2 x")).toThrow(
    expect.objectContaining({
      code: "E_IMAGE_TYPE",
      kind: "usage",
      message: expect.stringContaining("qcow2"),
    }),
  );
});

test.each([
  ["build x --verify", "Run `platter verify ISO` after the build."],
  ["build x --check", "Run `platter inspect IMAGE`, which checks an image without building."],
  ["build --dry-run x", "Run `platter inspect IMAGE`, which checks an image without building."],
  ["build x --with-manifest", "Write `--report FILE` for the provenance of the ISO."],
  ["build x --with-sbom", "syft IMAGE"],
  ["build x --blueprint=f.toml", "Containerfile"],
])("withOwnSpelling: %s is refused with a hint", (line, hint) => {
  expect(() => translated(line)).toThrow(
    expect.objectContaining({ code: "E_USAGE", kind: "usage", hint: expect.stringContaining(hint) }),
  );
});

test("withOwnSpelling: a value that looks like such an option stays", () => {
  expect(translated("build x --label --dry-run").line).toBe("build x --label --dry-run");
});
