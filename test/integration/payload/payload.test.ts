/**
 * The oracle is podman: payloads go into a squashfs, which is unpacked, and what a real podman says about the storage in
 * it is compared with the storage that skopeo makes of the same image. Needs root, podman, skopeo, unsquashfs.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { storedTime } from "../../../internal/image/entry-walk.ts";
import { type Listing, listDirectory } from "../../helpers/images/listing.ts";
import { OciMaker } from "../../helpers/images/oci-maker.ts";
import { type Member, tar } from "../../helpers/images/tar-maker.ts";
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { saveableLayers } from "../../helpers/images/torture.ts";
import { expectRefusal, Scene } from "../../helpers/scene.ts";

const STORAGE = "var/lib/containers/storage";
const NAME = "quay.io/example/os:9";
const SHARED = randomBytes(3_000_000);

let scene: Scene;
/** Unpacked file systems, whose storages podman may have mounted. */
const unpacked: string[] = [];

beforeAll(() => {
  scene = new Scene("payload");
  const torture = new OciMaker(scene.at("torture"));
  torture.add(torture.image(saveableLayers()), NAME);
  const plain = new OciMaker(scene.at("plain"));
  const base: Member[] = [
    { name: "usr/" },
    { name: "usr/os", content: "an os" },
    { name: "usr/old", content: "-" },
  ];
  const added: Member[] = [{ name: "etc/" }, { name: "etc/one", content: "1" }];
  const other: Member[] = [{ name: "usr/" }, { name: "usr/.wh.old" }, { name: "usr/two", content: "2" }];
  plain.add(plain.image([tar(base), tar(added)], { compression: "none" }), "localhost/one:1");
  plain.add(plain.image([tar(base), tar(added), tar(other)], { compression: "zstd" }), "localhost/two:2");
  const three = new OciMaker(scene.at("three"));
  three.add(
    three.image([tar(base), tar(added), tar([{ name: "three", content: "3" }])]),
    "localhost/three:3",
  );
  const shared = new OciMaker(scene.at("shared"));
  const file = { name: "large", content: SHARED.toString("latin1") };
  shared.add(shared.image([tar([file])]), "latest");
  const root = scene.folder("root");
  for (const folder of ["usr", "etc", "var/cache"]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "usr/large"), SHARED);
  writeFileSync(join(root, "var/cache/junk"), "junk");
});

afterAll(() => {
  for (const folder of unpacked) unmount(folder);
  scene[Symbol.dispose]();
});

