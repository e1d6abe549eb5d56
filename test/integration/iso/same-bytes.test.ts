/** One image gives one ISO, byte for byte, for every place, user, time and environment of the build. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { OciMaker } from "../../helpers/images/oci-maker.ts";
import { OCI_CREATED, tinyImage } from "../../helpers/images/tiny-image.ts";
import { type OrdinaryUser, ordinaryUser } from "../../helpers/ordinary-user.ts";
import { hostProgram, type RunOptions, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

const CREATED = String(Date.parse(OCI_CREATED) / 1000);
let scene: Scene;
let user: OrdinaryUser;
let storage: string;
let mounted: string;
let expected: string;

/** Runs a command given as words with single spaces between them, as the test's own user. */
function command(
  words: string,
  options: { prefix?: readonly string[]; env?: Record<string, string> } = {},
): string {
  const done = Bun.spawnSync([...(options.prefix ?? []), ...words.split(" ")], {
    env: { ...process.env, ...options.env },
    cwd: "/",
    stderr: "pipe",
  });
  if (done.exitCode !== 0) throw new Error(`${words}: ${done.stderr.toString()}`);
  return done.stdout.toString().trim();
}

beforeAll(() => {
  scene = new Scene("same-bytes");
  user = ordinaryUser(scene);
  writeImage(scene.at("layout"));
  command(`skopeo copy -q oci:${scene.path}/layout:latest oci-archive:${scene.path}/oci.tar:latest`);
  command(`skopeo copy -q oci:${scene.path}/layout:latest docker-archive:${scene.path}/docker.tar:x/y:z`);
  storage = `[overlay@${scene.folder("storage")}+${scene.folder("storage-run")}]localhost/same:latest`;
  command(`skopeo copy -q oci:${scene.path}/layout:latest containers-storage:${storage}`);
  const podman = `podman --root ${scene.path}/storage --runroot ${scene.path}/storage-run --storage-driver overlay`;
  mounted = command(`${podman} image mount localhost/same`);
  command(`skopeo copy -q oci:${scene.path}/layout:latest containers-storage:localhost/same:latest`, user);
});

afterAll(() => {
  const podman = `podman --root ${scene.path}/storage --runroot ${scene.path}/storage-run --storage-driver overlay`;
  command(`${podman} image umount --all`);
  // The process that keeps the user's namespace.
  for (const line of scene.processes()) process.kill(Number(/\d+/.exec(line)?.[0]), "SIGKILL");
  scene[Symbol.dispose]();
});

/** Two layers: owners, modes, a link, a capability; and one that removes and replaces. */
function writeImage(layout: string): void {
  const lower = tinyImage(`${layout}.lower`);
  const odd = join(lower, "usr/bin/odd");
  mkdirSync(join(lower, "usr/bin"));
  writeFileSync(odd, "#!/bin/sh\n");
  chownSync(odd, 1234, 5678);
  chmodSync(odd, 0o4755);
  symlinkSync("odd", join(lower, "usr/bin/link"));
  lchownSync(join(lower, "usr/bin/link"), 77, 88);
  Bun.spawnSync(["setcap", "cap_net_raw+ep", join(lower, "usr/share/doc/readme")]);
  const upper = `${layout}.upper`;
  mkdirSync(join(upper, "etc"), { recursive: true });
  writeFileSync(join(upper, "etc/motd"), "the upper layer\n");
  writeFileSync(join(upper, "etc/.wh.shadow"), "");
  for (const folder of [lower, upper])
    Bun.spawnSync(["find", folder, "-exec", "touch", "-hd@1700000000", "{}", "+"]);
  const layers = [lower, upper].map(
    (folder) =>
      Bun.spawnSync(
        ["tar", "-C", folder, "--format=pax", "--xattrs", "--xattrs-include=*", "--numeric-owner", "-c", "."],
        { maxBuffer: 2 ** 30 },
      ).stdout,
  );
  const maker = new OciMaker(layout);
  maker.add(maker.image(layers, { compression: "gzip", created: OCI_CREATED }), "latest");
}

