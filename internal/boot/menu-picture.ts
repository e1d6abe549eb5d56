import type { Picture } from "./control/png.ts";
import type { Phase } from "./phase.ts";

/** The parts of a machine that a picture of its menu needs. */
interface PicturedMachine {
  phase: () => Phase;
  /** Whether the boot has ended. */
  over: () => boolean;
  /** Undefined if the screen cannot be read at the moment. */
  screen: () => Promise<Picture | undefined>;
  sleep: (milliseconds: number) => Promise<void>;
}

/** Milliseconds between two pictures. A menu may be visible for only a second. */
const LOOK = 400;

/** The last picture of GRUB's menu; without one the last picture from GRUB, if any. Ends when GRUB does. */
export async function pictureOfMenu(machine: PicturedMachine): Promise<Picture | undefined> {
  const { phase, over, screen, sleep } = machine;
  const isBefore = () => ["firmware", "shim"].includes(phase());
  let kept: { picture: Picture; isMenu: boolean } | undefined;
  for (; !over() && (isBefore() || phase() === "grub"); await sleep(LOOK)) {
    if (isBefore()) continue;
    const picture = await screen();
    if (picture === undefined) continue;
    const isMenu = showsMenu(picture);
    if (isMenu || (kept?.isMenu !== true && phase() === "grub")) kept = { picture, isMenu };
  }
  return kept?.picture;
}

/** Pixels from one that is examined to the next, in a row and from row to row. */
const STEP = 4;
/** Share of a row that has the colour of the selected entry, besides letters and the space next to the menu. */
const SHARE = 0.35;
/** Height of the selected entry in pixels: a line of text. */
const BAND = { least: 10, most: 64 };

/**
 * Whether a picture shows a menu: a band, as high as a line of text, whose colour is not the background's. GRUB marks
 * the selected entry in this way, in text mode and in graphics.
 */
export function showsMenu(picture: Picture): boolean {
  const { width, height } = picture;
  const rows = Array.from({ length: Math.ceil(height / STEP) }, (_, index) =>
    coloursOf(picture, index * STEP),
  );
  const background = commonest(rows.flat());
  let [colour, start] = [background, 0];
  for (const [index, row] of [...rows, []].entries()) {
    const others = row.filter((each) => each !== background);
    const other = commonest(others);
    const isWide = others.filter((each) => each === other).length * STEP >= SHARE * width;
    const now = isWide ? other : background;
    if (now === colour) continue;
    const tall = (index - start) * STEP;
    if (colour !== background && tall >= BAND.least && tall <= BAND.most) return true;
    [colour, start] = [now, index];
  }
  return false;
}

/** The examined colours of a row, as 24-bit numbers. */
function coloursOf({ width, rgb }: Picture, y: number): number[] {
  return Array.from({ length: Math.ceil(width / STEP) }, (_, index) => {
    const at = 3 * (y * width + index * STEP);
    return (rgb[at]! << 16) | (rgb[at + 1]! << 8) | rgb[at + 2]!;
  });
}

/** The most frequent number; undefined of none. */
function commonest(numbers: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  let best: number | undefined;
  for (const each of numbers) {
    const count = (counts.get(each) ?? 0) + 1;
    counts.set(each, count);
    if (best === undefined || count > counts.get(best)!) best = each;
  }
  return best;
}
