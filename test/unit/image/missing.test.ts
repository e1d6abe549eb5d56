/** References that lead to nothing, or to something else than an image. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { PlatterError } from "../../../internal/base/error.ts";
import { openImage } from "../../../internal/image/open/open-image.ts";
import { storageElsewhere } from "../../../internal/image/source/storage-elsewhere.ts";
import type { ToolCall, ToolResult } from "../../../internal/process/run.ts";
import { failureOf } from "../../helpers/images/memory-layers.ts";
import { OciMaker } from "../../helpers/images/oci-maker.ts";
import { member, tar } from "../../helpers/images/tar-maker.ts";

const folder = mkdtempSync(join(tmpdir(), "platter-missing-"));
const before = process.cwd();
process.chdir(folder);
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

/** Plays a storage without images and a registry without the tag. */
async function runTool(call: ToolCall): Promise<ToolResult> {
  if (call.argv[0] !== "skopeo") return { exitCode: 125, stdout: "", stderr: "Error: x: image not known" };
  const detail = ["Error: reading manifest nope in example.org/a: manifest unknown"];
  throw new PlatterError({ code: "E_TOOL_FAILED", kind: "tool", message: "`skopeo` failed", detail });
}

async function failure(reference: string): Promise<PlatterError> {
  const options = { work: folder, signal: new AbortController().signal, capture: () => false, runTool };
  return (await failureOf(openImage(reference, options))) as PlatterError;
}

describe("an image that does not exist: one wording, one code", () => {
  mkdirSync("images");
  writeFileSync("images/os.tar", "");
  symlinkSync("nowhere", "dangling");
  const sole = "no file or folder has that name";
  test.each([
    ["missing", "it is not in podman's storage, and no file or folder has that name"],
    ["x/os", "it is not in podman's storage, and no file or folder has that name"],
    ["containers-storage:missing", "it is not in podman's storage"],
    ["./missing", sole],
    ["/x/os", sole],
    ["~/os", sole],
    ["x/os.tar", sole],
    ["os.iso", sole],
    ["missing/", sole],
    ["./missing:tag", sole],
    ["./dangling", sole],
    ["a".repeat(255), "it is not in podman's storage, and no file or folder has that name"],
    [
      "a".repeat(256),
      "no file or folder has that name, and an image in podman's storage cannot have that name",
    ],
    [`./${"a".repeat(300)}`, sole],
    ["foo bar", "no file or folder has that name, and an image in podman's storage cannot have that name"],
    [
      "Nonexistent",
      "no file or folder has that name, and an image in podman's storage cannot have that name",
    ],
    ["oci:missing", "the folder `missing` does not exist"],
    ["oci:missing:tag", "the folder `missing` does not exist"],
    ["oci:missing@0", "the folder `missing@0` does not exist"],
    ["dir:missing", "the folder `missing` does not exist"],
    ["tar:missing", "the file `missing` does not exist"],
    ["oci-archive:missing", "the file `missing` does not exist"],
    ["docker-archive:missing:a:b", "the file `missing` does not exist"],
    ["docker://example.org/a:nope", "reading manifest nope in example.org/a: manifest unknown"],
  ])("%s", async (reference, reason) => {
    const error = await failure(reference);
    expect({ code: error.code, exitCode: error.exitCode, message: error.message }).toEqual({
      code: "E_IMAGE_MISSING",
      exitCode: 3,
      message: `Cannot find the image \`${reference}\`: ${reason}`,
    });
    expect(error.hint).toMatch(/^[A-Z].*[.?]$/);
  });

  test.each([
    ["./images/so.tar", "./images/os.tar"],
    [`${folder}/images/os.tra`, `${folder}/images/os.tar`],
    ["oci-archive:image/os.tar", undefined],
    ["dir:imagse", "images"],
  ])("%s: a near name is offered", async (reference, near) => {
    const { hint } = await failure(reference);
    if (near === undefined) expect(hint).not.toContain("if you mean that");
    else expect(hint).toBe(`Write \`${near}\` if you mean that.`);
  });
});

