/** On what mksquashfs really writes; unsquashfs is the judge. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { PlatterError } from "../../internal/error.ts";
import { setRootInode } from "../../internal/squash/root-inode.ts";
import { type Member, tar } from "./image-tar-maker.ts";

setDefaultTimeout(60_000);

const scratch = mkdtempSync(join(tmpdir(), "platter-root-time-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const TIME = 1_234_567_890;
/** Every id counts as one of the other files', so that none goes. */
const ALL_IDS = { has: () => true } as unknown as ReadonlySet<number>;
const setRootTime = (path: string, mtime: number) =>
  setRootInode(path, { uid: 0, gid: 0, mtime, otherIds: ALL_IDS });
const COMPRESSIONS = {
  xz: ["-comp", "xz", "-noI"],
  lz4: ["-comp", "lz4", "-noI"],
} as const;

/** @param as what comes before mksquashfs on the command line */
function squash(
  name: string,
  members: readonly Member[],
  flags: readonly string[],
  as: readonly string[] = [],
): string {
  const path = join(scratch, name.replaceAll(" ", "-"));
  rmSync(path, { force: true });
  const args = ["-", path, "-tar", "-b", "4096", "-noappend", "-no-progress", "-quiet", "-mkfs-time", "1000"];
  const done = Bun.spawnSync([...as, "mksquashfs", ...args, ...flags], { stdin: tar(members) });
  if (done.exitCode !== 0) throw new Error(done.stderr.toString());
  return path;
}

/** All that unsquashfs knows: the listing with numbers and times, the superblock, and every content read and hashed. */
function everything(path: string): { root: string; rest: string } {
  const run = (...args: string[]) => {
    const done = Bun.spawnSync(["unsquashfs", ...args, path], { env: { ...process.env, TZ: "UTC" } });
    if (done.exitCode !== 0) throw new Error(`unsquashfs ${args.join(" ")}: ${done.stderr.toString()}`);
    return done.stdout.toString();
  };
  const [root = "", ...listing] = run("-lln")
    .split("\n")
    .filter((line) => line.includes("squashfs-root"));
  const unpacked = join(scratch, "unpacked");
  rmSync(unpacked, { recursive: true, force: true });
  run("-n", "-q", "-d", unpacked);
  const contents = Bun.spawnSync(
    [
      "sh",
      "-c",
      "find . -type f -print0 | sort -z | xargs -0 -r sha256sum; getfattr -R -d -m - . 2>/dev/null | sort",
    ],
    { cwd: unpacked },
  );
  return { root, rest: [...listing, contents.stdout.toString()].join("\n") };
}

/** Files with many owners, tails in fragments of 4 KiB, and attributes: every table has several blocks. */
function manyMembers(): Member[] {
  return Array.from({ length: 1200 }, (_, i) => ({
    name: `folder/file-${i}`,
    content: `${i} `.repeat(1 + (i % 700)),
    uid: i,
    gid: 100_000 + i,
    mtime: 1_600_000_000 + i,
    pax: [["SCHILY.xattr.user.number", `${i} `.repeat(1 + (i % 40))]] as const,
  }));
}

/** Number of blocks of the fragment, id, export and xattr id tables (squashfs.rst, section 3). */
function tableBlocks(path: string): number[] {
  const bytes = readFileSync(path);
  const xattrs = bytes.readUInt32LE(Number(bytes.readBigUInt64LE(56)) + 8);
  const sizes = [
    16 * bytes.readUInt32LE(16),
    4 * bytes.readUInt16LE(26),
    8 * bytes.readUInt32LE(4),
    16 * xattrs,
  ];
  return sizes.map((size) => Math.ceil(size / 8192));
}

const MANY = "many owners, fragments and attributes";
const SETS: Record<string, Member[]> = {
  nothing: [],
  "one file": [{ name: "file", content: "text" }],
  [MANY]: [{ name: "folder/" }, ...manyMembers()],
};

const CASES: [keyof typeof COMPRESSIONS, string][] = [
  ["xz", "nothing"],
  ["xz", "one file"],
  ["xz", MANY],
  ["lz4", "one file"],
  ["lz4", MANY],
];

