/** SELinux labels of root file systems: Linux, unsquashfs and libselinux are the judges. Needs root and loop devices. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { toBytePath } from "../../../internal/bytes/byte-path.ts";
import { openFileSource } from "../../../internal/files/byte-source.ts";
import type { EntryType } from "../../../internal/image/image-tree.ts";
import { readXattrs } from "../../../internal/os/xattr.ts";
import { readSquashfs } from "../../../internal/verify/squashfs-superblock.ts";
import { erofsUtils } from "../../helpers/erofs-utils.ts";
import { setXattr } from "../../helpers/images/listing.ts";
import { OciMaker } from "../../helpers/images/oci-maker.ts";
import { tar } from "../../helpers/images/tar-maker.ts";
import { type Changes, CONFIG, ociOf, tinyImage } from "../../helpers/images/tiny-image.ts";
import { ordinaryUser } from "../../helpers/ordinary-user.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { Scene } from "../../helpers/scene.ts";
import { CONTEXTS, HOMEDIRS, LOCAL, SUBS, SUBS_DIST } from "../../helpers/selinux/fedora-policy.ts";
import { libselinuxFile, lookUpAll } from "../../helpers/selinux/libselinux.ts";

setDefaultTimeout(120_000);

let scene: Scene;
beforeEach(() => {
  scene = new Scene("selinux-labels");
});
afterEach(() => scene[Symbol.dispose]());

const FILES = "etc/selinux/targeted/contexts/files/file_contexts";
const POLICY: Record<string, string | Uint8Array> = {
  "etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=targeted\n",
  "etc/selinux/targeted/policy/policy.33": "policy",
  [FILES]: CONTEXTS,
  [`${FILES}.homedirs`]: HOMEDIRS,
  [`${FILES}.local`]: LOCAL,
  [`${FILES}.subs`]: SUBS,
  [`${FILES}.subs_dist`]: SUBS_DIST,
  // It decides the order in which lines are matched.
  "usr/lib64/libselinux.so.1": readFileSync(libselinuxFile()),
  "etc/hostname": "tiny\n",
  "usr/bin/passwd": "program",
  "home/user/.ssh/id": "key",
  "mnt/a/b": "nothing",
};

/** Labels of everything in a folder, by path; undefined for an entry without one. */
function labelsIn(folder: string): Map<string, string | undefined> {
  const labels = new Map<string, string | undefined>();
  const add = (path: string) => {
    const label = readXattrs(Buffer.from(`${join(folder, path)}\0`)).find(
      ([name]) => name === "security.selinux",
    );
    labels.set(`/${path}`, label && Buffer.from(label[1]).toString("latin1"));
  };
  add("");
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" })) add(path);
  return labels;
}

/** Mounts a file system image and returns the folder. */
function mounted(image: string, type: string): string {
  const point = scene.folder(`mounted-${image}`);
  scene.mount(point, "-t", type, "-o", "loop,ro", scene.at(image));
  return point;
}

function typeOf(path: string): EntryType {
  const stat = lstatSync(path);
  if (stat.isDirectory()) return "directory";
  return stat.isSymbolicLink() ? "symlink" : "file";
}

/** Expects the labels of a mounted root file system to be those of libselinux for {@link POLICY}. */
function expectPolicyLabels(folder: string): void {
  const labels = labelsIn(folder);
  const paths = [...labels.keys()].map((path) => ({
    path: `/${toBytePath(path)}`,
    type: typeOf(join(folder, path)),
  }));
  for (const [path, text] of Object.entries(POLICY)) {
    if (path.startsWith(FILES)) writeFileSync(scene.at(path.slice(path.lastIndexOf("/") + 1)), text);
  }
  const expected = lookUpAll(scene.at("file_contexts"), paths);
  const wanted = new Map(paths.map(({ path }, index) => [path, expected[index] && `${expected[index]}\0`]));
  expect(labels).toEqual(wanted);
}

interface Inspection {
  plan: { selinux?: unknown; menu: { entries: { kernelArgs: string[] }[] } } | null;
  findings: { code: string }[];
}

async function inspect(changes: Changes, ...flags: string[]): Promise<Inspection> {
  rmSync(scene.at("inspected"), { recursive: true, force: true });
  tinyImage(scene.at("inspected"), changes);
  const { stdout } = await scene.run(["inspect", "dir:inspected", "--json", ...flags]);
  return JSON.parse(stdout);
}

