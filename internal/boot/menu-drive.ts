import { type Chord, chordsFor } from "./control/keyboard.ts";
import type { Phase } from "./phase.ts";
import type { Screen } from "./screen.ts";

/** The result of editing GRUB's menu. */
export type MenuOutcome =
  | { kind: "left-alone" }
  | { kind: "console-added" }
  | { kind: "not-driven"; why: string };

/** The parts of a machine that editing the menu needs. */
export interface DrivenMachine {
  screen: Pick<Screen, "cursorRow" | "line" | "text">;
  phase: () => Phase;
  press: (chords: readonly Chord[]) => Promise<void>;
  sleep: (milliseconds: number) => Promise<void>;
  /** Called when the menu is visible. */
  onMenu: () => Promise<void>;
  /** Whether the boot has ended. */
  over: () => boolean;
}

/** Milliseconds that an emulated GRUB with a graphical menu may take to react to a key. */
const PATIENCE = 20_000;
const LOOK = 250;
/** How often a key is pressed to stop GRUB's menu: with the pauses, for about ten seconds. */
const PRESSES = 25;
/** The most lines of a menu entry that are searched for its `linux` line. */
const MAX_LINES = 40;
const LINUX = /^\W*linux(efi|16)?\s/;

/**
 * Adds a serial console to the entry that GRUB would boot, for this boot only. It stops the menu, and switches GRUB to
 * its text terminal, which the serial line shows. Then it opens the editor of the entry, adds the argument `console` to
 * the `linux` line, and boots. The kernel uses the last console argument for /dev/console.
 */
export async function addSerialConsole(machine: DrivenMachine, console: string): Promise<MenuOutcome> {
  const reached = await until(machine, () => machine.phase() !== "firmware", Number.POSITIVE_INFINITY);
  if (!reached || machine.phase() !== "grub") return notDriven("GRUB did not report on the serial line");
  // In the menu this key opens the command line, and in the command line it is only a letter. So it can be pressed
  // until GRUB, which may still be loading its font, reacts.
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
  await settle(machine);
  await machine.onMenu();
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
    // In the last line the cursor does not move.
    await until(machine, () => screen.cursorRow !== before, 2000);
    await settle(machine);
  }
  await press([["ctrl", "e"], ...chordsFor(` ${console}`)]);
  // The editor wraps long lines at any character.
  const written = () => screen.text.replace(/\W*\n\W*/g, "").includes(console);
  if (!(await until(machine, written))) return notDriven("GRUB's editor did not take the text");
  await press([["ctrl", "x"]]);
  return { kind: "console-added" };
}

function notDriven(why: string): MenuOutcome {
  return { kind: "not-driven", why };
}

/** Waits until GRUB's screen does not change any more. In emulation drawing takes seconds. */
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
