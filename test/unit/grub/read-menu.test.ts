import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { readGrubMenu } from "../../../internal/grub/read-menu.ts";
import {
  grubSyntaxProblems,
  readGrubScript,
  variableWord,
  writtenWord,
} from "../../../internal/grub/script.ts";

const wordsOf = (script: string) => readGrubScript(script).map((command) => command.words);
const filesOf = (script: string, path = "/boot/grub/grub.cfg") =>
  readGrubMenu(script, path).files.map((file) => file.path);
const labelsOf = (script: string) => readGrubMenu(script, "/grub.cfg").labels.map((label) => label.label);

describe("the script", () => {
  test.each([
    ["echo a  b\tc", [["echo", "a", "b", "c"]]],
    ["a; b & c | d || e && f\ng", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"], ["g"]]],
    ["# all comment\na # rest\nb#no", [["a"], ["b#no"]]],
    [`echo 'a "b" $c \\' "d 'e' \\" \\$f"`, [["echo", 'a "b" $c \\', `d 'e' " $f`]]],
    ["linux /k \\\n\ta b", [["linux", "/k", "a", "b"]]],
    ["echo a\\ b\\\nc", [["echo", "a bc"]]],
    [`echo "" ''`, [["echo", "", ""]]],
    [
      `set a=b\necho $a \${a}c "$a d" '$a'`,
      [
        ["set", "a=b"],
        ["echo", "b", "bc", "b d", "$a"],
      ],
    ],
    ["echo $unknown", [["echo", variableWord("unknown")]]],
    ["echo '$a' a\x24{b-c}", [["echo", "$a", `a${variableWord("b-c")}`]]],
    ["echo $", [["echo", "$"]]],
    [
      "if [ a ]; then b; elif c; then d; else e; fi; f",
      [["[", "a", "]"], ["b"], ["c"], ["d"], ["e"], ["fi"], ["f"]],
    ],
    ["'unclosed", [["unclosed"]]],
  ])("%j", (script, words) => {
    expect(wordsOf(script)).toEqual(words);
  });

  test.each([
    [
      "a || b\n",
      [
        [1, "has `|`, which GRUB lacks"],
        [1, "has `|`, which GRUB lacks"],
      ],
    ],
    ["a\nb & c", [[2, "has `&`, which GRUB lacks"]]],
    ["menuentry a {\n b\n", [[1, "opens a block that is never closed"]]],
    ["}\n", [[1, "closes a block that was not opened"]]],
    ["a\necho 'x\ny", [[2, "opens a quote that is never closed"]]],
    ['a "x\ny', [[1, "opens a quote that is never closed"]]],
    ["menuentry 'a|b' \\\n\t--class \"c&}\" { linux /k a\\|b $x ; }\n", []],
  ])("problems of %j", (script, problems) => {
    expect(grubSyntaxProblems(script).map(({ line, what }) => [line, what])).toEqual(
      problems as [number, string][],
    );
  });

  test("knows lines, menu entries and conditions", () => {
    const commands = readGrubScript("a\nif b; then\n c\nfi\nmenuentry 'T x' --class y {\n d\n}\ne\n");
    expect(
      commands.map(({ words, line, conditional, entry }) => [words[0], line, conditional, entry]),
    ).toEqual([
      ["a", 1, false, undefined],
      ["b", 2, true, undefined],
      ["c", 3, true, undefined],
      ["fi", 4, true, undefined],
      ["menuentry", 5, false, "T x"],
      ["d", 6, false, "T x"],
      ["e", 8, false, undefined],
    ]);
  });

  test("any text ends, and no word is lost", () => {
    const part = fc.constantFrom(
      "'",
      '"',
      "\\",
      "$",
      "{",
      "}",
      "${",
      "a",
      " ",
      "\n",
      ";",
      "#",
      "if ",
      "fi",
      "\0",
      "set a=",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(part, fc.string()), { maxLength: 60 }), (parts) => {
        for (const { words, line } of readGrubScript(parts.join(""))) {
          expect(words.length).toBeGreaterThan(0);
          expect(line).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe("the menu", () => {
  test("kernels and initramfs images, wherever they are named", () => {
    const script = `
menuentry a { linux /k root=x; initrd /i /j }
submenu b { menuentry c { linuxefi ($root)/k2 "quiet"; initrdefi ($root)/i2 } }
if [ "$grub_platform" = "efi" ]; then menuentry d { chainloader /EFI/x.efi } fi
`;
    expect(filesOf(script)).toEqual(["/k", "/i", "/j", "/k2", "/i2", "/EFI/x.efi"]);
    expect(readGrubMenu(script, "/x").entries).toEqual(["a", "b", "c", "d"]);
  });

  test("what cannot be known is left alone", () => {
    expect(
      filesOf("linux $kernel\nlinux (hd0,1)/k\nlinux relative\nconfigfile $cmdpath/x\nchainloader +1"),
    ).toEqual([]);
  });

  test("other files only where they must be there", () => {
    const script = `
search --no-floppy --set=root --file /.marker
if search --set=root --file /maybe; then true; else search --set=root -l LABEL; fi
source /one.cfg
loadfont $prefix/fonts/unicode.pf2
if [ -f /opt.cfg ]; then source /opt.cfg; fi
menuentry x { search --file /EFI/Microsoft/bootmgfw.efi --set=root }
`;
    expect(filesOf(script, "/EFI/BOOT/grub.cfg")).toEqual([
      "/.marker",
      "/one.cfg",
      "/EFI/BOOT/fonts/unicode.pf2",
    ]);
  });

  test.each([
    ["root=live:CDLABEL=A-1", ["A-1"]],
    ["root=live:LABEL=A", ["A"]],
    ["root=live:/dev/disk/by-label/A", ["A"]],
    ["inst.stage2=hd:LABEL=A", ["A"]],
    ["inst.stage2=hd:LABEL=A:/dir", ["A"]],
    ["inst.repo=hd:LABEL=A:/", ["A"]],
    ["archisolabel=A", ["A"]],
    ["coreos.liveiso=A:b", ["A:b"]],
    ["repo=cdrom:LABEL=A", ["A"]],
    ["root=CDLABEL=A", ["A"]],
    ["root=LABEL=A", []],
    ["root=LABEL=A rd.live.image", ["A"]],
    ["'root=live:CDLABEL=A\\x20B'", ["A B"]],
    ["root=live:CDLABEL=\x24{isolabel}", []],
    ["root=LABEL=disk", []],
    ["'root=live:CDLABEL=\x24{isolabel}'", ["\x24{isolabel}"]],
    ["inst.ks=hd:LABEL=OEMDRV:/ks.cfg", ["OEMDRV"]],
    ["inst.ks=hd:LABEL=OEMDRV:/ks.cfg inst.stage2=hd:LABEL=A", ["A"]],
    ["boot=live inst.ks=hd:LABEL=OEMDRV:/ks.cfg", []],
    ["root=live:http://host/LABEL", []],
  ])("%s", (argument, labels) => {
    expect(labelsOf(`linux /k ${argument}`)).toEqual(labels);
  });

  test("a word with a variable is written with it", () => {
    expect(writtenWord(wordsOf('echo "a $b \x24{c-d}"')[0]![1]!)).toBe("a \x24{b} \x24{c-d}");
  });

  test("labels by variable and by search", () => {
    expect(labelsOf("set isolabel='A B'\nlinux /k \"root=live:CDLABEL=\x24{isolabel}\"")).toEqual(["A B"]);
    expect(
      labelsOf("search --set=root -l 'A'\nif a; then search --label B --set; fi\nsearch --fs-uuid 12 --set"),
    ).toEqual(["A", "B"]);
  });
});