describe("labels by the policy", () => {
  test("squashfs: every entry has libselinux's label, the root and added folders too", async () => {
    tinyImage(scene.at("image"), { with: POLICY });
    await scene.succeed(["squash", "dir:image", "-o", "a.squashfs"]);
    const folder = mounted("a.squashfs", "squashfs");
    expectPolicyLabels(folder);
    const labels = labelsIn(folder);
    expect(labels.get("/")).toBe("system_u:object_r:root_t:s0\0");
    expect(labels.get("/proc")).toBe("system_u:object_r:default_t:s0\0");
    expect(labels.get("/usr/bin/passwd")).toBe("system_u:object_r:passwd_exec_t:s0\0");
    expect(labels.get("/etc/hostname")).toBe("system_u:object_r:local_hostname_t:s0\0");
    expect(labels.get("/mnt/a/b")).toBeUndefined();
    const unpacked = Bun.spawnSync([
      "unsquashfs",
      "-q",
      "-n",
      "-xattrs",
      "-d",
      scene.at("b"),
      scene.at("a.squashfs"),
    ]);
    expect(unpacked.stderr.toString()).toBe("");
    expect(labelsIn(scene.at("b"))).toEqual(labels);
  });

  test("squashfs: the same bytes from layers, as root, and as an ordinary user", async () => {
    ociOf(tinyImage(scene.at("image"), { with: POLICY }), scene.at("oci"));
    await scene.succeed(["squash", "oci:oci", "-o", "root.squashfs"]);
    await scene.succeed(["squash", "oci:oci", "-o", "again.squashfs"]);
    const user = ordinaryUser(scene);
    await scene.succeed(["squash", "oci:oci", "-o", "user.squashfs"], user);
    const bytes = readFileSync(scene.at("root.squashfs"));
    expectSameBytes(readFileSync(scene.at("again.squashfs")), bytes);
    expectSameBytes(readFileSync(scene.at("user.squashfs")), bytes);
    expectPolicyLabels(mounted("user.squashfs", "squashfs"));
  });

  test("erofs: every entry has libselinux's label", async () => {
    tinyImage(scene.at("image"), { with: POLICY });
    const path = `${erofsUtils()}:${process.env.PATH}`;
    await scene.succeed(
      ["squash", "dir:image", "--rootfs", "erofs", "--compression", "none", "-o", "a.erofs"],
      { path },
    );
    expectPolicyLabels(mounted("a.erofs", "erofs"));
  });

  test("the files of --overlay have the policy's labels, also where they replace files of the image", async () => {
    tinyImage(scene.at("image"), { with: POLICY });
    scene.write("over/usr/bin/passwd", "another program");
    scene.write("over/home/new/.ssh/id", "key");
    scene.write("over/etc/systemd/system/own.service", "[Unit]\n");
    const ofHost = Buffer.from("u:r:of_the_host_t:s0\0");
    setXattr(scene.at("over/etc/systemd/system/own.service"), "security.selinux", ofHost);
    await scene.succeed(["inspect", "dir:image", "--overlay", "over", "--work", "w"]);
    await scene.succeed(["squash", "--work", "w", "-o", "a.squashfs"]);
    const folder = mounted("a.squashfs", "squashfs");
    expectPolicyLabels(folder);
    const labels = labelsIn(folder);
    expect(readFileSync(join(folder, "usr/bin/passwd"), "utf8")).toBe("another program");
    expect(labels.get("/usr/bin/passwd")).toBe("system_u:object_r:passwd_exec_t:s0\0");
    expect(labels.get("/home/new/.ssh/id")).toContain(":ssh_home_t:");
    expect(labels.get("/etc/systemd/system/own.service")).toBeDefined();
  });

  test("a payload's storage has the policy's labels", async () => {
    tinyImage(scene.at("image"), { with: POLICY });
    ociOf(tinyImage(scene.at("payload")), scene.at("oci"));
    await scene.succeed([
      "squash",
      "dir:image",
      "--payload",
      "oci:oci=example.com/tiny:1",
      "-o",
      "a.squashfs",
    ]);
    const folder = mounted("a.squashfs", "squashfs");
    expectPolicyLabels(folder);
    const stored = [...labelsIn(folder)].filter(([path]) =>
      path.startsWith("/var/lib/containers/storage/overlay/"),
    );
    expect(stored.length).toBeGreaterThan(10);
    expect([...new Set(stored.map(([, label]) => label))]).toEqual([
      "system_u:object_r:container_ro_file_t:s0\0",
    ]);
  });

  test("capabilities stay next to the label", async () => {
    const capability = Buffer.from("0100000200200000000000000000000000000000", "hex").toString("latin1");
    const layer = tar([
      ...Object.entries(POLICY).map(([name, content]) => ({ name, content })),
      { name: "usr/bin/ping", content: "ping", pax: [["SCHILY.xattr.security.capability", capability]] },
    ]);
    const maker = new OciMaker(scene.at("oci"));
    maker.add(maker.image([layer]), "latest");
    await scene.succeed(["squash", "oci:oci", "-o", "a.squashfs"]);
    const path = join(mounted("a.squashfs", "squashfs"), "usr/bin/ping");
    const attributes = readXattrs(Buffer.from(`${path}\0`)).map(([name, value]) => [
      name,
      Buffer.from(value).toString("latin1"),
    ]);
    expect(attributes.sort()).toEqual([
      ["security.capability", capability],
      ["security.selinux", "system_u:object_r:bin_t:s0\0"],
    ]);
  });
});