function run(...argv: string[]): string {
  const done = Bun.spawnSync(argv, { stderr: "pipe" });
  if (done.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${done.stderr.toString()}`);
  return done.stdout.toString().trim();
}

function podmanOf(root: string): string[] {
  return [
    "podman",
    "--root",
    `${root}/${STORAGE}`,
    "--runroot",
    `${root}.run`,
    "--storage-driver",
    "overlay",
  ];
}

const podman = (root: string, ...args: string[]) => run(...podmanOf(root), ...args);

function unmount(root: string): void {
  Bun.spawnSync([...podmanOf(root), "image", "umount", "--all"]);
  Bun.spawnSync(["umount", `${root}/${STORAGE}/overlay`]);
}

/** A squashfs of the root with payloads, made by the binary. */
async function squash(name: string, root: string, ...args: string[]): Promise<string> {
  const output = `${scene.out}/${name}.img`;
  const env = { HOME: process.env.HOME ?? "/root", SOURCE_DATE_EPOCH: "1700000000" };
  await scene.succeed(["squash", `dir:${root}`, "-o", output, ...args], { env });
  return output;
}

function unpack(image: string): string {
  const folder = image.replace(/\.img$/, "");
  run("unsquashfs", "-quiet", "-no-progress", "-dest", folder, image);
  unpacked.push(folder);
  return folder;
}

/** What a real storage shows of an image, as far as squashfs can hold it. */
function listMounted(root: string, image: string): Listing {
  const listing = listDirectory(podman(root, "image", "mount", image));
  unmount(root);
  for (const entry of Object.values(listing)) entry.mtime = storedTime(entry.mtime);
  // The root's time is when the image was unpacked.
  return { ...listing, "": { ...listing[""]!, mtime: 0 } };
}

function digestOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function indexDigest(layout: string, place = 0): string {
  const index = JSON.parse(readFileSync(`${scene.at(layout)}/index.json`, "utf8"));
  return index.manifests[place].digest;
}

const images = (root: string) =>
  podman(root, "images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.Digest}}").split("\n").sort();

/** Whether podman finds an image, without a network. */
function found(root: string, image: string): boolean {
  const { exitCode } = Bun.spawnSync([...podmanOf(root), "image", "exists", image]);
  return exitCode === 0;
}

/** A registry with one repository, read from a layout (distribution-spec, "pull"). */
function serveRegistry(layout: string): Bun.Server<undefined> {
  const index = JSON.parse(readFileSync(`${layout}/index.json`, "utf8"));
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/v2/") return new Response("{}");
      const [, kind, name] = /^\/v2\/example\/os\/(manifests|blobs)\/(.+)$/.exec(pathname) ?? [];
      const tagged = index.manifests.find(
        (entry: { annotations?: Record<string, string> }) =>
          entry.annotations?.["org.opencontainers.image.ref.name"] === name,
      );
      const digest: string = tagged?.digest ?? name ?? "";
      const file = `${layout}/blobs/sha256/${digest.slice("sha256:".length)}`;
      if (!/^sha256:/.test(digest) || !existsSync(file)) return new Response("{}", { status: 404 });
      const bytes = readFileSync(file);
      const type = kind === "blobs" ? "application/octet-stream" : JSON.parse(bytes.toString()).mediaType;
      return new Response(bytes, { headers: { "content-type": type, "docker-content-digest": digest } });
    },
  });
}

describe("a payload with all that is hard about layers", () => {
  let real: string;
  let ours: string;

  beforeAll(async () => {
    real = scene.folder("real");
    const storage = `containers-storage:[overlay@${real}/${STORAGE}+${real}.run]${NAME}`;
    run("skopeo", "copy", "-q", `oci:${scene.at("torture")}`, storage);
    unpacked.push(real);
    ours = unpack(await squash("torture", scene.at("root"), "--payload", `oci:${scene.at("torture")}`));
  }, 120_000);

  test("is listed by podman with its name and digest, and mounted as podman's own would be", () => {
    expect(images(ours)).toEqual([`${NAME} ${indexDigest("torture")}`]);
    expect(listMounted(ours, NAME)).toEqual(listMounted(real, NAME));
  });

  test("is described as podman's own would be", () => {
    const records = (root: string, file: string): Record<string, unknown>[] =>
      JSON.parse(readFileSync(`${root}/${STORAGE}/${file}`, "utf8"));
    const undated = (root: string) =>
      records(root, "overlay-layers/layers.json").map(({ created, ...record }) => record);
    expect(undated(ours)).toEqual(undated(real));
    const [mine, theirs] = [ours, real].map((root) => records(root, "overlay-images/images.json")[0]);
    for (const key of ["id", "digest", "names", "layer"]) expect(mine?.[key]).toEqual(theirs?.[key]);
  });

  test("a copy of it is put together again to the byte", () => {
    const copy = (root: string, to: string) => {
      const from = `containers-storage:[overlay@${root}/${STORAGE}+${root}.run]${NAME}`;
      run("skopeo", "copy", "-q", from, `dir:${scene.at(to)}`);
      return readdirSync(scene.at(to)).sort();
    };
    const files = copy(ours, "copy-ours");
    expect(files).toEqual(copy(real, "copy-real"));
    expect(files.length).toBe(2 + 1 + saveableLayers().length);
    for (const name of files) {
      expect(digestOf(`${scene.at("copy-ours")}/${name}`)).toBe(digestOf(`${scene.at("copy-real")}/${name}`));
    }
  });

  test("has nothing in the topmost layer that an overlayfs as root would hide", () => {
    const layers = JSON.parse(readFileSync(`${ours}/${STORAGE}/overlay-layers/layers.json`, "utf8"));
    const top = `${ours}/${STORAGE}/overlay/${layers.at(-1).id}`;
    expect(readdirSync(top)).toContain("empty");
    expect(readdirSync(top)).not.toContain("lower");
    expect(run("find", `${top}/diff`, "-type", "c", "-perm", "0")).toBe("");
    // Lower ones have what podman would have there.
    const lower = layers[2].id;
    expect(
      run("find", `${ours}/${STORAGE}/overlay/${lower}/diff`, "-type", "c", "-perm", "0", "-name", "gone*"),
    ).toContain("gone-dir");
  });
});

describe("payloads from everywhere", () => {
  test("give the same bytes for every user and from every source", async () => {
    const named = (reference: string) => ["--payload", `${reference}=${NAME}`];
    const storage = scene.folder("host");
    const inStorage = `containers-storage:[overlay@${storage}/${STORAGE}+${storage}.run]${NAME}`;
    run("skopeo", "copy", "-q", `oci:${scene.at("torture")}`, inStorage);
    unpacked.push(storage);
    const before = podman(storage, "images", "--digests", "--no-trunc");
    run("skopeo", "copy", "-q", `oci:${scene.at("torture")}`, `oci-archive:${scene.at("torture.tar")}:x`);
    const root = scene.at("root");
    const digests = new Map([
      ["again", digestOf(await squash("again", root, ...named(`oci:${scene.at("torture")}`)))],
      ["oci", digestOf(`${scene.out}/torture.img`)],
      [
        "archive",
        digestOf(await squash("archive", root, ...named(`oci-archive:${scene.at("torture.tar")}`))),
      ],
      ["storage", digestOf(await squash("storage", root, "--bootc-installer-payload-ref", inStorage))],
    ]);
    expect(new Set(digests.values()).size).toBe(1);
    expect(podman(storage, "images", "--digests", "--no-trunc")).toBe(before);
    expect(podman(storage, "image", "mount")).toBe("");
    for (const folder of unpacked) unmount(folder);
    expect(await scene.leftovers()).toEqual([]);
  }, 120_000);

  test("one in a registry is fetched as it is there, for the architecture that is wanted", async () => {
    const layout = new OciMaker(scene.at("registry"));
    const both = (["amd64", "arm64"] as const).map((architecture) => ({
      ...layout.image([tar([{ name: architecture, content: "1" }])], { architecture }),
      platform: { architecture, os: "linux" },
    }));
    layout.add(layout.index(both), "both");
    const registry = serveRegistry(scene.at("registry"));
    try {
      const host = `127.0.0.1:${registry.port}`;
      const settings = `[[registry]]\nlocation = "${host}"\ninsecure = true\n`;
      scene.write(".config/containers/registries.conf", settings);
      const env = { HOME: scene.path };
      const output = `${scene.out}/registry.img`;
      const args = ["squash", `dir:${scene.at("root")}`, "-o", output, "--payload"];
      await scene.succeed([...args, `docker://${host}/example/os:both`], { env });
      const ours = unpack(output);
      const index = indexDigest("registry");
      expect(images(ours)).toEqual([`${host}/example/os:both ${index}`]);
      expect(Object.keys(listMounted(ours, `${host}/example/os:both`))).toEqual(["", "amd64"]);
      const pulled = scene.folder("pulled");
      unpacked.push(pulled);
      // The registry is in this process.
      const pull = Bun.spawn([...podmanOf(pulled), "pull", "-q", `${host}/example/os:both`], {
        env: { ...process.env, HOME: scene.path },
        stdout: "ignore",
      });
      expect(await pull.exited).toBe(0);
      unmount(pulled);
      const stored = `containers-storage:[overlay@${pulled}/${STORAGE}+${pulled}.run]${host}/example/os:both`;
      const again = unpack(await squash("by-index", scene.at("root"), "--payload", stored));
      const wanted = [index, both[0]?.digest, both[1]?.digest].map(
        (digest) => `${host}/example/os@${digest}`,
      );
      for (const root of [pulled, ours, again]) {
        expect([root, images(root)]).toEqual([root, [`${host}/example/os:both ${index}`]]);
        expect([root, ...wanted.map((name) => found(root, name))]).toEqual([root, true, true, false]);
      }
      const ran = await scene.run([...args, `docker://${host}/example/os:gone`], { env });
      await expectRefusal(scene, ran, { exit: 3, code: "E_PAYLOAD_MISSING", says: ["os:gone"] });
    } finally {
      registry.stop(true);
    }
  }, 60_000);

  test("an index in a layout, and one in another, find the image too", async () => {
    const layout = new OciMaker(scene.at("nested"));
    const image = {
      ...layout.image([tar([{ name: "a", content: "1" }])], { architecture: "amd64" }),
      platform: { architecture: "amd64", os: "linux" },
    };
    const inner = layout.index([image]);
    const outer = layout.index([inner]);
    layout.add(outer, "localhost/nested:1");
    const ours = unpack(await squash("nested", scene.at("root"), "--payload", `oci:${scene.at("nested")}`));
    for (const { digest } of [outer, inner, image]) {
      expect(found(ours, `localhost/nested@${digest}`)).toBe(true);
    }
    expect(found(ours, `localhost/nested@sha256:${"0".repeat(64)}`)).toBe(false);
  }, 60_000);

  test("a Docker archive has the digest that podman load gives it", async () => {
    const from = `oci:${scene.at("plain")}:localhost/one:1`;
    run("skopeo", "copy", "-q", from, `docker-archive:${scene.at("one.tar")}:localhost/one:1`);
    const real = scene.folder("loaded");
    unpacked.push(real);
    podman(real, "load", "-q", "-i", scene.at("one.tar"));
    const ours = unpack(await squash("docker", scene.at("root"), "--payload", scene.at("one.tar")));
    expect(images(ours)).toEqual(images(real));
    expect(listMounted(ours, "localhost/one:1")).toEqual(listMounted(real, "localhost/one:1"));
  }, 60_000);

  test("a root file system becomes an image of one layer, with one digest in any place", async () => {
    run("tar", "-C", scene.at("root"), "--format=pax", "--numeric-owner", "-cf", scene.at("root.tar"), ".");
    const made = [`dir:${scene.at("root")}`, `tar:${scene.at("root.tar")}`].map(async (payload, i) =>
      unpack(await squash(`root${i}`, scene.at("root"), "--payload", `${payload}=localhost/root:1`)),
    );
    const [ofFolder, ofTar] = (await Promise.all(made)) as [string, string];
    expect(images(ofFolder)).toEqual(images(ofTar));
    const listing = listMounted(ofFolder, "localhost/root:1");
    expect(listing).toEqual(listMounted(ofTar, "localhost/root:1"));
    const wanted = listDirectory(scene.at("root"));
    // A layer says nothing about the root itself.
    for (const each of [listing, wanted]) delete each[""];
    expect(listing).toEqual(wanted);
  }, 60_000);

  test("several that share layers, next to one that the image has already", async () => {
    const root = scene.at("with-storage");
    cpSync(scene.at("root"), root, { recursive: true });
    const own = `containers-storage:[overlay@${root}/${STORAGE}+${root}.run]localhost/one:1`;
    run("skopeo", "copy", "-q", `oci:${scene.at("plain")}:localhost/one:1`, own);
    Bun.spawnSync(["umount", `${root}/${STORAGE}/overlay`]);
    const payloads = [
      "--payload",
      `oci:${scene.at("plain")}:localhost/two:2`,
      "--payload",
      `oci:${scene.at("shared")}`,
    ];
    const ours = unpack(await squash("several", root, ...payloads));
    expect(images(ours)).toEqual([
      `localhost/one:1 ${indexDigest("plain")}`,
      `localhost/shared:latest ${indexDigest("shared")}`,
      `localhost/two:2 ${indexDigest("plain", 1)}`,
    ]);
    const names = (image: string) => Object.keys(listMounted(ours, image));
    expect(names("localhost/one:1")).toEqual(["", "etc", "etc/one", "usr", "usr/old", "usr/os"]);
    expect(names("localhost/two:2")).toEqual(["", "etc", "etc/one", "usr", "usr/os", "usr/two"]);
    const layers = JSON.parse(readFileSync(`${ours}/${STORAGE}/overlay-layers/layers.json`, "utf8"));
    expect(layers).toHaveLength(4);
  }, 60_000);

  test("stay below a layer of the image's own storage", async () => {
    const ours = unpack(
      await squash("two", scene.at("with-storage"), "--payload", `oci:${scene.at("three")}`),
    );
    const layers = JSON.parse(readFileSync(`${ours}/${STORAGE}/overlay-layers/layers.json`, "utf8"));
    const lower = readFileSync(`${ours}/${STORAGE}/overlay/${layers.at(-1).id}/lower`, "utf8");
    expect(lower).toMatch(/^l\/[A-Z2-7]{26}:l\/[A-Z2-7]{26}$/);
    expect(Object.keys(listMounted(ours, "localhost/three:3"))).toEqual([
      "",
      "etc",
      "etc/one",
      "three",
      "usr",
      "usr/old",
      "usr/os",
    ]);
  }, 60_000);
});

