import { describe, expect, test } from "bun:test";
import type { Picture } from "../../../internal/boot/control/png.ts";
import { pictureOfMenu, showsMenu } from "../../../internal/boot/menu-picture.ts";
import type { Phase } from "../../../internal/boot/phase.ts";

type Box = readonly [x: number, y: number, width: number, height: number];

/** A black picture with grey boxes. */
function picture(...boxes: readonly Box[]): Picture {
  const [width, height] = [320, 240];
  const rgb = new Uint8Array(width * height * 3);
  for (const [x, y, w, h] of boxes)
    for (let row = y; row < y + h; row++) rgb.fill(0xaa, 3 * (row * width + x), 3 * (row * width + x + w));
  return { width, height, rgb };
}

const FRAME: readonly Box[] = [
  [10, 40, 300, 2],
  [10, 200, 300, 2],
];
const MENU = picture(...FRAME, [12, 50, 296, 16]);

test.each([
  ["a menu", MENU, true],
  ["a menu with text on the selected entry", picture([12, 50, 30, 16], [60, 50, 200, 16]), true],
  ["an empty frame", picture(...FRAME), false],
  ["nothing", picture(), false],
  ["a short word in reverse", picture([20, 50, 60, 16]), false],
  ["a splash", picture([0, 0, 320, 100]), false],
  ["no pixels", { width: 0, height: 0, rgb: new Uint8Array() }, false],
] as const)("showsMenu: %s", (_name, shown, expected) => {
  expect(showsMenu(shown)).toBe(expected);
});

describe("pictureOfMenu", () => {
  /** A machine whose screen and phase change with each look. */
  function machine(looks: readonly (readonly [Phase, Picture | undefined])[]) {
    let look = 0;
    return {
      phase: () => looks[Math.min(look, looks.length - 1)]![0],
      over: () => look >= looks.length,
      screen: async () => looks[look]?.[1],
      sleep: async () => void look++,
    };
  }
  const [early, late] = [picture([1, 1, 4, 4]), picture([9, 9, 4, 4])];

  test("the last picture with a menu", async () => {
    const first = picture(...FRAME, [12, 50, 250, 16]);
    const looks = [
      ["firmware", first],
      ["grub", early],
      ["grub", first],
      ["grub", MENU],
      ["grub", late],
      ["kernel", first],
    ] as const;
    expect(await pictureOfMenu(machine(looks))).toBe(MENU);
  });

  test("without a menu the last picture of GRUB, also if the machine ends there", async () => {
    const looks = [
      ["firmware", late],
      ["grub", early],
      ["grub", late],
      ["grub", undefined],
    ] as const;
    expect(await pictureOfMenu(machine(looks))).toBe(late);
  });

  test("no picture if GRUB never ran", async () => {
    expect(
      await pictureOfMenu(
        machine([
          ["firmware", early],
          ["kernel", late],
        ]),
      ),
    ).toBeUndefined();
  });
});
