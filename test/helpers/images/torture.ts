/** The layers of an image with everything that is hard about images, all of which podman can unpack. */
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Member, tar } from "./tar-maker.ts";

const CAPABILITY = Buffer.from("0100000200200000000000000000000000000000", "hex").toString("latin1");
const xattr = (name: string, value: string) => [`SCHILY.xattr.${name}`, value] as const;
const deep = Array.from({ length: 24 }, (_, i) => `${"deep".repeat(12)}${i}`);

/** Every folder on the way, since overlayfs and platter differ on the time of those that are not described. */
function folders(path: string): Member[] {
  const parts = path.split("/");
  return parts.map((_, i) => ({ name: `${parts.slice(0, i + 1).join("/")}/`, mtime: 1_500_000_000 + i }));
}

const lowest: Member[] = [
  { name: "./", mode: 0o711, uid: 5, gid: 6, mtime: 4711 },
  { name: "etc/", mode: 0o755, mtime: 1_000_000_001 },
  { name: "etc/passwd", content: "root:x:0:0::/:/bin/sh\n", mtime: 1_000_000_002 },
  { name: "./dot/", mode: 0o751 },
  { name: "./dot/file", content: "written with ./" },
  { name: "/absolute/", mode: 0o750, gid: 4 },
  { name: "/absolute/file", content: "written with /" },
  { name: "etc/../updown", content: "written with .." },
  { name: "usr/" },
  { name: "usr/lib/" },
  { name: "lib", type: "2", link: "usr/lib" },
  { name: "usr/lib/libc.so", content: "elf".repeat(1000) },
  { name: "link-dir", type: "2", link: "/usr/lib" },
  { name: "link-dir/through-link", content: "lands in /usr/lib" },
  { name: "sticky/", mode: 0o1777 },
  { name: "setuid", mode: 0o4755, content: "suid" },
  { name: "setgid", mode: 0o2755, uid: 12, gid: 34, content: "sgid" },
  { name: "setgid-dir/", mode: 0o2770, gid: 99 },
  { name: "mode0", mode: 0, content: "unreadable" },
  { name: "empty", content: "" },
  { name: "big-owner", uid: 3_000_000, gid: 0xfffffffd, content: "owner" },
  {
    name: "pax-owner",
    content: "owner",
    pax: [
      ["uid", "2097152"],
      ["gid", "123456789"],
    ],
  },
  { name: "capable", content: "ping", mode: 0o755, pax: [xattr("security.capability", CAPABILITY)] },
  {
    name: "labelled",
    content: "label",
    pax: [
      xattr("user.binary", "a\0b\xff\n=c"),
      xattr("user.empty", ""),
      xattr("security.selinux", "system_u:object_r:bin_t:s0\0"),
      xattr("trusted.kept", "\x80\x81"),
    ],
  },
  {
    name: "labelled-dir/",
    pax: [xattr("user.dir", "1"), xattr("security.selinux", "system_u:object_r:usr_t:s0\0")],
  },
  { name: "labelled-link", type: "2", link: "nowhere", pax: [xattr("security.selinux", "link_t\0")] },
  { name: "fraction", content: "t", pax: [["mtime", "1700000000.999999999"]] },
  { name: "before-1970", content: "t", mtime: -5 },
  { name: "before-1970-dir/", mtime: -5 },
  { name: "after-2106", content: "t", pax: [["mtime", "4294967296"]] },
  { name: "far-future", content: "t", pax: [["mtime", "99999999999"]] },
  { name: "char", type: "3", major: 4095, minor: 1_048_575, mode: 0o620, gid: 5 },
  { name: "block", type: "4", major: 8, minor: 17, mode: 0o660 },
  { name: "fifo", type: "6", mode: 0o600 },
  { name: "\xff\xfe not utf-8 \x80", content: "bytes" },
  { name: "new\nline\ttab", content: "control" },
  { name: "back\\slash", content: "b" },
  { name: "quotes ' \" ` $(id) ;", content: "q" },
  { name: " lead and trail ", content: "s" },
  { name: "-rf", content: "dash" },
  { name: "\xc3\xa9\xe2\x82\xac", content: "utf-8" },
  { name: "n".repeat(100), content: "100" },
  { name: "n".repeat(101), content: "101" },
  { name: "n".repeat(255), content: "255" },
  { name: "g".repeat(200), content: "gnu long name", gnu: true },
  ...folders(deep.join("/")),
  { name: `${deep.join("/")}/leaf`, content: "deep" },
  { name: "long-link", type: "2", link: "t/".repeat(1500) },
  { name: "long-gnu-link", type: "2", link: "u/".repeat(200), gnu: true },
  { name: "odd-link", type: "2", link: "\xff\n\\ '" },
  { name: "hard-a", content: "hard", uid: 7 },
  { name: "hard-b", type: "1", link: "hard-a", uid: 7 },
  { name: "hard-c", type: "1", link: "./hard-b", mode: 0o600, uid: 8, mtime: 1_400_000_000 },
  { name: "hard-symlink", type: "1", link: "odd-link", uid: 3 },
  { name: "hard-fifo", type: "1", link: "fifo", mode: 0o600 },
  { name: "first-name", content: "survives under another name" },
  { name: "second-name", type: "1", link: "first-name" },
  { name: "gone", content: "gone" },
  { name: "gone-dir/" },
  { name: "gone-dir/below", content: "gone" },
  { name: "opaque/", mode: 0o755, uid: 1 },
  { name: "opaque/old", content: "hidden" },
  { name: "opaque/old-dir/" },
  { name: "opaque/old-dir/x", content: "hidden" },
  { name: "opaque/kept-dir/", uid: 1 },
  { name: "opaque/kept-dir/x", content: "hidden too" },
  { name: "file-to-dir", content: "a file first" },
  { name: "dir-to-file/" },
  { name: "dir-to-file/x", content: "x" },
  { name: "there-and-back/", uid: 1 },
  { name: "there-and-back/lowest", content: "1" },
  { name: "merged/", mode: 0o700, uid: 1 },
  { name: "merged/lower", content: "lower" },
  { name: "replaced", content: "old", uid: 1, pax: [xattr("user.old", "1")] },
  { name: "white\nout", content: "odd name" },
];