describe("in the squashfs", () => {
  test("a file that image and payload share is stored once", async () => {
    const alone = statSync(await squash("alone", scene.at("root"))).size;
    const both = statSync(
      await squash("both", scene.at("root"), "--payload", `oci:${scene.at("shared")}`),
    ).size;
    expect(alone).toBeGreaterThan(SHARED.length);
    expect(both - alone).toBeLessThan(20_000);
  });

  test("nothing of a payload is left out, whatever is excluded, and all of the image is that should be", async () => {
    const args = [
      "--exclude",
      "var/*",
      "--exclude",
      "**/etc",
      "--payload",
      `oci:${scene.at("plain")}:localhost/one:1`,
    ];
    const ours = unpack(await squash("excluded", scene.at("with-storage"), ...args));
    expect(readdirSync(`${ours}/var`)).toEqual(["lib"]);
    expect(images(ours)).toEqual([`localhost/one:1 ${indexDigest("plain")}`]);
    expect(Object.keys(listMounted(ours, "localhost/one:1"))).toContain("etc/one");
  });

  test("an ordinary user makes the same bytes", async () => {
    for (const folder of [scene.path, scene.out]) chmodSync(folder, 0o777);
    const output = `${scene.out}/user.img`;
    const args = [
      "squash",
      `dir:${scene.at("root")}`,
      "-o",
      output,
      "--payload",
      `oci:${scene.at("torture")}`,
    ];
    run(
      "setpriv",
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      "env",
      "SOURCE_DATE_EPOCH=1700000000",
      `TMPDIR=${scene.out}`,
      join(import.meta.dir, "../../../dist/platter"),
      ...args,
    );
    expect(digestOf(output)).toBe(digestOf(`${scene.out}/torture.img`));
  }, 60_000);
});

