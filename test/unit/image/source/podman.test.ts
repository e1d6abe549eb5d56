/** Sources that other programs read, with those programs played by the test. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlatterError } from "../../../../internal/base/error.ts";
import type { ImageTree } from "../../../../internal/image/image-tree.ts";
import { openImage } from "../../../../internal/image/open/open-image.ts";
import type { OpenOptions } from "../../../../internal/image/open-options.ts";
import { NeedsPodmanUnshare } from "../../../../internal/image/source/needs-podman-unshare.ts";
import type { ToolCall, ToolResult } from "../../../../internal/process/run.ts";
import { failureOf } from "../../../helpers/images/memory-layers.ts";
import { OciMaker, sha256 } from "../../../helpers/images/oci-maker.ts";
import { tar } from "../../../helpers/images/tar-maker.ts";

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

/** Opens a reference with a fake instead of every program, and returns the calls. */
async function open(
  reference: string,
  play: Play,
  more: Pick<OpenOptions, "architecture" | "pull"> & { signal?: AbortSignal; raw?: string } = {},
) {
  const calls: string[] = [];
  const runTool = async (call: ToolCall): Promise<ToolResult> => {
    call.signal.throwIfAborted();
    calls.push(call.argv.join(" "));
    // Storage, settings and credentials are the caller's.
    expect(call.env?.HOME).toBe(process.env.HOME as string);
    expect(call.env?.REGISTRY_AUTH_FILE).toBe("/auth.json");
    expect(call.env?.BUN_OPTIONS).toBeUndefined();
    if (call.argv.includes("--raw")) await call.onStdout?.(Buffer.from(more.raw ?? ""));
    const result = { exitCode: 0, stdout: "", stderr: "", ...(await play(call.argv)) };
    if ((call.accept ?? [0]).includes(result.exitCode)) return result;
    throw new PlatterError({ code: "E_TOOL_FAILED", kind: "tool", message: "it failed" });
  };
  const signal = more.signal ?? new AbortController().signal;
  const { architecture, pull } = more;
  const options = { architecture, pull, work, signal, capture: () => false, runTool };
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

/** Plays a storage that lacks the image, with these names. */
function absent(names = ""): Play {
  return (argv) =>
    argv.includes("ls") ? { stdout: names } : { exitCode: 125, stderr: "Error: x: image not known" };
}

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

  test("a name that looks like an option is a name", async () => {
    const { calls, tree } = await open("containers-storage:--all", podman);
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
    const { calls, failure } = await open("quay.io/a:b", absent());
    expect(failure).toMatchObject({
      code: "E_IMAGE_MISSING",
      exitCode: 3,
      message:
        "Cannot find the image `quay.io/a:b`: it is not in podman's storage, and no file or folder has that name",
      hint: "Add `--pull`, or name `docker://quay.io/a:b`, to take it from its registry.",
    });
    expect(calls.map((call) => call.split(" ").slice(0, 3).join(" "))).toEqual([
      "podman image inspect",
      "podman image ls",
    ]);
  });

  test("a missing image: a similar name in the storage is shown", async () => {
    const { failure } = await open("my-so", absent("localhost/my-os:latest\nquay.io/other/thing:1\n"));
    expect(failure).toMatchObject({ detail: ["The storage has `localhost/my-os:latest`."] });
  });

  test("a missing image with its transport says nothing of files", async () => {
    const { failure } = await open("containers-storage:localhost/a", absent());
    expect(failure).toMatchObject({
      message: "Cannot find the image `containers-storage:localhost/a`: it is not in podman's storage",
      hint: "Build it as this user, because each user has a storage of their own, or name its file or folder.",
    });
  });

  test("a folder that is not an image and has the name of none is named", async () => {
    const before = process.cwd();
    process.chdir(scratch);
    try {
      mkdirSync("empty");
      const { failure } = await open("empty", absent());
      expect(failure).toMatchObject({
        code: "E_IMAGE_MISSING",
        message:
          "Cannot find the image `empty`: it is not in podman's storage, and the folder `empty` is neither an OCI image layout nor a root file system",
      });
    } finally {
      process.chdir(before);
    }
  });

  test("another failure is reported in podman's words", async () => {
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

  test("podman pulls the image if skopeo is missing", async () => {
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

  test("a failure of skopeo leaves nothing", async () => {
    const { failure } = await open("docker://quay.io/a", () => ({ exitCode: 1 }));
    expect(failure).toMatchObject({ code: "E_REGISTRY", exitCode: 4 });
    expect(readdirSync(work)).toEqual([]);
  });

  const fatal = (text: string) => `time="2026-01-01T00:00:00Z" level=fatal msg="${text}"`;
  test.each([
    [
      "an unknown tag, from skopeo",
      fatal(
        "initializing source docker://example.org/a:b: reading manifest b in example.org/a: manifest unknown",
      ),
      "E_IMAGE_MISSING",
      3,
      "Cannot find the image `docker://example.org/a:b`: reading manifest b in example.org/a: manifest unknown",
      "Check the name",
    ],
    [
      "an unknown tag without a body, from skopeo",
      fatal(
        "initializing source docker://example.org/a:b: reading manifest b in example.org/a: StatusCode: 404, ",
      ),
      "E_IMAGE_MISSING",
      3,
      "Cannot find the image `docker://example.org/a:b`: reading manifest b in example.org/a: StatusCode: 404",
      "Check the name",
    ],
    [
      "an unknown tag, from podman",
      "Error: initializing source docker://example.org/a:b: reading manifest b in example.org/a: manifest unknown",
      "E_IMAGE_MISSING",
      3,
      "Cannot find the image `docker://example.org/a:b`: reading manifest b in example.org/a: manifest unknown",
      "Check the name",
    ],
    [
      "no login",
      fatal(
        "initializing source docker://example.org/a:b: reading manifest b in example.org/a: unauthorized: access to the requested resource is not authorized",
      ),
      "E_REGISTRY",
      4,
      "Cannot fetch `docker://example.org/a:b`: reading manifest b in example.org/a: unauthorized: access to the requested resource is not authorized",
      "podman login example.org",
    ],
    [
      "TLS",
      fatal(
        'pinging container registry example.org: Get \\"https://example.org/v2/\\": x509: certificate signed by unknown authority',
      ),
      "E_REGISTRY",
      4,
      'Cannot fetch `docker://example.org/a:b`: pinging container registry example.org: Get "https://example.org/v2/": x509: certificate signed by unknown authority',
      "/etc/containers/certs.d/example.org",
    ],
  ])("%s: one line, no log", async (_, line, code, exitCode, message, hint) => {
    const runTool = async (): Promise<ToolResult> => {
      const detail = ["Trying to pull example.org/a:b...", line];
      throw new PlatterError({
        code: "E_TOOL_FAILED",
        kind: "tool",
        message: "failed",
        detail,
        log: "/tmp/x",
      });
    };
    const options = { work, signal: new AbortController().signal, capture: () => false, runTool };
    const failure = await failureOf(openImage("docker://example.org/a:b", options));
    expect(failure).toMatchObject({ code, exitCode, message, detail: [], log: undefined });
    expect((failure as PlatterError).hint).toContain(hint);
  });
});

describe("pull", () => {
  const index = "an index in the registry";
  const digest = sha256(Buffer.from(index));
  /** The storage answers with `stored`, and the registry has `index`. */
  const world =
    (stored: Play): Play =>
    (argv) => {
      if (argv[0] === "podman") return stored(argv);
      return argv.includes("--raw") ? {} : writeLayout((argv.at(-1) as string).slice("oci:".length));
    };
  const pulledBy =
    (digests: readonly string[]): Play =>
    (argv) =>
      argv.includes("inspect")
        ? { stdout: JSON.stringify([{ ...answer, RepoDigests: digests }]) }
        : podman(argv);

  test.each<[OpenOptions["pull"], string, Play, string]>([
    ["missing", "quay.io/a:b", absent(), "docker"],
    ["missing", "quay.io/a:b", podman, "containers-storage"],
    ["missing", "containers-storage:quay.io/a:b", absent(), "docker"],
    ["always", "quay.io/a:b", podman, "docker"],
    ["always", "localhost/a", podman, "containers-storage"],
    ["always", "containers-storage:[/root+/run]a", podman, "containers-storage"],
    ["newer", "quay.io/a:b", absent(), "docker"],
    ["newer", "quay.io/a:b", pulledBy(["quay.io/a@sha256:00"]), "docker"],
    ["newer", "quay.io/a:b", pulledBy([`quay.io/a@${digest}`]), "containers-storage"],
    ["never", "quay.io/a:b", podman, "containers-storage"],
  ])("%s of %s", async (pull, reference, stored, transport) => {
    const { failure, tree } = await open(reference, world(stored), { pull, raw: index });
    expect(failure).toBeUndefined();
    expect(tree?.source.transport).toBe(transport);
    await tree?.[Symbol.asyncDispose]();
  });

  test("missing, without podman: the registry is asked", async () => {
    const { tree } = await open(
      "quay.io/a",
      world(() => {
        throw missing("podman");
      }),
      { pull: "missing" },
    );
    expect(tree?.source.reference).toBe("docker://quay.io/a");
    await tree?.[Symbol.asyncDispose]();
  });

  test("an image that podman cannot examine is not taken for a missing one", async () => {
    const { failure } = await open(
      "quay.io/a",
      world(() => ({ exitCode: 125, stderr: "Error: no storage" })),
      {
        pull: "missing",
      },
    );
    expect(failure).toMatchObject({ code: "E_TOOL_FAILED" });
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
