/** Sources that other programs stand behind, with those programs played by the test. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlatterError } from "../../internal/error.ts";
import type { ImageTree } from "../../internal/image/image-tree.ts";
import { NeedsPodmanUnshare } from "../../internal/image/needs-podman-unshare.ts";
import { openImage } from "../../internal/image/open-image.ts";
import type { ToolCall, ToolResult } from "../../internal/tool/run.ts";
import { failureOf } from "./image-memory-layers.ts";
import { OciMaker } from "./image-oci-maker.ts";
import { tar } from "./image-tar-maker.ts";

process.env.REGISTRY_AUTH_FILE = "/auth.json";
const scratch = mkdtempSync(join(tmpdir(), "platter-podman-"));
afterAll(() => rmSync(scratch, { recursive: true }));
const work = join(scratch, "work");
const mount = join(scratch, "mount");
mkdirSync(work);
mkdirSync(join(mount, "usr"), { recursive: true });
writeFileSync(join(mount, "usr/a"), "a");

const id = "ab".repeat(32);
const answer = {
  Id: id,
  Digest: `sha256:${"cd".repeat(32)}`,
  Created: "2024-05-06T07:08:09.123456789Z",
  Architecture: "amd64",
};

type Play = (argv: readonly string[]) => Partial<ToolResult> | Promise<Partial<ToolResult>>;

/** Opens a reference with a player in place of every program; tells what was called. */
async function open(
  reference: string,
  play: Play,
  more: { architecture?: string; signal?: AbortSignal } = {},
) {
  const calls: string[] = [];
  const runTool = async (call: ToolCall): Promise<ToolResult> => {
    call.signal.throwIfAborted();
    calls.push(call.argv.join(" "));
    // Storage, settings and credentials are the caller's.
    expect(call.env?.HOME).toBe(process.env.HOME as string);
    expect(call.env?.REGISTRY_AUTH_FILE).toBe("/auth.json");
    expect(call.env?.BUN_OPTIONS).toBeUndefined();
    const result = { exitCode: 0, stdout: "", stderr: "", ...(await play(call.argv)) };
    if ((call.accept ?? [0]).includes(result.exitCode)) return result;
    throw new PlatterError({ code: "E_TOOL_FAILED", kind: "tool", message: "it failed" });
  };
  const signal = more.signal ?? new AbortController().signal;
  const options = { architecture: more.architecture, work, signal, capture: () => false, runTool };
  const result: { tree?: ImageTree; failure?: unknown } = {};
  try {
    result.tree = await openImage(reference, options);
  } catch (failure) {
    result.failure = failure;
  }
  return { calls, ...result };
}

const podman: Play = (argv) => {
  if (argv.includes("inspect")) return { stdout: JSON.stringify([answer]) };
  if (argv.includes("mount")) return { stdout: `${mount}\n` };
  return {};
};

describe("containers-storage", () => {
  test("is mounted by id, and unmounted when it is done with", async () => {
    const { calls, tree } = await open("containers-storage:quay.io/a:b", podman);
    expect(tree?.source).toEqual({
      reference: "containers-storage:quay.io/a:b",
      transport: "containers-storage",
      digest: answer.Digest,
      created: 1_714_979_289,
      architecture: "amd64",
    });
    expect(tree?.hostPath).toBe(mount);
    expect(tree?.root.inode.mtime).toBe(1_714_979_289);
    expect([...(tree?.root.children?.keys() ?? [])]).toEqual(["usr"]);
    await tree?.[Symbol.asyncDispose]();
    expect(calls).toEqual([
      "podman image inspect --format json -- quay.io/a:b",
      `podman image mount ${id}`,
      `podman image umount ${id}`,
    ]);
  });

  test("a bare name is one in containers-storage, also one that looks like an option", async () => {
    const { calls, tree } = await open("--all", podman);
    await tree?.[Symbol.asyncDispose]();
    expect(calls[0]).toBe("podman image inspect --format json -- --all");
  });

  test("another storage", async () => {
    const { calls, tree } = await open("containers-storage:[vfs@/some/root+/some/run:opt=1]a:b", podman);
    await tree?.[Symbol.asyncDispose]();
    expect(calls[0]).toBe(
      "podman --root /some/root --runroot /some/run --storage-driver vfs image inspect --format json -- a:b",
    );
    expect(calls[2]).toContain(`--storage-driver vfs image umount ${id}`);
  });

  test("a missing image says what to pull, and nothing is mounted", async () => {
    const { calls, failure } = await open("quay.io/a:b", () => ({
      exitCode: 125,
      stderr: "Error: quay.io/a:b: image not known",
    }));
    expect(failure).toMatchObject({
      code: "E_IMAGE_MISSING",
      kind: "contract",
      hint: expect.stringContaining("podman pull quay.io/a:b"),
    });
    expect(calls).toHaveLength(1);
  });

  test("another failure is told as podman tells it", async () => {
    const { failure } = await open("a", () => ({
      exitCode: 125,
      stderr: "Error: overlay: permission denied\n",
    }));
    expect(failure).toMatchObject({ code: "E_TOOL_FAILED", detail: ["Error: overlay: permission denied"] });
  });

  test("an answer that makes no sense", async () => {
    for (const stdout of ["", "[]", '[{"Id":"../x"}]']) {
      expect((await open("a", () => ({ stdout }))).failure).toMatchObject({
        code: "E_PODMAN_ANSWER",
        kind: "tool",
      });
    }
  });

  test("an image for another architecture", async () => {
    const { failure, calls } = await open("a", podman, { architecture: "arm64" });
    expect(failure).toMatchObject({ code: "E_IMAGE_ARCH" });
    expect(calls).toHaveLength(1);
  });

  test("is unmounted when its tree cannot be read, and when all is called off", async () => {
    const file = join(scratch, "file");
    writeFileSync(file, "");
    const broken = await open("a", (argv) => (argv.includes("mount") ? { stdout: file } : podman(argv)));
    expect(broken.failure).toMatchObject({ code: "E_DIRECTORY" });
    expect(broken.calls.at(-1)).toBe(`podman image umount ${id}`);
    const controller = new AbortController();
    const aborted = await open("a", podman, { signal: controller.signal });
    controller.abort();
    await aborted.tree?.[Symbol.asyncDispose]();
    expect(aborted.calls.at(-1)).toBe(`podman image umount ${id}`);
  });
});