describe("refusals, before anything slow starts", () => {
  // podman's storages are mounted while it is asked.
  beforeAll(() => {
    for (const folder of unpacked) unmount(folder);
  });

  const build = (payload: string) =>
    scene.run(["build", `dir:${scene.at("root")}`, "-o", `${scene.out}/x.iso`, "--payload", payload], {
      env: { HOME: process.env.HOME ?? "/root" },
    });

  test.each([
    ["oci:nowhere", "nowhere"],
    ["oci-archive:nowhere.tar", "nowhere.tar"],
    ["docker-archive:nowhere.tar", "nowhere.tar"],
    ["dir:nowhere", "nowhere"],
    ["tar:nowhere", "nowhere"],
    ["localhost/no-such-payload:1", "no-such-payload"],
  ])("%s is not there", async (payload, words) => {
    await expectRefusal(scene, await build(payload), {
      exit: 3,
      code: "E_PAYLOAD_MISSING",
      says: ["payload", words],
    });
  });

  test("a layer is missing", async () => {
    const layout = scene.at("lacking");
    cpSync(scene.at("shared"), layout, { recursive: true });
    const sizes = readdirSync(`${layout}/blobs/sha256`).map((name) => `${layout}/blobs/sha256/${name}`);
    rmSync(sizes.sort((a, b) => statSync(b).size - statSync(a).size)[0] as string);
    const ran = await build(`oci:${layout}`);
    await expectRefusal(scene, ran, { exit: 3, code: "E_PAYLOAD_MISSING", says: ["Cannot read the blob"] });
  });

  test("an impossible name", async () => {
    const ran = await build(`oci:${scene.at("shared")}=Not A Name`);
    await expectRefusal(scene, ran, { exit: 2, code: "E_PAYLOAD_NAME", says: ["Not A Name"] });
  });

  test("another architecture", async () => {
    const ran = await scene.run([
      "squash",
      `dir:${scene.at("root")}`,
      "-o",
      `${scene.out}/x.img`,
      "--arch",
      "aarch64",
      "--payload",
      `oci:${scene.at("shared")}`,
    ]);
    await expectRefusal(scene, ran, { exit: 3, code: "E_IMAGE_ARCH", says: ["amd64", "arm64"] });
  });
});

