/** Linux mounts an ISO that platter wrote, as a disk and as its first partition, by each of its trees. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, openSync, readFileSync, truncateSync, writeSync } from "node:fs";
import { isoIdentifiers } from "../../internal/iso-format/iso-names.ts";
import { jolietNames } from "../../internal/iso-format/joliet-names.ts";
import { newc, padded } from "../helpers/cpio.ts";
import { contentByPath, isoFile, renamed, writeIsoOf } from "../helpers/images/iso-trees.ts";
import { smallLive } from "../helpers/images/small-live.ts";
import { hostProgram, Scene } from "../helpers/scene.ts";

const MINUTES = 60_000;
const GIB = 2 ** 30;

/** Names that are hard for one tree or another. */
const NAMES = [
  ...[
    "plain.txt",
    ".hidden",
    "two.dots.txt",
    "UPPER",
    "upper",
    "a*b",
    "a?b",
    "a_b",
    "a;1",
    "dot.",
    "dot",
    "back\\slash",
  ],
  ...[
    "é",
    "e\u0301",
    "日本語",
    "😀",
    "\u{10ffff}",
    "a b",
    " a",
    "'quote\"",
    "$x `y`",
    "-",
    "=",
    "%41",
    "boot.catalog2",
  ],
  ...[`${"l".repeat(120)}1.conf`, `${"l".repeat(120)}2.conf`, "n".repeat(250)],
];
const FILES = [
  ...NAMES.map((name) => isoFile(`/${name}`)),
  ...NAMES.map((name) => isoFile(`/folders/${name}/${name}`)),
  isoFile(`/${Array.from({ length: 20 }, (_, level) => `level ${level}`).join("/")}/file`),
  isoFile("/empty", ""),
  ...Array.from({ length: 200 }, (_, index) =>
    isoFile(`/many/file number ${index} of a folder of some sectors`),
  ),
];

const SIZE = 9 * GIB + 77;
const EXTENT = 4 * GIB - 2048;
const PLACES = [0, EXTENT - 8, EXTENT, 4 * GIB, 2 * EXTENT - 8, 2 * EXTENT, SIZE - 8];
/** Eight characters that say where they are. */
const textAt = (at: number) => at.toString().padStart(8, "_").slice(-8);

/** Mount options, and the names that Linux then shows. */
const TREES = {
  utf8: contentByPath(FILES),
  "norock,utf8,check=strict": renamed(FILES, jolietNames),
  "norock,nojoliet,map=off,check=strict": renamed(FILES, isoIdentifiers),
};

const JUDGE = `#!/usr/bin/sh
export PATH=/usr/bin LC_ALL=C
busybox mkdir -p /proc /sys /dev /run /m
busybox mount -t proc proc /proc
busybox --install -s /usr/bin
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run
while read -r module; do modprobe "$module" 2>/dev/null; done </etc/platter-modules
dmesg -n 1
say() { echo "JUDGE $*" >/dev/ttyS0; }
for device in vda vda1; do
  for options in ${Object.keys(TREES).join(" ")}; do
    mount -t iso9660 -o "ro,$options" "/dev/$device" /m || say "$device $options cannot be mounted"
    cd /m
    find . -type f ! -iname 'boot.catalog' ! -iname 'boot.catalog;1' ! -iname 'rootfs.img*' -exec sha256sum {} + | sort >/run/list
    say "$device $options files $(sha256sum </run/list)"
    large=$(find . -type f -iname 'rootfs.img*')
    for at in ${PLACES.join(" ")}; do
      say "$device $options large $at $(dd if="$large" bs=1 skip="$at" count=8 2>/dev/null)"
    done
    cd /
    umount /m
  done
done
say done
poweroff -f
`;

let scene: Scene;
let said: Map<string, string>;

beforeAll(async () => {
  scene = new Scene("iso-linux");
  const path = scene.at("large");
  const fd = openSync(path, "w");
  for (const at of PLACES) writeSync(fd, textAt(at), at);
  closeSync(fd);
  truncateSync(path, SIZE);
  const iso = scene.at("judged.iso");
  const rootfs = { isoPath: "/LiveOS/rootfs.img", content: { path } };
  await writeIsoOf(FILES, { output: iso, rootfs, checksum: "leave" });
  said = await judged(iso);
}, 10 * MINUTES);

afterAll(() => scene[Symbol.dispose]());

/** What the script says in a machine that has the ISO as its disk: by device, options and subject. */
async function judged(iso: string): Promise<Map<string, string>> {
  const { rootfs, kver } = smallLive();
  const modules = `${rootfs}/usr/lib/modules/${kver}`;
  const script = newc([{ name: "judge", content: JUDGE, mode: 0o100755 }]);
  const initramfs = Buffer.concat([padded(readFileSync(`${modules}/initramfs.img`)), script]);
  const machine = Bun.spawn(
    [
      hostProgram("qemu-system-x86_64"),
      ...["-nodefaults", "-no-reboot", "-display", "none", "-m", "1024"],
      // Emulated, since not every test machine has a KVM that works; see internal/boot/machine.ts for the processor.
      ...["-machine", "q35,accel=tcg,graphics=off", "-cpu", "max,-erms,-fsrm,family=6"],
      ...["-serial", "stdio", "-monitor", "none"],
      ...["-kernel", `${modules}/vmlinuz`, "-initrd", scene.write("initramfs", initramfs)],
      // On a busy host the kernel would find that its timer does not work.
      ...["-append", "console=ttyS0 rdinit=/judge no_timer_check quiet panic=-1"],
      ...["-drive", `file=${iso},format=raw,if=virtio,readonly=on`],
    ],
    { stdout: "pipe", stderr: "pipe" },
  );
  const text = (await new Response(machine.stdout).text()).replaceAll("\r", "");
  const problems = await new Response(machine.stderr).text();
  if (!text.includes("JUDGE done")) throw new Error(`${problems}\n${text.slice(-3000)}`);
  const lines = [...text.matchAll(/JUDGE (\S+ \S+ (?:files|large \d+)) (.*)$/gm)];
  return new Map(lines.map(([, subject, value]) => [subject!, value!]));
}

/** The digest of the list of files that the script makes. */
function digestOf(files: Map<string, string>): string {
  const sha256 = (content: string | Buffer) => new Bun.CryptoHasher("sha256").update(content).digest("hex");
  const lines = [...files].map(([path, content]) =>
    Buffer.from(`${sha256(Buffer.from(content, "latin1"))}  .${path}\n`),
  );
  return sha256(Buffer.concat(lines.sort(Buffer.compare)));
}

for (const device of ["vda", "vda1"]) {
  for (const [options, files] of Object.entries(TREES)) {
    test(`/dev/${device}, ${options}: all files, and a file of three extents`, () => {
      expect(said.get(`${device} ${options} files`)).toBe(`${digestOf(files)}  -`);
      for (const at of PLACES)
        expect({ at, text: said.get(`${device} ${options} large ${at}`) }).toEqual({ at, text: textAt(at) });
    });
  }
}