let count = 0;
/** Builds, and gives the ISO's digest. */
async function build(
  reference: string,
  options: RunOptions & { arguments?: readonly string[] } = {},
): Promise<string> {
  const output = join(scene.out, `${++count}.iso`);
  await scene.succeed(["build", reference, "-o", output, ...(options.arguments ?? [])], options);
  return digest(output);
}

function digest(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

beforeAll(async () => {
  expected = await build(`oci:${scene.path}/layout`);
});

describe("from every place where the image may lie", () => {
  const places: [string, () => string][] = [
    ["oci-archive", () => `oci-archive:${scene.path}/oci.tar`],
    ["docker-archive", () => `docker-archive:${scene.path}/docker.tar`],
    ["containers-storage", () => `containers-storage:${storage}`],
  ];
  test.each(places)("%s", async (_, reference) => {
    expect(await build(reference())).toBe(expected);
  });

  test("dir: of the mounted image, with the time that a folder does not have", async () => {
    expect(await build(`dir:${mounted}`, { env: { SOURCE_DATE_EPOCH: CREATED } })).toBe(expected);
  });

  test.each(["1600000000", "1750000000"])("all of them with SOURCE_DATE_EPOCH=%s", async (epoch) => {
    const env = { SOURCE_DATE_EPOCH: epoch };
    const references = [
      `oci:${scene.path}/layout`,
      `dir:${mounted}`,
      ...places.map(([, reference]) => reference()),
    ];
    const digests = new Set<string>();
    for (const reference of references) digests.add(await build(reference, { env }));
    expect(digests.size).toBe(1);
    expect(digests.has(expected)).toBe(false);
  });
});

describe("by an ordinary user", () => {
  test("from an archive", async () => {
    expect(await build(`oci-archive:${scene.path}/oci.tar`, user)).toBe(expected);
  });

  test("from the user's own containers-storage, through podman unshare", async () => {
    expect(await build("localhost/same", user)).toBe(expected);
    expect(command(`stat -c %u ${scene.out}/${count}.iso`)).toBe("4711");
  });
});

describe("in other surroundings", () => {
  const faketime = hostProgram("faketime");
  const elsewhere: [string, RunOptions][] = [
    ["umask", { prefix: ["sh", "-c", 'umask 077; exec "$@"', "sh"] }],
    ["time zone", { env: { TZ: "Pacific/Auckland" } }],
    ["locale", { env: { LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" } }],
    ["hostname", { prefix: ["unshare", "--uts", "sh", "-c", 'hostname elsewhere; exec "$@"', "sh"] }],
    ["one processor", { prefix: ["taskset", "--cpu-list", "0"] }],
    ["folder for temporary files", { env: { TMPDIR: "/var/tmp" } }],
  ];
  test.each(elsewhere)("%s", async (_, options) => {
    expect(await build(`oci:${scene.path}/layout`, options)).toBe(expected);
  });

  test("another day", async () => {
    const later = [faketime, "2037-08-09 10:11:12"];
    expect(await build(`oci:${scene.path}/layout`, { prefix: later })).toBe(expected);
  });

  test("another name and folder for image and ISO, and a work directory that is kept", async () => {
    const folder = scene.folder("a folder/of another name");
    writeImage(join(folder, "an image"));
    await scene.succeed(["build", "oci:an image", "-o", "an iso", "--work", "some work"], { cwd: folder });
    expect(digest(join(folder, "an iso"))).toBe(expected);
  });
});

test("another image gives another ISO", async () => {
  const layout = scene.at("other");
  const maker = new OciMaker(layout);
  const lower = tinyImage(scene.at("other-tree"), { with: { "etc/motd": "other\n" } });
  maker.add(
    maker.image([Bun.spawnSync(["tar", "-C", lower, "-c", "."], { maxBuffer: 2 ** 30 }).stdout], {
      created: OCI_CREATED,
    }),
    "latest",
  );
  expect(await build(`oci:${layout}`)).not.toBe(expected);
});