describe("the plan", () => {
  test("holds payloads, and is another one with them", async () => {
    const image = `dir:${tinyImage(scene.at("tiny"))}`;
    const inspect = async (...args: string[]) =>
      JSON.parse((await scene.succeed(["inspect", image, "--json", ...args])).stdout);
    const payload = `oci:${scene.at("shared")}`;
    const [without, with1] = [await inspect(), await inspect("--payload", payload)];
    expect(without.plan.payloads).toEqual([]);
    expect(with1.plan.payloads).toEqual([
      { reference: payload, indexes: [], digest: indexDigest("shared"), names: ["localhost/shared:latest"] },
    ]);
    expect(with1.plan.uuid).not.toBe(without.plan.uuid);
    // The place of the payload makes no difference.
    cpSync(scene.at("shared"), scene.at("moved/shared"), { recursive: true });
    expect((await inspect("--payload", `oci:${scene.at("moved/shared")}`)).plan.uuid).toBe(with1.plan.uuid);
    const shown = (await scene.succeed(["inspect", image, "--payload", payload])).stdout;
    expect(shown).toContain(`localhost/shared:latest ${indexDigest("shared")}`);
    expect(shown).toContain("F_PAYLOAD_MOUNT");
  }, 300_000);

  test("is for an image that can mount the payload without a warning", async () => {
    const root = scene.at("can-mount");
    cpSync(scene.at("root"), root, { recursive: true });
    const args = (root: string) => [
      "squash",
      `dir:${root}`,
      "-o",
      `${scene.out}/m.img`,
      "--payload",
      `oci:${scene.at("shared")}`,
    ];
    expect((await scene.succeed(args(root))).stderr).toContain("F_PAYLOAD_MOUNT");
    mkdirSync(join(root, "usr/bin"));
    writeFileSync(join(root, "usr/bin/fuse-overlayfs"), "");
    expect((await scene.succeed(args(root))).stderr).not.toContain("F_PAYLOAD_MOUNT");
  });

  test("has the squash stage done again when payloads change", async () => {
    const args = ["squash", `dir:${scene.at("root")}`, "--work", scene.at("work")];
    const skipped = async (...more: string[]) =>
      (await scene.succeed([...args, ...more])).stderr.includes("unchanged");
    const payload = `oci:${scene.at("shared")}`;
    expect(await skipped("--payload", payload)).toBe(false);
    expect(await skipped("--payload", payload)).toBe(true);
    expect(await skipped("--payload", `${payload}=localhost/renamed`)).toBe(false);
    expect(await skipped()).toBe(false);
  });
});
