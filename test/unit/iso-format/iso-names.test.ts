import { describe, expect, test } from "bun:test";
import { isoIdentifiers } from "../../../internal/iso-format/iso-names.ts";
import { jolietNames, MAX_JOLIET } from "../../../internal/iso-format/joliet-names.ts";

const files = (...names: string[]) => names.map((name) => ({ name, kind: "file" as const }));
const folders = (...names: string[]) => names.map((name) => ({ name, kind: "directory" as const }));

describe("isoIdentifiers", () => {
  test.each([
    ["info", "INFO.;1"],
    [".discinfo", ".DISCINFO;1"],
    ["boot.catalog", "BOOT.CATALOG;1"],
    ["a.tar.gz", "A_TAR.GZ;1"],
    ["x y-z.é", "X_Y_Z._;1"],
    ["😀", "_.;1"],
    ["...", "__.;1"],
    ["52daf732-d0fe-8dd4-9aa4-67c5ec1e394d.uuid", "52DAF732_D0FE_8DD4_9AA4_67C.UUI;1"],
    ["l".repeat(250), `${"L".repeat(30)}.;1`],
    [`a.${"e".repeat(40)}`, `A.${"E".repeat(29)};1`],
  ])("file %s is %s", (name, identifier) => {
    expect(isoIdentifiers(files(name))).toEqual([identifier]);
  });

  test.each([
    [".disk", ".DISK"],
    ["i386-pc", "I386_PC"],
    ["a.b", "A.B"],
    ["a.", "A_"],
    [`${"d".repeat(29)}.d`, `${"D".repeat(29)}_`],
    ["d".repeat(40), "D".repeat(30)],
  ])("folder %s is %s", (name, identifier) => {
    expect(isoIdentifiers(folders(name))).toEqual([identifier]);
  });

  test("names that become the same get numbers, and an entry's own name stays", () => {
    expect(isoIdentifiers(files("A", "a", "a0", "b*c.txt", "b?c.txt"))).toEqual([
      ...["A.;1", "A0.;1", "A00.;1", "B_C.TXT;1", "B_C0.TXT;1"],
    ]);
    expect(isoIdentifiers(files("a", "A"))).toEqual(["A0.;1", "A.;1"]);
    expect(isoIdentifiers(files("A0", "a", "A"))).toEqual(["A0.;1", "A1.;1", "A.;1"]);
  });

  test("a folder and a file do not get the same name", () => {
    expect(isoIdentifiers([...folders("x"), ...files("X")])).toEqual(["X0", "X.;1"]);
  });

  test("a thousand long names stay within the limits and differ", () => {
    const names = Array.from({ length: 1000 }, (_, index) => `${"n".repeat(100)}${index}.conf`);
    const identifiers = isoIdentifiers([...files(...names), ...folders(...names.map((name) => `${name}d`))]);
    expect(new Set(identifiers.map((name) => name.replace(/\.?;1$/, ""))).size).toBe(2000);
    for (const identifier of identifiers) expect(identifier).toMatch(/^(?=.{1,33}$)[A-Z0-9_.]{1,31}(;1)?$/);
  });
});

describe("jolietNames", () => {
  test("characters that Joliet does not have become underscores", () => {
    expect(jolietNames(files("a*b:c;d?e\\f", "x😀y", "\ud800", "tab\there", "é €.txt", "etc.."))).toEqual([
      ...["a_b_c_d_e_f", "x_y", "_", "tab_here", "é €.txt", "etc._"],
    ]);
  });

  test("names that differ in case alone stay", () => {
    expect(jolietNames([...folders("BOOT", "boot"), ...files("Boot")])).toEqual(["BOOT", "boot", "Boot"]);
  });

  test("names that become the same get numbers, and an entry's own name stays", () => {
    expect(jolietNames(files("a*b.x", "a?b.x", "a_b.x"))).toEqual(["a_b0.x", "a_b1.x", "a_b.x"]);
  });

  test("long names are cut before their extension", () => {
    const [first, second] = jolietNames(files(`${"n".repeat(150)}.txt`, `${"n".repeat(151)}.txt`));
    expect(first).toBe(`${"n".repeat(99)}.txt`);
    expect(second).toBe(`${"n".repeat(98)}0.txt`);
    expect(jolietNames(folders(`${"n".repeat(150)}.txt`))).toEqual(["n".repeat(MAX_JOLIET)]);
    expect(jolietNames(folders(`${"n".repeat(102)}.txt`))).toEqual([`${"n".repeat(102)}_`]);
    expect(jolietNames(files(`.${"n".repeat(150)}`))).toEqual([`.${"n".repeat(102)}`]);
    expect(jolietNames(files(`a.${"n".repeat(150)}`))[0]).toHaveLength(MAX_JOLIET);
  });
});
