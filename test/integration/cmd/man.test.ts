/** Man pages, as the programs that show them judge and show them. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createProgram } from "../../../cmd/program.ts";
import { allPages } from "../../../cmd/reference/page.ts";
import type { World } from "../../../cmd/world.ts";
import { expectRefusal, hostProgram, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

const PAGES = allPages(createProgram({ worldFor: () => ({}) as World, writeOut: () => undefined }));

let scene: Scene;
beforeAll(() => {
  scene = new Scene("man");
});
afterAll(() => scene[Symbol.dispose]());

/** What a program prints on both of its outputs. */
function output(argv: readonly string[]): string {
  const done = Bun.spawnSync([hostProgram(argv[0]!), ...argv.slice(1)], {
    env: { PATH: process.env.PATH ?? "", LC_ALL: "C.UTF-8", MANWIDTH: "80" },
    stderr: "pipe",
  });
  return done.stdout.toString() + done.stderr.toString();
}

describe.each(PAGES.map((page) => [page.name || "platter", page] as const))("%s", (_, page) => {
  const name = page.name === "" ? "platter" : `platter-${page.name}`;
  const written = async () => {
    const { stdout } = await scene.succeed(["man", ...(page.name === "" ? [] : [page.name])]);
    // Sources without a repository do not have a date.
    return scene.write(`${name}.1`, stdout);
  };

  test("mandoc and groff have nothing to remark", async () => {
    const file = await written();
    expect(output(["mandoc", "-T", "lint", "-W", "all", file])).toBe("");
    const [warnings = ""] =
      output(["man", "--warnings", "-l", "-T", "utf8", "-Z", file]).match(/^.*warning.*$/m) ?? [];
    expect(warnings).toBe("");
  });

  test("man shows every option with its description", async () => {
    const text = output(["man", "-l", await written()])
      .replace(/.\x08/g, "")
      .replace(/\u2010\s+/g, "")
      .replace(/\s+/g, " ");
    expect(text).toStartWith(`${name.toUpperCase()}(1)`);
    for (const { flags, description } of [
      ...page.options.flatMap(({ entries }) => entries),
      ...page.globalOptions,
    ])
      expect(text).toContain(`${flags.replace(/\[.*\]$/, (value) => value)} ${description}`);
    for (const { line } of page.examples) expect(text).toContain(line.replace(/\s+/g, " "));
  });
});

test("the checks find what is wrong", () => {
  const file = scene.write("wrong.1", ".TH X\n.XX\n");
  expect(output(["mandoc", "-T", "lint", "-W", "all", file])).toContain("WARNING");
  expect(output(["man", "--warnings", "-l", "-T", "utf8", "-Z", file])).toContain("warning");
});

test("a command that platter does not have", async () => {
  await expectRefusal(scene, await scene.run(["man", "bild"]), {
    exit: 2,
    code: "E_HELP_TOPIC",
    says: ["`bild`"],
    hint: ["`platter help build`"],
  });
});
