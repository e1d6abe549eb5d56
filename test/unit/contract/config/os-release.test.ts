import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseOsRelease } from "../../../../internal/contract/config/os-release.ts";

describe("parseOsRelease", () => {
  test("reads what Fedora, CentOS and Debian write", () => {
    const fedora = parseOsRelease(
      'NAME="Fedora Linux"\nVERSION="42 (Container Image)"\nID=fedora\nVERSION_ID=42\nPRETTY_NAME="Fedora Linux 42 (Container Image)"\n',
    );
    expect(fedora).toMatchObject({
      id: "fedora",
      idLike: [],
      name: "Fedora Linux",
      prettyName: "Fedora Linux 42 (Container Image)",
      versionId: "42",
    });
    expect(parseOsRelease('ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="10"\n')).toMatchObject({
      id: "centos",
      idLike: ["rhel", "fedora"],
      versionId: "10",
    });
    expect(
      parseOsRelease('PRETTY_NAME="Debian GNU/Linux trixie/sid"\nNAME="Debian GNU/Linux"\nID=debian\n'),
    ).toMatchObject({
      name: "Debian GNU/Linux",
      versionId: undefined,
    });
  });

  test.each([
    ["A=plain", "plain"],
    ["A=", ""],
    ['A=""', ""],
    ["A='single $x \\n \"'", 'single $x \\n "'],
    ['A="a \\"b\\" \\$c \\\\ \\` \\n"', 'a "b" $c \\ ` \\n'],
    ["A=back\\slash", "backslash"],
    ["A=a\\", "a\\"],
    ["A=\"x\"'y'z", "xyz"],
    ["A=  spaced  ", "spaced"],
    ["A=Fedora Linux", "Fedora Linux"],
    ["  A=indented", "indented"],
    ["A=first\nA=second", "second"],
    ["A=crlf\r\nB=2\r\n", "crlf"],
    ["\ufeffA=bom", "bom"],
    ['A="x\u001b[31m\ty\u2028"', "x[31my"],
    ["A=a=b", "a=b"],
    ['A="# no comment"', "# no comment"],
  ])("%j", (text, value) => {
    expect(parseOsRelease(text).fields.get("A")).toBe(value);
  });

  test.each([
    "# A=comment",
    "#A=1",
    "A",
    "=1",
    "1A=1",
    "A-B=1",
    "export A=1",
    'A="open',
    "A='open",
    "A =1",
  ])("ignores %j", (text) => {
    expect([...parseOsRelease(`${text}\nOK=1\n`).fields]).toEqual([["OK", "1"]]);
  });

  test("empty values count as missing, an ID is lower case", () => {
    const parsed = parseOsRelease('NAME=""\nID=FEDORA\nVERSION_ID=" "\nID_LIKE=\n');
    expect(parsed).toMatchObject({ name: undefined, id: "fedora", versionId: undefined, idLike: [] });
  });

  test("whatever is quoted as a shell quotes comes back", () => {
    const printable = fc.string({ unit: fc.constantFrom(..."ab \"'\\$`#=é") });
    fc.assert(
      fc.property(printable, (value) => {
        const double = `A="${value.replace(/["$`\\]/g, "\\$&")}"`;
        const single = `A='${value.replaceAll("'", "'\\''")}'`;
        expect(parseOsRelease(double).fields.get("A")).toBe(value);
        expect(parseOsRelease(single).fields.get("A")).toBe(value);
      }),
    );
  });
});