/** Writes an image of one file as an OCI layout. */
function writeLayout(directory: string): Partial<ToolResult> {
  const layout = new OciMaker(directory);
  layout.add(layout.image([tar([{ name: "a", content: "a", uid: 1234 }])]));
  return {};
}

describe("containers-storage for an ordinary user", () => {
  const { getuid } = process;
  beforeAll(() => {
    process.getuid = () => 1000;
  });
  afterAll(() => {
    process.getuid = getuid as () => number;
  });

  test("is read in podman's user namespace, and nothing is called outside of it", async () => {
    const { calls, failure } = await open("containers-storage:a", podman);
    expect(failure).toBeInstanceOf(NeedsPodmanUnshare);
    expect(failure).toMatchObject({
      code: "E_PODMAN_UNSHARE",
      message: expect.stringContaining("storage:a`"),
    });
    expect(calls).toEqual([]);
  });
});

describe("docker://", () => {
  const skopeo: Play = (argv) => writeLayout((argv.at(-1) as string).slice("oci:".length));

  test("is fetched by skopeo, read, and gone afterwards", async () => {
    const { calls, tree } = await open("docker://quay.io/a/b:c", skopeo, { architecture: "amd64" });
    expect(calls[0]).toMatch(
      /^skopeo --override-arch amd64 copy docker:\/\/quay\.io\/a\/b:c oci:\/.*\/\.layout-/,
    );
    expect(tree?.source).toMatchObject({
      reference: "docker://quay.io/a/b:c",
      transport: "docker",
      architecture: "amd64",
    });
    expect([...(tree?.root.children?.keys() ?? [])]).toEqual(["a"]);
    expect(readdirSync(work)).toHaveLength(1);
    await tree?.[Symbol.asyncDispose]();
    expect(readdirSync(work)).toEqual([]);
  });

  test("is pulled by podman where there is no skopeo", async () => {
    const { calls, tree } = await open("docker://quay.io/a", (argv) => {
      if (argv[0] === "skopeo") throw missing("skopeo");
      return podman(argv);
    });
    expect(calls.slice(1, 3)).toEqual([
      "podman pull docker://quay.io/a",
      "podman image inspect --format json -- quay.io/a",
    ]);
    await tree?.[Symbol.asyncDispose]();
  });

  test("needs one of them", async () => {
    const { failure } = await open("docker://quay.io/a", (argv) => {
      throw missing(argv[0] as string);
    });
    expect(failure).toMatchObject({ code: "E_TOOL_MISSING", hint: expect.stringContaining("skopeo") });
    expect(readdirSync(work)).toEqual([]);
  });

  test("a failure of skopeo's leaves nothing behind", async () => {
    const { failure } = await open("docker://quay.io/a", () => ({ exitCode: 1 }));
    expect(failure).toMatchObject({ code: "E_TOOL_FAILED" });
    expect(readdirSync(work)).toEqual([]);
  });
});

function missing(name: string): PlatterError {
  return new PlatterError({ code: "E_TOOL_MISSING", kind: "tool", message: `Cannot run ${name}` });
}

test("a work directory that is not there is the machine's fault", async () => {
  rmSync(join(scratch, "gone"), { force: true });
  symlinkSync(join(scratch, "nothing"), join(scratch, "gone"));
  const runTool = async (): Promise<ToolResult> => ({ exitCode: 0, stdout: "", stderr: "" });
  const options = {
    work: join(scratch, "gone"),
    signal: new AbortController().signal,
    capture: () => false,
    runTool,
  };
  expect(await failureOf(openImage("docker://quay.io/a", options))).toMatchObject({ kind: "machine" });
});