describe("an image in the storage of another user", () => {
  const storage = join(folder, "storage");
  const home = join(folder, "home");
  const images = [{ id: "ab".repeat(32), names: ["localhost/my-os:latest"] }, { id: "cd".repeat(32) }];
  for (const each of [storage, join(home, ".local/share/containers/storage")]) {
    mkdirSync(join(each, "overlay-images"), { recursive: true });
    writeFileSync(join(each, "overlay-images/images.json"), JSON.stringify(images));
  }
  const passwd = join(folder, "passwd");
  writeFileSync(passwd, `root:x:0:0::/root:/bin/sh\nann:x:1000:1000:Ann:${home}:/bin/sh\n`);
  const about = (environment: Record<string, string>) => ({ environment, rootStorage: storage, passwd });
  const asUser = about({ _CONTAINERS_ROOTLESS_UID: "1000" });
  const asRoot = about({ SUDO_UID: "1000" });

  test.each(["localhost/my-os", "my-os:latest", "abababababab"])("storageElsewhere: %s is found", (name) => {
    expect(storageElsewhere(name, asUser)).toBe("Run platter with sudo: the image is in root's storage.");
    expect(storageElsewhere(name, asRoot)).toBe(
      "Run platter without sudo: the image is in the storage of the user `ann`.",
    );
  });

  test.each(["quay.io/my-os", "os", "my-os:other"])("storageElsewhere: %s is not found", (name) => {
    expect(storageElsewhere(name, asUser)).toBeUndefined();
    expect(storageElsewhere(name, asRoot)).toBeUndefined();
    expect(storageElsewhere(name, about({}))).toBeUndefined();
  });
});

