import type { Qmp } from "./qmp.ts";

/** Keys that are pressed together, by QEMU's names (QKeyCode). */
export type Chord = readonly string[];

const NAMES: Record<string, string> = {
  " ": "spc",
  "-": "minus",
  "=": "equal",
  ",": "comma",
  ".": "dot",
  "/": "slash",
  "\n": "ret",
};

/** The keys that write a text on a US keyboard, the layout of firmware and GRUB. */
export function chordsFor(text: string): Chord[] {
  return Array.from(text, (character) => {
    if (character === "_") return ["shift", "minus"];
    if (/[A-Z]/.test(character)) return ["shift", character.toLowerCase()];
    const name = /[a-z0-9]/.test(character) ? character : NAMES[character];
    if (name === undefined) throw new RangeError(`no key for ${JSON.stringify(character)}`);
    return [name];
  });
}

/** Milliseconds between two keys, since the keyboard buffer of an emulated machine is small. */
const PACE = 150;

/** Presses keys one after the other. */
export async function press(qmp: Qmp, chords: readonly Chord[]): Promise<void> {
  for (const chord of chords) {
    const keys = chord.map((data) => ({ type: "qcode", data }));
    await qmp.execute("send-key", { keys, "hold-time": 40 });
    await Bun.sleep(PACE);
  }
}