const middle: Member[] = [
  { name: ".wh.gone" },
  { name: ".wh.gone-dir" },
  { name: ".wh.never-was" },
  { name: ".wh.first-name" },
  { name: ".wh.white\nout" },
  { name: "opaque/", mode: 0o775, uid: 2 },
  { name: "opaque/kept-dir/", uid: 2 },
  { name: "opaque/kept-dir/new", content: "new" },
  { name: "opaque/new", content: "new" },
  // It hides only files of older layers, not files before it in this layer.
  { name: "opaque/.wh..wh..opq" },
  { name: "file-to-dir/", mode: 0o700 },
  { name: "file-to-dir/x", content: "x" },
  { name: "dir-to-file", content: "a file now" },
  { name: "there-and-back", content: "a file for one layer" },
  { name: "merged/", mode: 0o711, uid: 2, gid: 3, mtime: 1_600_000_123 },
  { name: "merged/upper", content: "upper" },
  { name: "merged/lower2", type: "1", link: "merged/upper" },
  { name: "replaced", content: "new!", uid: 2 },
  { name: "null-device", type: "3", major: 0, minor: 0 },
  { name: "hard-b", content: "a file of its own now" },
];

const upper: Member[] = [
  { name: "there-and-back/", uid: 3 },
  { name: "there-and-back/upper", content: "3" },
  { name: "gone", content: "is back" },
  { name: "usr/", mode: 0o755 },
  { name: "usr/lib/", mode: 0o755 },
  { name: "usr/lib/new", content: "n" },
  { name: "opaque/", mode: 0o770, uid: 3 },
  { name: "opaque/newer", content: "3" },
];

/** The image's layers as plain tars, the lowest first; some of them are GNU tar's. */
export function tortureLayers(): Buffer[] {
  // podman refuses GNU's own sparse members, and takes those of PAX archives.
  const sparse = ["0.0", "0.1", "1.0"].map((version) => gnuLayer("posix", version));
  return [tar(lowest), gnuLayer("gnu"), tar(middle), ...sparse, tar(upper)];
}

/** The same without what podman can unpack but not put together again: sparse files, and paths through symlinks. */
export function saveableLayers(): Buffer[] {
  const straight = lowest.filter((member) => !member.name.startsWith("link-dir/"));
  return [tar(straight), gnuLayer("gnu"), tar(middle), gnuLayer("posix"), tar(upper)];
}

/** Sparse files, long names and times as GNU tar writes them. */
function gnuLayer(format: "gnu" | "posix", sparseVersion?: string): Buffer {
  const name = `made-by-tar-${format}-${sparseVersion ?? "whole"}`;
  const scratch = mkdtempSync(join(tmpdir(), "platter-torture-"));
  try {
    const root = join(scratch, "root");
    const folder = join(root, name, "x".repeat(120));
    mkdirSync(folder, { recursive: true });
    const sparse = join(folder, "sparse");
    const fd = openSync(sparse, "w");
    // Many extents: more than a header holds, so that continuations are needed.
    for (let i = 0; i < 40; i++) writeSync(fd, Buffer.alloc(4096, i + 1), 0, 4096, i * 262_144 + 65_536);
    closeSync(fd);
    truncateSync(sparse, 16_000_001);
    writeFileSync(join(folder, "all-hole"), "");
    truncateSync(join(folder, "all-hole"), 1_000_000);
    writeFileSync(join(folder, "y".repeat(200)), "long");
    utimesSync(join(folder, "y".repeat(200)), 1_234_567_890.25, 1_234_567_890.75);
    const made = Bun.spawnSync([
      "tar",
      "-C",
      root,
      ...(sparseVersion === undefined ? [] : [`--sparse-version=${sparseVersion}`, "--sparse"]),
      "--sort=name",
      "--owner=root:0",
      "--group=root:0",
      `--format=${format}`,
      "-cf",
      "-",
      name,
    ]);
    if (made.exitCode !== 0) throw new Error(made.stderr.toString());
    return Buffer.from(made.stdout);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
