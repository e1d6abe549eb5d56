import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { walkEntries } from "../../../internal/image/entry-walk.ts";
import { compileExcludes } from "../../../internal/image/excludes.ts";
import type { ImageTree } from "../../../internal/image/image-tree.ts";
import { openDirectory } from "../../../internal/image/source/directory.ts";
import { withPayloads } from "../../../internal/payload/with-payloads.ts";
import { tarStream } from "../../../internal/rootfs/entry-stream.ts";
import { walkOptions } from "../../../internal/rootfs/rootfs.ts";
import { OciMaker } from "../../helpers/images/oci-maker.ts";
import { type Member, tar } from "../../helpers/images/tar-maker.ts";

const STORAGE = "var/lib/containers/storage";
const { signal } = new AbortController();
let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), "platter-payload-"));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function layout(name: string, layers: readonly (readonly Member[])[]): { reference: string; digest: string } {
  const maker = new OciMaker(join(scratch, name));
  const image = maker.image(layers.map((layer) => tar([...layer])));
  maker.add(image, "x");
  return { reference: `oci:${join(scratch, name)}`, digest: image.digest };
}

function folder(name: string, fill: (root: string) => void): string {
  const root = join(scratch, name);
  mkdirSync(join(root, "usr"), { recursive: true });
  fill(root);
  return root;
}

async function paths(
  root: string,
  options: { payloads: readonly { reference: string; digest: string }[]; excludes?: readonly string[] },
): Promise<string[]> {
  await using tree = await openDirectory(root, { signal });
  const excludes = options.excludes ?? [];
  await using whole = await grafted(tree, { ...options, excludes });
  const walk = whole.walk(walkOptions(compileExcludes(excludes), 0));
  // All of it can be read, and nothing is asked for out of turn.
  for await (const _ of tarStream(whole.tree, walk));
  return [...walkEntries(whole.tree, walk)].map(({ path }) => path);
}

function grafted(
  tree: ImageTree,
  options: { payloads: readonly { reference: string; digest: string }[]; excludes: readonly string[] },
) {
  const runTool = () => Promise.reject(new Error("no tool is needed"));
  return withPayloads(tree, {
    payloads: options.payloads.map((payload) => ({ ...payload, indexes: [], names: ["localhost/x:1"] })),
    excludes: options.excludes,
    time: 1_700_000_000,
    options: { work: scratch, signal, runTool, architecture: "amd64" },
  });
}

describe("the storage", () => {
  test("is in the folder to which the image's symlinks lead", async () => {
    const root = folder("linked", (root) => {
      mkdirSync(join(root, "data/containers"), { recursive: true });
      mkdirSync(join(root, "var"));
      symlinkSync("/data", join(root, "var/lib"));
    });
    const found = await paths(root, {
      payloads: [layout("linked-payload", [[{ name: "a", content: "1" }]])],
    });
    expect(found).toContain("data/containers/storage/overlay-images/images.json");
    expect(found.filter((path) => path.startsWith("var/"))).toEqual(["var/lib"]);
  });

  test.each([
    ["a file", (root: string) => writeFileSync(join(root, "var/lib"), "")],
    ["a symlink to nowhere", (root: string) => symlinkSync("/nowhere", join(root, "var/lib"))],
  ])("cannot lie below %s", async (name, put) => {
    const root = folder(`blocked ${name}`, (root) => {
      mkdirSync(join(root, "var"));
      put(root);
    });
    const payloads = [layout(`blocked-payload ${name}`, [[{ name: "a", content: "1" }]])];
    await expect(paths(root, { payloads })).rejects.toMatchObject({ code: "E_PAYLOAD_PLACE", exitCode: 3 });
  });

  test("of another driver cannot be added to", async () => {
    const root = folder("vfs", (root) => mkdirSync(join(root, STORAGE, "vfs-images"), { recursive: true }));
    const payloads = [layout("vfs-payload", [[{ name: "a", content: "1" }]])];
    await expect(paths(root, { payloads })).rejects.toMatchObject({
      code: "E_PAYLOAD_STORAGE",
      message: expect.stringContaining("vfs-images"),
    });
    const found = await paths(root, { payloads, excludes: ["var/lib/*"] });
    expect(found).toContain(`${STORAGE}/overlay-images/images.json`);
    expect(found).not.toContain(`${STORAGE}/vfs-images`);
  });
});

describe("layers", () => {
  const diffs = (found: readonly string[]) =>
    found.flatMap((path) => /\/overlay\/[0-9a-f]{64}\/diff\/(.*)/.exec(path)?.[1] ?? []).sort();

  test("that remove nothing hold what is theirs, and one that an image has twice is there once", async () => {
    const lower = [{ name: "a", content: "1" }];
    const payload = layout("stacked", [lower, [{ name: "b", content: "2" }]]);
    const found = await paths(
      folder("plain-root", () => undefined),
      { payloads: [payload, payload] },
    );
    expect(diffs(found)).toEqual(["a", "b"]);
    expect(found.filter((path) => path.endsWith("/lower"))).toHaveLength(1);
    expect(found.filter((path) => path.endsWith("/empty"))).toHaveLength(1);
  });

  test("of which one removes something stay, and the topmost holds the whole image", async () => {
    const layers = [
      [{ name: "dir/" }, { name: "dir/gone", content: "1" }, { name: "kept", content: "2" }],
      [{ name: "dir/" }, { name: "dir/.wh.gone" }],
      [{ name: "top", content: "3" }],
    ];
    const found = await paths(
      folder("removing-root", () => undefined),
      { payloads: [layout("removing", layers)] },
    );
    expect(diffs(found)).toEqual(["dir", "dir", "dir", "dir/gone", "dir/gone", "kept", "kept", "top"]);
    expect(found.filter((path) => path.endsWith("/lower"))).toHaveLength(1);
  });

  test("that are not what the image says are refused", async () => {
    const payload = layout("changed", [[{ name: "a", content: "1" }]]);
    const root = folder("changed-root", () => undefined);
    const other = { ...payload, digest: `sha256:${"0".repeat(64)}` };
    await expect(paths(root, { payloads: [other] })).rejects.toMatchObject({
      code: "E_PAYLOAD_CHANGED",
      exitCode: 2,
    });
  });
});
