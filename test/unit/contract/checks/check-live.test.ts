/** Files of an image that boot and then do not work as a live system. */
import { afterAll, describe, expect, test } from "bun:test";
import type { BytePath } from "../../../../internal/bytes/byte-path.ts";
import { checkCapabilities } from "../../../../internal/contract/checks/check-capabilities.ts";
import { checkLive } from "../../../../internal/contract/checks/check-live.ts";
import { ForeignOwners } from "../../../../internal/contract/checks/foreign-owners.ts";
import { toVolumeLabel } from "../../../../internal/contract/config/label.ts";
import { buildMenu } from "../../../../internal/contract/config/menu.ts";
import { parseOsRelease } from "../../../../internal/contract/config/os-release.ts";
import { compileExcludes } from "../../../../internal/image/excludes.ts";
import type { TreeNode } from "../../../../internal/image/image-tree.ts";
import { contentOf, openLayers } from "../../../helpers/images/memory-layers.ts";
import type { Member } from "../../../helpers/images/tar-maker.ts";

const opened: AsyncDisposable[] = [];
afterAll(async () => {
  for (const tree of opened) await tree[Symbol.asyncDispose]();
});

const file = (name: string, content = ""): Member => ({ name, content });
const ID = "0123456789abcdef0123456789abcdef\n";

async function treeOf(members: readonly Member[]) {
  const tree = await openLayers([members]);
  opened.push(tree);
  return { root: tree.root, readText: (node: TreeNode) => contentOf(tree.read(node.inode)) };
}

async function check(members: readonly Member[], options: { excludes?: string[]; args?: string[] } = {}) {
  const label = toVolumeLabel("MY_ISO").label!;
  const config = options.args === undefined ? {} : { kernel_args: options.args };
  const { menu } = buildMenu({ config, osRelease: parseOsRelease(""), label });
  const matches = compileExcludes(options.excludes ?? []);
  const exclude = (path: string) => matches(path as BytePath);
  const findings = await checkLive({ ...(await treeOf(members)), exclude, menu, label });
  return findings.map(({ code, seen }) => `${code}: ${seen}`);
}

