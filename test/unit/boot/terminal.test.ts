import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ConsoleText } from "../../../internal/boot/console-text.ts";
import { Screen } from "../../../internal/boot/screen.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function lines(...pieces: string[]): string[] {
  const text = new ConsoleText();
  return pieces.flatMap((piece) => text.feed(bytes(piece)));
}

describe("ConsoleText", () => {
  test.each([
    ["colours vanish", "\x1b[0;32m  OK  \x1b[0m done\r\n", ["  OK   done"]],
    ["a word is not torn by a cursor that does not move", "We\x1b[03;02H\x1b[03;03Hlcome\n", ["Welcome"]],
    ["text elsewhere on the screen is another line", "left\x1b[05;40Hright\n", ["left", "right"]],
    ["clearing the screen ends a line", "before\x1b[2Jafter\n", ["before", "after"]],
    ["frames are taken away", "\u2502 text \u2502\r\n\u250c\u2500\u2510\r\n", ["  text  "]],
    ["moving down is another line", "one\x1b[1Btwo\n", ["one", "two"]],
    ["a tab is kept", "a\tb\n", ["a\tb"]],
  ])("%s", (_name, input, expected) => {
    expect(lines(input)).toEqual(expected);
  });

  test("an escape sequence may be cut anywhere", () => {
    expect(lines("a\x1b", "[0;3", "2mb\n")).toEqual(["ab"]);
  });

  test("bytes that are no UTF-8 are no text, and what follows is", () => {
    const text = new ConsoleText();
    expect(text.feed(Uint8Array.of(0xc4, 0xc4, 0xc4, 0xc4, 0x20, 0x4f, 0x4b, 0x0a))).toEqual(["     OK"]);
  });

  test("a line that never ends does not grow without bound", () => {
    const text = new ConsoleText();
    for (let i = 0; i < 100; i++) text.feed(bytes("x".repeat(1000)));
    expect(text.partial.length).toBeLessThan(10_000);
  });

  test("no input breaks it", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (pieces) => {
        const text = new ConsoleText();
        const screen = new Screen();
        for (const piece of pieces) {
          for (const line of text.feed(piece)) expect(line).not.toMatch(/[\r\n\x1b]/);
          screen.feed(piece);
        }
        expect(screen.text.length).toBeLessThan(200 * 401);
      }),
    );
  });
});

describe("Screen", () => {
  test("shows GRUB's editor, with the cursor in the line it was put", () => {
    const screen = new Screen();
    screen.feed(
      bytes(
        "\x1b[2J\x1b[05;03Hsetparams 'A'          \x1b[06;03H              \x1b[07;03H  linux /vmlinuz quiet   \x1b[08;03H  initrd /i.img\x1b[07;03H",
      ),
    );
    expect(screen.cursorRow).toBe(7);
    expect(screen.line(7)).toBe("    linux /vmlinuz quiet");
    expect(screen.line(5)).toBe("  setparams 'A'");
    expect(screen.line(99)).toBe("");
  });

  test("text goes over text, and clearing leaves nothing", () => {
    const screen = new Screen();
    screen.feed(bytes("\x1b[1;1Habcdef\x1b[1;3HXY\b!\x1b[2;1Hz"));
    expect(screen.line(1)).toBe("abX!ef");
    screen.feed(bytes("\x1bc"));
    expect(screen.text.trim()).toBe("");
  });
});