test.each(CASES)("%s, %s: the root's time changes and nothing else", async (compression, set) => {
  const path = squash(`${compression} ${set}`, SETS[set] ?? [], COMPRESSIONS[compression]);
  if (set === MANY) expect(Math.min(...tableBlocks(path))).toBeGreaterThan(1);
  const before = everything(path);
  await setRootTime(path, TIME);
  const after = everything(path);
  expect(after.root).toContain("2009-02-13 23:31");
  expect(before.root).not.toContain("2009-02-13");
  expect(after.rest).toBe(before.rest);
  expect(statSync(path).size % 4096).toBe(0);
  expect(readFileSync(path).readUInt32LE(8)).toBe(1000);
  const bytes = readFileSync(path);
  await setRootTime(path, TIME);
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

test.each(["xz", "lz4"] as const)("%s: the same bytes, whatever the clock was", async (compression) => {
  for (const set of ["nothing", "one file", MANY]) {
    const members = SETS[set]!.slice(0, 300);
    const [one, two] = [0, 1].map((i) => squash(`clock-${i}`, members, COMPRESSIONS[compression])) as [
      string,
      string,
    ];
    await setRootTime(one, TIME);
    // As if the clock had stood at the very time that is wanted.
    const clock = Math.floor(statSync(two).mtimeMs / 1000);
    const made = readFileSync(two);
    for (let time = clock - 2; time <= clock; time++) {
      writeFileSync(two, made);
      await setRootTime(two, time);
      await setRootTime(one, time);
      expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
    }
  }
});

describe("the root's owner", () => {
  const NOBODY = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
  const members: Member[] = [
    ...Array.from({ length: 60 }, (_, i) => ({ name: `many-${i}`, content: "", uid: 65_000 + i, gid: 8 })),
    { name: "file", content: "text", uid: 7, gid: 8 },
    { name: "other", content: "more", uid: 0, gid: 0 },
  ];
  const owners: [string, Member[], { uid: number; gid: number }][] = [
    ["root's", members, { uid: 0, gid: 0 }],
    ["one that no file has", members, { uid: 1234, gid: 70_000 }],
    [
      "the caller's, which a file has too",
      [...members, { name: "z", content: "", uid: 65_534, gid: 8 }],
      { uid: 65_534, gid: 0 },
    ],
  ];

  test.each(owners)("%s: the same bytes, whoever the caller was", async (_name, files, owner) => {
    chmodSync(scratch, 0o777);
    const otherIds = new Set(files.flatMap(({ uid = 0, gid = 0 }) => [uid, gid]));
    const made = [
      squash("as-root", files, COMPRESSIONS.xz),
      squash("as-nobody", files, COMPRESSIONS.xz, NOBODY),
    ];
    const before = made.map((path) => everything(path).rest);
    for (const path of made) await setRootInode(path, { ...owner, mtime: TIME, otherIds });
    const after = made.map(everything);
    for (const [i, { root, rest }] of after.entries()) {
      expect(root).toContain(` ${owner.uid}/${owner.gid} `);
      // The superblock tells the number of ids, which may be another one.
      const without = (text: string) =>
        text.replace(/Number of (?:ids|uids|gids).*/g, "").replace(/Filesystem size.*/g, "");
      expect(without(rest)).toBe(without(before[i]!));
    }
    expect(readFileSync(made[0]!).equals(readFileSync(made[1]!))).toBe(true);
  });
});

describe("an inode of the root that lies across two blocks", () => {
  const link = (name: string, length: number): Member => ({ name, type: "2", link: "t".repeat(length) });
  // A symlink's inode has 24 bytes and its target: these have 80, so that the root's follows at 8080 and the last one.
  const links = Array.from({ length: 101 }, (_, i) => link(`l${i}`, 56));

  test.each(["xz", "lz4"] as const)("%s", async (compression) => {
    const offsets: number[] = [];
    for (let length = 76; length <= 83; length++) {
      const path = squash("across", [...links, link("last", length)], COMPRESSIONS[compression]);
      offsets.push(Number(readFileSync(path).readBigUInt64LE(32) & 0xffffn));
      const before = everything(path);
      await setRootTime(path, TIME);
      const after = everything(path);
      expect(after.root).toContain("2009-02-13 23:31");
      expect(after.rest).toBe(before.rest);
    }
    // The time stands 8 bytes behind the inode's beginning: before the block's end, across it, and behind it.
    expect(offsets).toEqual(Array.from({ length: 8 }, (_, i) => 8180 + i));
  });
});

describe("what is no squashfs, or a damaged one, is refused", () => {
  let whole: string;
  beforeAll(() => {
    whole = squash("whole", SETS[MANY]!.slice(0, 500), COMPRESSIONS.lz4);
  });

  test("one whose tables are compressed", async () => {
    const path = squash("compressed", SETS[MANY]!.slice(0, 500), ["-comp", "xz"]);
    expect(await refusal(path)).toMatchObject({ code: "E_SQUASHFS", exitCode: 4 });
  });

  const refusal = async (path: string) => {
    try {
      await setRootTime(path, TIME);
    } catch (error) {
      return error;
    }
  };

  test.each([
    ["empty", Buffer.alloc(0)],
    ["text", Buffer.from("this is text")],
    ["only the magic", Buffer.from("hsqs")],
    ["zeros behind the magic", Buffer.concat([Buffer.from("hsqs"), Buffer.alloc(8192)])],
    ["ones behind the magic", Buffer.concat([Buffer.from("hsqs"), Buffer.alloc(8192, 0xff)])],
  ])("%s", async (_, bytes) => {
    const path = join(scratch, "no-squashfs");
    writeFileSync(path, bytes);
    expect(await refusal(path)).toMatchObject({ code: "E_SQUASHFS", exitCode: 4 });
    expect(readFileSync(path).equals(bytes)).toBe(true);
  });

  test("cut off anywhere", async () => {
    const path = join(scratch, "cut");
    const { size } = statSync(whole);
    const used = Number(readFileSync(whole).readBigUInt64LE(40));
    for (const length of [95, 96, 97, Math.floor(size / 2), used - 1]) {
      copyFileSync(whole, path);
      truncateSync(path, length);
      expect(await refusal(path)).toMatchObject({ code: "E_SQUASHFS" });
    }
  });

  test("with any bytes changed it is corrected or refused, never a bug", async () => {
    const bytes = readFileSync(whole);
    const inodes = Number(bytes.readBigUInt64LE(64));
    const path = join(scratch, "damaged");
    const place = fc.oneof(fc.nat(95), fc.integer({ min: inodes, max: bytes.length - 1 }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(place, fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (changes) => {
          const damaged = Buffer.from(bytes);
          for (const [at, value] of changes) damaged[at] = value;
          writeFileSync(path, damaged);
          const error = await refusal(path);
          if (error !== undefined) expect(error).toBeInstanceOf(PlatterError);
        },
      ),
      { numRuns: 200 },
    );
  });
});
