/**
 * The oracle is podman: a torture image is loaded into a storage of its own, mounted, and compared entry by entry with
 * what platter makes of it, from every kind of source. Needs root, podman, skopeo, mksquashfs, loop devices.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storedTime } from "../../../internal/image/entry-walk.ts";
import type { ImageTree } from "../../../internal/image/image-tree.ts";
import { openImage } from "../../../internal/image/open/open-image.ts";
import { runTool } from "../../../internal/process/run.ts";
import { treeDigest } from "../../../internal/rootfs/tree-digest.ts";
import { type Listed, type Listing, listDirectory, listTree } from "../../helpers/images/listing.ts";
import { OciMaker } from "../../helpers/images/oci-maker.ts";
import { saveableLayers, tortureLayers } from "../../helpers/images/torture.ts";
import { BINARY } from "../../helpers/scene.ts";

const scratch = mkdtempSync(join(tmpdir(), "platter-oracle-"));
const storage = { root: join(scratch, "storage"), run: join(scratch, "run") };
const podman = `podman --root ${storage.root} --runroot ${storage.run} --storage-driver overlay`;
const inStorage = `[overlay@${storage.root}+${storage.run}]localhost/torture:latest`;
const everything = { include: () => true };
const created = Date.parse("2024-05-06T07:08:09Z") / 1000;

let expected: Listing;
let mounted: string;
/** What is expected of the image that podman has saved. */
let saveable: Listing;
const digests = new Map<string, string>();

/** Runs a command given as words with single spaces between them. */
function run(command: string): string {
  const done = Bun.spawnSync(command.split(" "), { stderr: "pipe" });
  if (done.exitCode !== 0) throw new Error(`${command}: ${done.stderr.toString()}`);
  return done.stdout.toString().trim();
}

async function open(reference: string): Promise<ImageTree> {
  const work = mkdtempSync(join(scratch, "work-"));
  return openImage(reference, { work, signal: new AbortController().signal, capture: () => false, runTool });
}

beforeAll(() => {
  const layers = tortureLayers();
  for (const compression of ["gzip", "zstd", "none"] as const) {
    const layout = new OciMaker(join(scratch, compression));
    layout.add(layout.image(layers, { compression }), "torture");
  }
  const lite = new OciMaker(join(scratch, "saveable"));
  lite.add(lite.image(saveableLayers()), "lite");
  const into = `containers-storage:[overlay@${storage.root}+${storage.run}]localhost`;
  run(`skopeo copy -q oci:${scratch}/gzip:torture ${into}/torture:latest`);
  run(`skopeo copy -q oci:${scratch}/gzip:torture oci-archive:${scratch}/skopeo-oci.tar:torture`);
  run(`skopeo copy -q oci:${scratch}/gzip:torture docker-archive:${scratch}/skopeo.tar:x/torture:latest`);
  run(`skopeo copy -q oci:${scratch}/saveable:lite ${into}/lite:latest`);
  run(`${podman} save -q --format docker-archive -o ${scratch}/podman.tar localhost/lite`);
  run(`${podman} save -q --format oci-archive -o ${scratch}/podman-oci.tar localhost/lite`);
  run(`gzip -1k ${scratch}/podman.tar`);
  run(`xz -0k ${scratch}/podman-oci.tar`);
  saveable = listDirectory(run(`${podman} image mount localhost/lite`));
  mounted = run(`${podman} image mount localhost/torture`);
  expected = listDirectory(mounted);
  run(`tar -C ${mounted} --xattrs --xattrs-include=* --format=posix -cf ${scratch}/root.tar .`);
  run(`zstd -q -1 ${scratch}/root.tar`);
}, 120_000);

afterAll(() => {
  for (const cleanup of [`${podman} image umount --all`, `umount ${storage.root}/overlay`]) {
    Bun.spawnSync(cleanup.split(" "));
  }
  rmSync(scratch, { recursive: true, force: true });
});

/** The root's time is the one thing that podman makes up: it is when the image was unpacked. */
function withRootTime(listing: Listing, mtime: number): Listing {
  return { ...listing, "": { ...rootOf(listing), mtime } };
}

function rootOf(listing: Listing): Listed {
  return listing[""] as Listed;
}

const images: [string, () => string][] = [
  ["oci, gzip", () => `oci:${scratch}/gzip:torture`],
  ["oci, zstd", () => `oci:${scratch}/zstd`],
  ["oci, plain", () => `oci:${scratch}/none:torture`],
  ["oci-archive by skopeo", () => `oci-archive:${scratch}/skopeo-oci.tar:torture`],
  ["docker-archive by skopeo", () => `docker-archive:${scratch}/skopeo.tar:x/torture`],
  ["containers-storage", () => `containers-storage:${inStorage}`],
  ["dir", () => `dir:${mounted}`],
];

const exported: [string, () => string][] = [
  ["tar by GNU tar", () => `tar:${scratch}/root.tar`],
  ["tar, zstd", () => `tar:${scratch}/root.tar.zst`],
];

