import { type Chord, chordsFor } from "./keyboard.ts";
import type { Phase } from "./phase.ts";
import type { Screen } from "./screen.ts";

/** What became of GRUB's menu. */
export type MenuOutcome =
  | { kind: "left-alone" }
  | { kind: "console-added" }
  | { kind: "not-driven"; why: string };

/** The machine as the menu's driver sees it. */
export interface DrivenMachine {
  screen: Pick<Screen, "cursorRow" | "line" | "text">;
  phase: () => Phase;
  press: (chords: readonly Chord[]) => Promise<void>;
  sleep: (milliseconds: number) => Promise<void>;
  /** The boot is over. */
  over: () => boolean;
}

/** Milliseconds that GRUB, in emulation and with a picture to draw, may take to answer a key. */
const PATIENCE = 20_000;
const LOOK = 250;
/** Times that GRUB's menu is knocked at: with the pauses, some ten seconds. */
const PRESSES = 25;
/** Lines of a menu entry that are looked at for its `linux` line. */
const MAX_LINES = 40;
const LINUX = /^\W*linux(efi|16)?\s/;

/**
 * Adds a serial console to the entry that GRUB would boot, for this boot only: stops the menu, brings GRUB to its
 * text terminal (its picture is not on the serial line), opens the entry's editor, finds the `linux` line, writes to
 * its end, and boots. `console` is the argument: what comes last becomes /dev/console.
 */
export async function addSerialConsole(machine: DrivenMachine, console: string): Promise<MenuOutcome> {
  const reached = await until(machine, () => machine.phase() !== "firmware", Number.POSITIVE_INFINITY);
  if (!reached || machine.phase() !== "grub") return notDriven("GRUB did not report on the serial line");
  // In the menu this opens the command line, in the command line it is only a letter: so it may be pressed again
  // and again, until GRUB, which may still be loading its font, has seen it.
  const prompt = () => /^grub> /m.test(machine.screen.text);
  for (let pressed = 0; pressed < PRESSES && machine.phase() === "grub" && !prompt(); pressed++) {
    if (machine.over()) break;
    await machine.press(chordsFor("c"));
    await machine.sleep(LOOK);
  }
  await machine.press([["ctrl", "u"], ...chordsFor("terminal_output console\n")]);
  if (!(await until(machine, () => /^grub> *$/m.test(machine.screen.text)))) {
    return notDriven("GRUB's menu could not be stopped; it may have no timeout, or a password");
  }
  await machine.press([["esc"]]);
  if (!(await until(machine, () => /press enter to boot/i.test(machine.screen.text)))) {
    return notDriven("GRUB did not return to its menu");
  }
  await machine.press(chordsFor("e"));
  if (!(await until(machine, () => /ctrl-x/i.test(machine.screen.text)))) {
    return notDriven("GRUB did not open its editor; the menu may have a password");
  }
  await settle(machine);
  return editEntry(machine, console);
}

async function editEntry(machine: DrivenMachine, console: string): Promise<MenuOutcome> {
  const { screen, press } = machine;
  for (let line = 0; !LINUX.test(screen.line(screen.cursorRow)); line++) {
    if (line === MAX_LINES) return notDriven("the entry has no `linux` line that the editor shows");
    const before = screen.cursorRow;
    await press([["ctrl", "n"]]);
    // In the last line the cursor stays.
    await until(machine, () => screen.cursorRow !== before, 2000);
    await settle(machine);
  }
  await press([["ctrl", "e"], ...chordsFor(` ${console}`)]);
  // The editor breaks long lines anywhere.
  const written = () => screen.text.replace(/\W*\n\W*/g, "").includes(console);
  if (!(await until(machine, written))) return notDriven("GRUB's editor did not take the text");
  await press([["ctrl", "x"]]);
  return { kind: "console-added" };
}

function notDriven(why: string): MenuOutcome {
  return { kind: "not-driven", why };
}

/** Waits until GRUB has drawn what it is drawing: in emulation that takes seconds. */
async function settle({ screen, sleep, over }: DrivenMachine): Promise<void> {
  for (let before = ""; !over(); ) {
    const now = `${screen.cursorRow}\n${screen.text}`;
    if (now === before) return;
    before = now;
    await sleep(2 * LOOK);
  }
}

async function until(machine: DrivenMachine, seen: () => boolean, patience = PATIENCE): Promise<boolean> {
  for (let waited = 0; !seen(); waited += LOOK) {
    if (waited >= patience || machine.over()) return false;
    await machine.sleep(LOOK);
  }
  return true;
}