describe("a file or folder that is not an image", () => {
  const at = (offset: number, magic: string) => {
    const bytes = Buffer.alloc(40_000);
    bytes.write(magic, offset, "latin1");
    return bytes;
  };
  const UNKNOWN = "a file of a kind that platter does not know";
  const files: Record<string, [Uint8Array | string, string, string]> = {
    "an.iso": [at(32769, "CD001"), "an ISO", "platter verify"],
    "an.iso.gz": [gzipSync(at(32769, "CD001")), "an ISO", "platter verify"],
    squashfs: [at(0, "hsqs"), "a squashfs", "unsquashfs"],
    erofs: [at(1024, "\xe2\xe1\xf5\xe0"), "an erofs", "dir:FOLDER"],
    ext4: [at(1080, "\x53\xef"), "an ext4 file system", "dir:FOLDER"],
    zip: [at(0, "PK\x03\x04"), "a zip archive", "unzip"],
    qcow2: [at(0, "QFI\xfb"), "a qcow2 disk image", "disk images"],
    gpt: [at(512, "EFI PART"), "a raw disk image", "disk images"],
    mbr: [at(510, "\x55\xaa"), "a raw disk image", "disk images"],
    elf: [at(0, "\x7fELF\x02"), "a program (ELF)", "container image"],
    text: ["hello\n", "a text file", "container image"],
    "text.zst": [zstdCompressSync(Buffer.from("héllo\n".repeat(10_000))), "a text file", "container image"],
    noise: [Buffer.alloc(2000, "\x81\x92\xa3", "latin1"), UNKNOWN, "container image"],
    "noise.gz": [gzipSync(Buffer.alloc(100, "\x81\x92\xa3", "latin1")), UNKNOWN, "container image"],
    nothing: ["", "an empty file", "Write the image again"],
  };
  for (const [name, [content]] of Object.entries(files)) writeFileSync(name, content);
  writeFileSync("zeros.tar", Buffer.alloc(10240));
  writeFileSync(
    "packed.tar.gz",
    gzipSync(tar([{ name: "os/" }, { name: "os/blobs/" }, { name: "os/oci-layout", content: "{}" }])),
  );
  mkdirSync("skopeo");
  writeFileSync("skopeo/version", "Directory Transport Version: 1.1\n");
  writeFileSync("skopeo/manifest.json", "{}");
  mkdirSync("plain/layout", { recursive: true });
  writeFileSync("plain/layout/oci-layout", "{}");
  mkdirSync("rootfs/usr", { recursive: true });
  Bun.spawnSync(["mkfifo", "fifo"]);

  for (const [name, [, kind, hint]] of Object.entries(files)) {
    test.each(["./", "tar:", "oci-archive:", "docker-archive:"])(`%s${name}`, async (prefix) => {
      const error = await failure(`${prefix}${name}`);
      expect({ code: error.code, exitCode: error.exitCode }).toEqual({
        code: "E_REFERENCE_KIND",
        exitCode: 2,
      });
      expect(error.message).toEndWith(`${name}\` as an image: it is ${kind}`);
      expect(error.hint).toContain(hint);
    });
  }

  const packed = "an archive of a folder `os` that holds an OCI image layout";
  writeFileSync("layout.tar", tar([{ name: "./oci-layout", content: "{}" }]));
  writeFileSync("docker.tar", tar([{ name: "manifest.json", content: "[]" }]));
  writeFileSync("root.tar", tar([{ name: "usr/" }, { name: "usr/a", content: "" }]));
  test.each([
    "",
    "tar:",
    "oci-archive:",
    "docker-archive:",
  ])("%szeros.tar and %spacked.tar.gz", async (prefix) => {
    const empty = await failure(`${prefix}zeros.tar`);
    expect(empty).toMatchObject({ code: "E_REFERENCE_KIND", exitCode: 2 });
    expect(empty.message).toBe("Cannot use `zeros.tar` as an image: it is an empty archive");
    const nested = await failure(`${prefix}packed.tar.gz`);
    expect(nested).toMatchObject({ code: "E_REFERENCE_KIND", exitCode: 2 });
    expect(nested.message).toBe(`Cannot use \`packed.tar.gz\` as an image: it is ${packed}`);
    expect(nested.hint).toBe("Unpack it with `tar -xf packed.tar.gz`, and name `oci:os`.");
  });

  test.each([
    ["tar:layout.tar", "an archive of an OCI image layout", "`oci-archive:layout.tar`"],
    ["docker-archive:layout.tar", "an archive of an OCI image layout", "`oci-archive:layout.tar`"],
    ["tar:docker.tar", "an archive that `docker save` wrote", "`docker-archive:docker.tar`"],
    ["oci-archive:docker.tar", "an archive that `docker save` wrote", "`docker-archive:docker.tar`"],
    ["oci-archive:root.tar", "an archive of a root file system", "`tar:root.tar`"],
    ["docker-archive:root.tar", "an archive of a root file system", "`tar:root.tar`"],
    [
      "./skopeo",
      "the output of `skopeo copy … dir:`, and platter's `dir:` is a root file system",
      "skopeo copy dir:./skopeo oci:",
    ],
    [
      "dir:skopeo",
      "the output of `skopeo copy … dir:`, and platter's `dir:` is a root file system",
      "skopeo copy dir:skopeo oci:",
    ],
    [
      "oci:skopeo",
      "the output of `skopeo copy … dir:`, and platter's `dir:` is a root file system",
      "skopeo copy",
    ],
    ["plain", "a folder with an OCI image layout in `layout`", "`oci:plain/layout`"],
    ["dir:plain/layout", "an OCI image layout", "`oci:plain/layout`"],
    ["oci:rootfs", "a root file system", "`dir:rootfs`"],
    ["oci-archive:plain/layout", "a folder, and `oci-archive:` takes a file", "`oci:plain/layout`"],
    ["oci:zip", "a file, and `oci:` takes a folder", "`oci-archive:zip`"],
    ["dir:zip", "a file, and `dir:` takes a folder", "`tar:zip`"],
    ["tar:fifo", "a pipe, and platter reads an image more than once", "to a file"],
    ["./fifo", "a pipe, and platter reads an image more than once", "to a file"],
    ["/dev/null", "neither a file nor a folder", "transport"],
  ])("%s", async (reference, what, hint) => {
    const error = await failure(reference);
    expect(error).toMatchObject({ code: "E_REFERENCE_KIND", exitCode: 2 });
    expect(error.message).toEndWith(`as an image: it is ${what}`);
    expect(error.hint).toContain(hint);
  });
});

test("no message quotes a name twice", async () => {
  const broken = Buffer.concat([member({ name: "usr/a", content: "a" }), Buffer.alloc(512, 0xff)]);
  writeFileSync("broken.tar", broken);
  writeFileSync("broken.tar.gz", Buffer.concat([gzipSync(broken).subarray(0, -12), Buffer.alloc(100)]));
  const maker = new OciMaker("broken-layout");
  maker.add(maker.image([broken]), "latest");
  const messages = [];
  for (const reference of [
    "broken.tar",
    "tar:broken.tar",
    "oci-archive:broken.tar",
    "docker-archive:broken.tar",
    "broken.tar.gz",
    "tar:broken.tar.gz",
    "oci:broken-layout",
  ]) {
    messages.push((await failure(reference)).message);
  }
  for (const message of messages) {
    expect(message).not.toContain("``");
    expect(message).toMatch(/`broken/);
  }
});