describe("checkLive", () => {
  test("a usual image has no findings", async () => {
    const members = [
      file("etc/resolv.conf", "nameserver 1.1.1.1\n"),
      file("etc/hosts", "127.0.0.1 localhost\n"),
      file("etc/machine-id"),
      file("etc/ssh/ssh_config", "x"),
      file("etc/ssh/ssh_host_rsa_key.pub", "x"),
      file("etc/fstab", "# none\n\ntmpfs /tmp tmpfs defaults 0 0\n"),
      { name: "etc/hostname", type: "2", link: "/run/hostname" },
    ];
    expect(await check(members)).toEqual([]);
    expect(await check([])).toEqual([]);
    expect(await check([file("etc/machine-id", "uninitialized\n")])).toEqual([]);
  });

  test("empty network files are reported together", async () => {
    expect(await check([file("etc/resolv.conf"), file("etc/hosts"), file("etc/hostname")])).toEqual([
      "F_LIVE_EMPTY: `/etc/resolv.conf`, `/etc/hosts`, `/etc/hostname` are empty.",
    ]);
    expect(await check([file("etc/hosts")])).toEqual(["F_LIVE_EMPTY: `/etc/hosts` is empty."]);
  });

  test("a machine-id, and D-Bus's copy of it", async () => {
    expect(await check([file("etc/machine-id", ID)])).toEqual([
      "F_LIVE_MACHINE_ID: There is a machine-id in `/etc/machine-id`.",
    ]);
    expect(await check([file("etc/machine-id"), file("var/lib/dbus/machine-id", ID)])).toEqual([
      "F_LIVE_MACHINE_ID: There is a machine-id in `/var/lib/dbus/machine-id`.",
    ]);
  });

  test("SSH host keys", async () => {
    const keys = ["rsa", "ed25519"].map((kind) => file(`etc/ssh/ssh_host_${kind}_key`, "secret"));
    expect(await check([...keys, file("etc/ssh/ssh_host_ecdsa_key")])).toEqual([
      "F_LIVE_HOST_KEYS: There are private keys: `/etc/ssh/ssh_host_ed25519_key`, `/etc/ssh/ssh_host_rsa_key`.",
    ]);
  });

  test.each([
    ["UUID=1234-abcd / ext4 defaults 0 1", "UUID=1234-abcd"],
    ['LABEL="boot" /boot ext4 defaults', "LABEL=boot"],
    ["/dev/sda1 / ext4", "/dev/sda1"],
    ["/dev/mapper/vg-root / xfs defaults 0 0", "/dev/mapper/vg-root"],
    ["/dev/disk/by-uuid/1 /x xfs defaults 0 0", "/dev/disk/by-uuid/1"],
    ["PARTUUID=1 none swap sw 0 0", "PARTUUID=1"],
  ])("fstab with %j", async (line, device) => {
    expect(await check([file("etc/fstab", `# x\n${line}\n`)])).toEqual([
      `F_LIVE_FSTAB: \`/etc/fstab\` has \`${device}\` in line 2.`,
    ]);
  });

  test.each([
    "UUID=1 /mnt ext4 defaults,nofail 0 0",
    "UUID=1 /mnt ext4 noauto",
    "LABEL=MY_ISO /media iso9660 ro",
    "/dev/disk/by-label/MY_ISO /media iso9660 ro",
    "/dev/sr0 /media/cdrom0 udf,iso9660 user 0 0",
    "/dev/zram0 none swap defaults 0 0",
    "server:/export /mnt nfs defaults 0 0",
    "#UUID=1 / ext4",
  ])("fstab with %j is not awaited", async (line) => {
    expect(await check([file("etc/fstab", `${line}\n`)])).toEqual([]);
  });

  test("fstab: the first lines are named and the others counted; `fstab=no` makes it harmless", async () => {
    const text = Array.from({ length: 5 }, (_, at) => `/dev/sda${at} /${at} ext4 defaults 0 0\n`).join("");
    expect(await check([file("etc/fstab", text)])).toEqual([
      "F_LIVE_FSTAB: `/etc/fstab` has `/dev/sda0` in line 1, `/dev/sda1` in line 2, `/dev/sda2` in line 3, and 2 more.",
    ]);
    expect(
      await check([file("etc/fstab", text)], { args: ["root=live:CDLABEL=MY_ISO", "fstab=no"] }),
    ).toEqual([]);
  });

  test("a storage that was pulled during the build", async () => {
    const images = "var/lib/containers/storage/overlay-images/images.json";
    const record = JSON.stringify([{ id: "1", names: ["quay.io/x/os:1"] }, { id: "2" }]);
    expect(await check([file(images, record)])).toEqual([
      "F_LIVE_STORAGE: `/var/lib/containers/storage` has 2 images, such as `quay.io/x/os:1`.",
    ]);
    for (const none of ["[]", "", "{", "[1]", "null"]) expect(await check([file(images, none)])).toEqual([]);
  });

  test("what is left out of the root file system is not looked at", async () => {
    const members = [file("etc/machine-id", ID), file("etc/ssh/ssh_host_rsa_key", "x"), file("etc/hosts")];
    expect(await check(members, { excludes: ["etc/machine-id", "etc/ssh", "etc/host?"] })).toEqual([]);
  });
});