const saved: [string, () => string][] = [
  ["oci-archive by podman", () => `oci-archive:${scratch}/podman-oci.tar`],
  ["oci-archive, xz as a whole", () => `oci-archive:${scratch}/podman-oci.tar.xz`],
  ["docker-archive by podman", () => `docker-archive:${scratch}/podman.tar`],
  ["docker-archive, gzip as a whole", () => `docker-archive:${scratch}/podman.tar.gz:localhost/lite:latest`],
];

describe("platter sees what podman mounts", () => {
  test.each(images)(
    "%s",
    async (name, reference) => {
      await using tree = await open(reference());
      const rootTime = name === "dir" ? rootOf(expected).mtime : created;
      expect(await listTree(tree)).toEqual(withRootTime(expected, rootTime));
      tree.root.inode.mtime = created;
      digests.set(name, treeDigest(tree, everything));
    },
    60_000,
  );

  test.each(saved)(
    "%s",
    async (_, reference) => {
      await using tree = await open(reference());
      expect(await listTree(tree)).toEqual(withRootTime(saveable, created));
    },
    60_000,
  );

  test.each(exported)(
    "%s",
    async (_, reference) => {
      await using tree = await open(reference());
      // GNU tar writes no links to FIFOs.
      const fifo = { ...(expected.fifo as Listed), links: "" };
      expect(await listTree(tree)).toEqual({ ...expected, fifo, "hard-fifo": fifo });
    },
    60_000,
  );

  test("with one digest for all of them", () => {
    expect(digests.size).toBe(images.length);
    expect(new Set(digests.values()).size).toBe(1);
  });

  test("and leaves no mount and no file", () => {
    // Two mounts are this test's own.
    const mounts = JSON.parse(run(`${podman} image mount --format json`)) as unknown[];
    expect(mounts).toHaveLength(2);
    for (const name of readdirSync(scratch).filter((each) => each.startsWith("work-"))) {
      expect(readdirSync(join(scratch, name))).toEqual([]);
    }
  });
});

describe("the squashfs is what podman mounts", () => {
  /** Makes it with the binary itself, mounts it, lists it. */
  function squashed(name: string, reference: string): Listing {
    const image = join(scratch, `${name}.squashfs`);
    const argv = [BINARY, "squash", reference, "-o", image, "--no-default-excludes", "--compression", "none"];
    const made = Bun.spawnSync(argv, { stderr: "pipe" });
    if (made.exitCode !== 0) throw new Error(made.stderr.toString());
    const point = join(scratch, `${name}.mount`);
    mkdirSync(point);
    run(`mount -o loop,ro ${image} ${point}`);
    try {
      return listDirectory(point);
    } finally {
      run(`umount ${point}`);
      rmSync(image);
    }
  }

  /** What is expected, with times as squashfs holds them, and the mount points that a live system needs. */
  function inSquashfs(listing: Listing, ensured: Listing): Listing {
    const wanted = structuredClone(listing);
    for (const entry of Object.values(wanted)) entry.mtime = storedTime(entry.mtime);
    for (const name of ["dev", "proc", "run", "sys", "tmp", "usr"]) wanted[name] ??= ensured[name] as Listed;
    return wanted;
  }

  test.each([...images, ...saved, ...exported])(
    "%s",
    (name, reference) => {
      const found = squashed(name.replaceAll(/[^a-z]+/g, "-"), reference());
      const isSaved = saved.some(([each]) => each === name);
      const own = name === "dir" || name.startsWith("tar") ? rootOf(expected).mtime : created;
      const listing = withRootTime(isSaved ? saveable : expected, own);
      const wanted = inSquashfs(listing, found);
      if (name.startsWith("tar")) {
        // GNU tar writes no links to FIFOs.
        wanted.fifo = { ...(expected.fifo as Listed), mtime: storedTime(expected.fifo!.mtime), links: "" };
        wanted["hard-fifo"] = wanted.fifo;
      }
      expect(found).toEqual(wanted);
    },
    120_000,
  );
});

test("a damaged blob is named, whatever the damage looks like", async () => {
  const folder = join(scratch, "none/blobs/sha256");
  const damaged = join(scratch, "damaged");
  run(`cp -r ${scratch}/none ${damaged}`);
  const largest = readdirSync(folder).sort(
    (a, b) => readFileSync(join(folder, b)).length - readFileSync(join(folder, a)).length,
  )[0] as string;
  const bytes = readFileSync(join(folder, largest));
  // In a header's checksum: what shows first is a broken tar.
  bytes[150] = 0x39;
  writeFileSync(join(damaged, "blobs/sha256", largest), bytes);
  const failure = await open(`oci:${damaged}`).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "E_BLOB_DIGEST", kind: "contract" });
  expect(String(failure)).toContain(largest);
  expect(existsSync(join(damaged, "index.json"))).toBe(true);
});
