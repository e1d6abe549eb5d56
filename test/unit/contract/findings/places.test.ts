/** Which iso.yaml of an image is read, and what is said about files that are passed over. */
import { afterAll, describe, expect, test } from "bun:test";
import { readIsoYaml } from "../../../../internal/contract/plan/image-texts.ts";
import { contentOf, openLayers } from "../../../helpers/images/memory-layers.ts";
import type { Member } from "../../../helpers/images/tar-maker.ts";

const NEW = "usr/lib/image-builder/bootc";
const OLD = "usr/lib/bootc-image-builder";
const opened: AsyncDisposable[] = [];
afterAll(async () => {
  for (const tree of opened) await tree[Symbol.asyncDispose]();
});

async function read(members: readonly Member[]) {
  const tree = await openLayers([members]);
  opened.push(tree);
  const readText = (node: Parameters<Parameters<typeof readIsoYaml>[0]["readText"]>[0]) =>
    contentOf(tree.read(node.inode));
  const { config, findings } = await readIsoYaml(
    { tree, readText },
    { boot: "uefi-only", excludes: [], kernelArgs: [], added: [] },
  );
  return { config, seen: findings.map(({ code, seen }) => `${code}: ${seen}`) };
}

const file = (name: string, label = "A") => ({ name, content: `label: ${label}\n` });

describe("readConfig", () => {
  test("a file in one of the two folders is read, the newer folder first", async () => {
    expect(await read([file(`${OLD}/iso.yaml`)])).toEqual({ config: { label: "A" as never }, seen: [] });
    const both = await read([file(`${OLD}/iso.yaml`), file(`${NEW}/iso.yaml`, "B")]);
    expect(both.config.label).toBe("B" as never);
    expect(both.seen).toEqual([
      `F_ISO_YAML_TWICE: The image has both \`/${NEW}/iso.yaml\` and \`/${OLD}/iso.yaml\`.`,
    ]);
  });

  test.each([
    [`${OLD}/iso.yml`, `F_ISO_YAML_IGNORED: The image has a file \`/${OLD}/iso.yml\`.`],
    [`${NEW}/ISO.yaml`, `F_ISO_YAML_IGNORED: The image has a file \`/${NEW}/ISO.yaml\`.`],
  ])("%s is named, and not read", async (name, finding) => {
    expect(await read([file(name)])).toEqual({ config: {}, seen: [finding] });
  });

  test("a symlink to nothing and a folder are named with what is there", async () => {
    const link = { name: `${NEW}/iso.yaml`, type: "2", link: "/etc/\x1b[31miso.yaml" };
    expect((await read([link])).seen).toEqual([
      `F_ISO_YAML_NOT_A_FILE: \`/${NEW}/iso.yaml\` is a symlink to \`/etc/\\x1b[31miso.yaml\`, which is not a file of the image.`,
    ]);
    expect((await read([{ name: `${OLD}/iso.yaml/` }])).seen).toEqual([
      `F_ISO_YAML_NOT_A_FILE: \`/${OLD}/iso.yaml\` is a directory.`,
    ]);
  });

  test("a symlink to a file of the image is read", async () => {
    const link = { name: `${NEW}/iso.yaml`, type: "2", link: "/etc/iso.yaml" };
    expect(await read([file("etc/iso.yaml"), link])).toEqual({ config: { label: "A" as never }, seen: [] });
  });
});