describe("--selinux", () => {
  const LABEL = "system_u:object_r:own_t:s0\0";
  const labelled = () => {
    const pax = [["SCHILY.xattr.security.selinux", LABEL]] as const;
    const maker = new OciMaker(scene.at("oci"));
    const members = Object.entries(POLICY).map(([name, content]) => ({ name, content }));
    maker.add(maker.image([tar([...members, { name: "usr/own", content: "x", pax }])]), "latest");
  };

  test("keep takes the labels of layers, off and auto do not", async () => {
    labelled();
    for (const choice of ["keep", "off", "auto"]) {
      await scene.succeed(["squash", "oci:oci", "--selinux", choice, "-o", `${choice}.squashfs`]);
    }
    const labels = (name: string) => labelsIn(mounted(`${name}.squashfs`, "squashfs"));
    const [keep, off] = [labels("keep"), labels("off")];
    expect(keep.get("/usr/own")).toBe(LABEL);
    expect(keep.get("/usr/bin/passwd")).toBeUndefined();
    expect([...off.values()].filter((label) => label !== undefined)).toEqual([]);
    expect(labels("auto").get("/usr/own")).toBe("system_u:object_r:usr_t:s0\0");
  });

  test("require is an error without a policy, and nothing else with one", async () => {
    const { findings } = await inspect({}, "--selinux", "require");
    expect(findings).toMatchObject([{ code: "F_SELINUX_NO_POLICY", severity: "error" }]);
    tinyImage(scene.at("image"));
    const ran = await scene.run(["squash", "dir:image", "--selinux", "require", "-o", "a.squashfs"]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("[E_SELINUX_NO_POLICY]");
  });

  test("iso.yaml says the same, and the command line wins", async () => {
    const withKey = { with: { [CONFIG]: "label: TINY\nselinux: require\n" } };
    expect((await inspect(withKey)).findings).toMatchObject([{ code: "F_SELINUX_NO_POLICY" }]);
    expect((await inspect(withKey, "--selinux", "auto")).findings).toEqual([]);
    const off = { with: { ...POLICY, [CONFIG]: "label: TINY\nselinux: off\n" } };
    expect((await inspect(off)).plan?.selinux).toEqual({ labels: "none", mode: "enforcing", policy: null });
    const wrong = { with: { [CONFIG]: "label: TINY\nselinux: on\n" } };
    expect((await inspect(wrong)).findings).toMatchObject([
      { code: "F_ISO_YAML_TYPE", seen: expect.stringContaining("`auto`, `off`, `require` or `keep`") },
    ]);
  });

  test("without a policy auto changes nothing", async () => {
    tinyImage(scene.at("image"));
    await scene.succeed(["build", "dir:image", "-o", "a.iso"]);
    await scene.succeed(["build", "dir:image", "--selinux", "auto", "-o", "b.iso"]);
    expectSameBytes(readFileSync(scene.at("a.iso")), readFileSync(scene.at("b.iso")));
    expect((await inspect({})).plan).not.toHaveProperty("selinux");
    // Others need an empty file there.
    const empty = { "etc/selinux/config": "SELINUXTYPE=targeted\n", [FILES]: "" };
    expect((await inspect({ with: empty })).plan).not.toHaveProperty("selinux");
  });
});

test("attributes that only an ostree repository has reach the file, its label with keep", async () => {
  const objects = "sysroot/ostree/repo/objects";
  const capability = Buffer.from("0100000200200000000000000000000000000000", "hex").toString("latin1");
  // A GVariant `a(ayay)`: names and values, followed by the end of each name and of each pair.
  const pair = (name: string, value: string) => `${name}\0${value}${String.fromCharCode(name.length + 1)}`;
  const pairs = [pair("security.capability", capability), pair("security.selinux", "u:r:own_t:s0\0")];
  const ends = [pairs[0]!.length, pairs[0]!.length + pairs[1]!.length];
  const set = Buffer.from(pairs.join("") + String.fromCharCode(...ends), "latin1");
  const layer = tar([
    { name: `${objects}/aa/set.file-xattrs`, content: set },
    { name: `${objects}/bb/x.file`, content: "program", mode: 0o755 },
    { name: `${objects}/bb/x.file-xattrs-link`, type: "1", link: `${objects}/aa/set.file-xattrs` },
    { name: "usr/bin/newuidmap", type: "1", link: `${objects}/bb/x.file` },
  ]);
  const maker = new OciMaker(scene.at("oci"));
  maker.add(maker.image([layer]), "latest");
  const found = async (choice: string) => {
    await scene.succeed(["squash", "oci:oci", "--selinux", choice, "-o", `${choice}.squashfs`]);
    const path = join(mounted(`${choice}.squashfs`, "squashfs"), "usr/bin/newuidmap");
    return readXattrs(Buffer.from(`${path}\0`)).map(([name, value]) => [
      name,
      Buffer.from(value).toString("latin1"),
    ]);
  };
  expect(await found("auto")).toEqual([["security.capability", capability]]);
  expect((await found("keep")).sort()).toEqual([
    ["security.capability", capability],
    ["security.selinux", "u:r:own_t:s0\0"],
  ]);
});

describe("the plan", () => {
  test("labels make `enforcing=0` superfluous, and another finding takes the place of that about missing labels", async () => {
    const withPolicy = await inspect({ with: POLICY });
    expect(withPolicy.findings).toMatchObject([
      { code: "F_SELINUX_OVERLAY", severity: "note", entries: [0] },
    ]);
    expect(withPolicy.plan?.menu.entries[0]?.kernelArgs).not.toContain("enforcing=0");
    expect(withPolicy.plan?.selinux).toEqual({
      labels: "policy",
      mode: "enforcing",
      policy: { type: "targeted", patterns: expect.any(Number), digest: expect.stringMatching(/^sha256:/) },
    });
    const off = await inspect({ with: POLICY }, "--selinux", "off");
    expect(off.plan?.menu.entries[0]?.kernelArgs).toContain("enforcing=0");
  });

  test("inspect shows policy, number of patterns, mode, and entries that switch SELinux off", async () => {
    const entries = ["", " selinux=0", " enforcing=0"].map(
      (args, index) =>
        `    - {name: E${index}, linux: $kernelpath root=live:CDLABEL=TINY${args}, initrd: $initrdpath}`,
    );
    const config = `label: TINY\ngrub2:\n  entries:\n${entries.join("\n")}\n`;
    tinyImage(scene.at("image"), { with: { ...POLICY, [CONFIG]: config } });
    const { stdout } = await scene.succeed(["inspect", "dir:image"]);
    expect(stdout).toMatch(
      /^ {2}SELinux +policy targeted with \d+ patterns; enforcing; labels by the policy; not enforcing in entry 1, 2$/m,
    );
  });

  test("the cache does not take a root file system with other labels", async () => {
    tinyImage(scene.at("image"), { with: POLICY });
    const build = (...flags: string[]) =>
      scene.succeed(["build", "dir:image", "--cache", "cache", "-o", "a.iso", "--force", ...flags]);
    await build();
    const first = readFileSync(scene.at("a.iso"));
    await build("--selinux", "off");
    expect(readFileSync(scene.at("a.iso")).includes("passwd_exec_t")).toBe(false);
    await build();
    expectSameBytes(readFileSync(scene.at("a.iso")), first);
  });
});

describe("damaged policies", () => {
  test.each([
    ["a bad pattern", { [FILES]: "/.* u:r:t:s0\n/(a u:r:t:s0\n" }, "line 2"],
    ["a context without a type", { [FILES]: "/.* u:r\n" }, "line 1"],
    [
      "a pattern that platter does not read",
      { [`${FILES}.local`]: "/(?=a)b u:r:t:s0\n" },
      "file_contexts.local",
    ],
    ["a file that is too large", { [FILES]: "#".repeat(101 * 1024 * 1024) }, "has 105906176 bytes"],
  ])("%s: the error names the place", async (_, changes, told) => {
    tinyImage(scene.at("image"), { with: { ...POLICY, ...changes } });
    const ran = await scene.run(["build", "dir:image", "-o", "a.iso"]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("[E_SELINUX_POLICY]");
    expect(ran.stderr).toContain(told);
    expect(await scene.leftovers()).toEqual([]);
    await scene.succeed(["build", "dir:image", "--selinux", "off", "-o", "a.iso"]);
  });

  test("a pattern that makes other engines backtrack is matched like any other", async () => {
    const long = `u/${"a".repeat(200)}`;
    const slow = { [FILES]: `/.* u:r:t:s0\n/u/(a+)+b u:r:slow_t:s0\n`, [long]: "", [`${long}b`]: "" };
    tinyImage(scene.at("image"), { with: { ...POLICY, ...slow } });
    await scene.succeed(["squash", "dir:image", "-o", "a.squashfs"]);
    const labels = labelsIn(mounted("a.squashfs", "squashfs"));
    expect(labels.get(`/${long}`)).toBe("u:r:t:s0\0");
    expect(labels.get(`/${long}b`)).toBe("u:r:slow_t:s0\0");
  });
});

describe("verify samples labels", () => {
  const built = async (...flags: string[]) => {
    tinyImage(scene.at("image"), { with: POLICY });
    await scene.succeed(["build", "dir:image", "-o", "a.iso", ...flags]);
  };
  /** The line about the squashfs. */
  const line = (stdout: string) => stdout.split("\n").find((each) => each.includes("squashfs.img: "));

  test("the number of labels and the root's label are shown", async () => {
    await built();
    const { stdout } = await scene.succeed(["verify", "a.iso"]);
    expect(line(stdout)).toMatch(
      /SELinux labels at \d+ of \d+ inodes, the root is system_u:object_r:root_t:s0/,
    );
    await scene.succeed(["build", "dir:image", "-o", "b.iso", "--selinux", "off"]);
    expect(line((await scene.succeed(["verify", "b.iso"])).stdout)).not.toContain("SELinux");
  });

  test("a label that is not a context is a problem", async () => {
    await built("--compression", "none");
    const iso = readFileSync(scene.at("a.iso"));
    const label = "system_u:object_r:root_t:s0\0";
    const at = iso.indexOf(label, 0, "latin1");
    expect(at).toBeGreaterThan(0);
    iso.write(label.replaceAll(":", "_"), at, "latin1");
    writeFileSync(scene.at("b.iso"), iso);
    const ran = await scene.run(["verify", "b.iso"]);
    expect(ran.code).toBe(6);
    expect(ran.stdout + ran.stderr).toContain("squashfs-labels");
    expect(ran.stdout + ran.stderr).toContain("`system_u_object_r_root_t_s0\\x00`, which is not a context");
  });

  test("a squashfs of mksquashfs, which stores equal values once", async () => {
    tinyImage(scene.at("image"), { with: POLICY });
    await scene.succeed(["squash", "dir:image", "-o", "a.squashfs"]);
    const made = Bun.spawnSync([
      "mksquashfs",
      mounted("a.squashfs", "squashfs"),
      scene.at("b.squashfs"),
      "-quiet",
      "-xattrs",
    ]);
    expect(made.exitCode).toBe(0);
    await using source = await openFileSource(scene.at("b.squashfs"));
    const { value, problems } = await readSquashfs(source);
    expect(problems).toEqual([]);
    expect(value?.labels).toMatchObject({ root: "system_u:object_r:root_t:s0" });
    expect(value?.labels?.labelled).toBeGreaterThan(50);
  });
});
