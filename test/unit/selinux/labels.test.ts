/** Labels of entries, and what /etc/selinux/config says. */
import { describe, expect, test } from "bun:test";
import { type WalkOptions, walkEntries } from "../../../internal/image/entry-walk.ts";
import type { Xattrs } from "../../../internal/image/xattr-set.ts";
import { imageLabels, policyLabels, withoutLabels } from "../../../internal/selinux/labels.ts";
import { SelinuxPolicy } from "../../../internal/selinux/policy.ts";
import { parseSelinuxConfig } from "../../../internal/selinux/selinux-config.ts";
import { openLayers } from "../../helpers/images/memory-layers.ts";
import type { Member } from "../../helpers/images/tar-maker.ts";

const policy = () =>
  new SelinuxPolicy(
    { contexts: "/.* u:r:any:s0\n/usr/.* u:r:usr:s0\n/proc/.* <<none>>\n/proc -d u:r:proc:s0\n" },
    { file: "/f", order: "from 3.9" },
  );
const label = (name: string) => [["SCHILY.xattr.security.selinux", `${name}\0`]] as const;

/** Attributes by path, as texts. */
async function attributes(members: readonly Member[], options: Partial<WalkOptions>) {
  await using tree = await openLayers([members]);
  const entries = [...walkEntries(tree, { include: () => true, ...options })];
  const texts = (xattrs: Xattrs | undefined) =>
    xattrs &&
    Object.fromEntries([...xattrs].map(([name, value]) => [name, Buffer.from(value).toString("latin1")]));
  return Object.fromEntries(entries.map(({ path, xattrs }) => [path, texts(xattrs)]));
}

describe("labels in a walk", () => {
  const MEMBERS: Member[] = [
    { name: "etc/file", content: "x", pax: label("own") },
    { name: "etc/link", type: "1", link: "etc/file" },
    { name: "usr/tool", content: "x", pax: [["SCHILY.xattr.user.a", "1"], ...label("own")] },
    { name: "proc/1", content: "x", pax: label("own") },
  ];

  test("policyLabels: entries, links, added folders and `<<none>>`", async () => {
    const ensureDirectories = ["dev" as never];
    const found = await attributes(MEMBERS, { attributes: policyLabels(policy()), ensureDirectories });
    expect(found).toEqual({
      "": { "security.selinux": "u:r:any:s0\0" },
      dev: { "security.selinux": "u:r:any:s0\0" },
      etc: { "security.selinux": "u:r:any:s0\0" },
      "etc/file": { "security.selinux": "u:r:any:s0\0" },
      "etc/link": { "security.selinux": "u:r:any:s0\0" },
      proc: { "security.selinux": "u:r:proc:s0\0" },
      "proc/1": undefined,
      usr: { "security.selinux": "u:r:any:s0\0" },
      "usr/tool": { "security.selinux": "u:r:usr:s0\0", "user.a": "1" },
    });
  });

  test("imageLabels: those of the layers", async () => {
    const found = await attributes(MEMBERS, { attributes: imageLabels() });
    expect(found["etc/file"]).toEqual({ "security.selinux": "own\0" });
    expect(found["usr/tool"]).toEqual({ "security.selinux": "own\0", "user.a": "1" });
    expect(found.usr).toBeUndefined();
  });

  test("withoutLabels, and the walk without a choice: other attributes alone", async () => {
    for (const options of [{ attributes: withoutLabels() }, {}]) {
      const found = await attributes(MEMBERS, options);
      expect(found["etc/file"]).toBeUndefined();
      expect(found["usr/tool"]).toEqual({ "user.a": "1" });
    }
  });

  test("equal attributes are one object", async () => {
    await using tree = await openLayers([MEMBERS]);
    const entries = [...walkEntries(tree, { include: () => true, attributes: policyLabels(policy()) })];
    const sets = entries.flatMap(({ xattrs }) => xattrs ?? []);
    expect(new Set(sets).size).toBe(3);
  });
});

test.each([
  ["SELINUX=enforcing\nSELINUXTYPE=mls\n", { mode: "enforcing", type: "mls" }],
  [
    "# SELINUX=disabled\n SELINUX=enforcing\nSELINUX= Permissive # x\n",
    { mode: "permissive", type: "targeted" },
  ],
  ["  SELINUXTYPE= default \t\r\nSELINUX=disabled", { mode: "disabled", type: "default" }],
  ["SELINUXTYPE=a\nSELINUXTYPE=b\nSELINUX=other\n", { mode: undefined, type: "b" }],
  ["", { mode: undefined, type: "targeted" }],
] as const)("parseSelinuxConfig: %j", (text, expected) => {
  expect(parseSelinuxConfig(text)).toEqual(expected);
});