describe("ForeignOwners", () => {
  const seen = (entries: readonly (readonly [path: string, uid: number])[]) => {
    const owners = new ForeignOwners();
    for (const [path, uid] of entries) owners.add({ path, uid });
    return owners.findings().map(({ seen }) => seen);
  };

  test("files of ordinary users in /usr and /etc are counted, with some examples", () => {
    const many = Array.from({ length: 10 }, (_, at) => [`usr/bin/${at}`, 1000] as const);
    expect(seen(many)).toEqual([
      "In `/usr` and `/etc` 10 entries belong to another user: `/usr/bin/0` (user 1000), `/usr/bin/1` (user 1000), `/usr/bin/2` (user 1000), and 7 more.",
    ]);
    expect(
      seen([
        ["etc/sudoers", 100000],
        ["usr", 1000],
      ]),
    ).toEqual([
      "In `/usr` and `/etc` 2 entries belong to 2 other users: `/etc/sudoers` (user 100000), `/usr` (user 1000).",
    ]);
    expect(seen([["etc/a\x1b", 1001]])).toEqual([
      "In `/usr` and `/etc` 1 entry belongs to another user: `/etc/a\\x1b` (user 1001).",
    ]);
  });

  test("services own files there, and users everywhere else", () => {
    expect(
      seen([
        ["usr", 0],
        ["etc/polkit-1/rules.d", 114],
        ["usr/bin/at", 1],
        ["home/me", 1000],
        ["usrx/a", 1000],
      ]),
    ).toEqual([]);
  });

  test("data in /usr/share alone does no harm, and is counted with others", () => {
    expect(seen([["usr/share/doc/a", 1000]])).toEqual([]);
    expect(
      seen([
        ["usr/lib/a.so", 1000],
        ["usr/share/doc/a", 1000],
      ]),
    ).toEqual([
      "In `/usr` and `/etc` 2 entries belong to another user: `/usr/lib/a.so` (user 1000), `/usr/share/doc/a` (user 1000).",
    ]);
  });

  test("where /usr itself is not root's, no owner below it is a service", () => {
    expect(
      seen([
        ["usr", 501],
        ["usr/bin", 501],
        ["etc/x", 501],
      ]),
    ).toEqual([
      "In `/usr` and `/etc` 2 entries belong to another user: `/usr` (user 501), `/usr/bin` (user 501).",
    ]);
  });
});

describe("checkCapabilities", () => {
  const OBJECTS = "sysroot/ostree/repo/objects";
  const link = (name: string, target: string): Member => ({ name, type: "1", link: target });
  /** A file of an ostree repository with attributes as `bare-split-xattrs` has them. */
  const object = (name: string, path: string, attributes: string, pax: Member["pax"] = []): Member[] => [
    { name: `${OBJECTS}/${name}.file`, content: name, pax },
    link(path, `${OBJECTS}/${name}.file`),
    link(`${OBJECTS}/${name}.file-xattrs-link`, `${OBJECTS}/${attributes}.file-xattrs`),
  ];
  const SETS = [
    file(`${OBJECTS}/aa/capability.file-xattrs`, "security.capability\0\x01\x02"),
    file(`${OBJECTS}/bb/label.file-xattrs`, "security.selinux\0system_u:object_r:bin_t:s0\0"),
  ];
  const seen = async (members: readonly Member[]) =>
    (await checkCapabilities(await treeOf(members))).map(({ seen }) => seen);

  test("files without the capability that their object has are named", async () => {
    const members = [
      ...SETS,
      ...object("cc/one", "usr/bin/newuidmap", "aa/capability"),
      ...object("cc/two", "usr/bin/ls", "bb/label"),
      ...object("dd/three", "usr/bin/newgidmap", "aa/capability"),
    ];
    expect(await seen(members)).toEqual([
      `2 files have capabilities in \`/${OBJECTS}\` that the file itself does not have, such as \`/usr/bin/newgidmap\`, \`/usr/bin/newuidmap\`.`,
    ]);
  });

  test("a file that has its capability is right", async () => {
    const pax = [["SCHILY.xattr.security.capability", "\x01\x00\x00\x02"]] as const;
    expect(await seen([...SETS, ...object("cc/one", "usr/bin/newuidmap", "aa/capability", pax)])).toEqual([]);
  });

  test("an image without a repository, and one without capabilities", async () => {
    expect(await seen([file("usr/bin/ls", "x")])).toEqual([]);
    expect(await seen([...SETS, ...object("cc/two", "usr/bin/ls", "bb/label")])).toEqual([]);
  });
});
