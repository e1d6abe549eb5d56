import { describe, expect, test } from "bun:test";
import type { Chord } from "../../../internal/boot/control/keyboard.ts";
import { serialConsoleArgument } from "../../../internal/boot/machine.ts";
import { addSerialConsole, type DrivenMachine } from "../../../internal/boot/menu-drive.ts";
import type { Phase } from "../../../internal/boot/phase.ts";
import { menuHasSerialConsole } from "../../../internal/boot/serial-console.ts";

interface Trait {
  /** The picture is not on the serial line until GRUB is set to use its text terminal. */
  graphical?: true;
  /** The menu boots before it can be stopped. */
  hasty?: true;
  /** A password is asked for in the command line and the editor. */
  locked?: true;
  /** The entry has no kernel. */
  empty?: true;
  /** The editor does not take what is typed. */
  deaf?: true;
}

/** GRUB as the driver sees it: a menu, a command line and an editor. */
class FakeGrub implements DrivenMachine {
  readonly #traits: Trait;
  #mode: "menu" | "prompt" | "editor" | "booted" = "menu";
  #onSerial: boolean;
  #command = "";
  #row = 0;
  #atEnd = false;
  lines: string[];
  waited = 0;
  /** Whether the menu was visible, each time that the driver reported it. */
  readonly menus: boolean[] = [];

  constructor(traits: Trait = {}) {
    this.#traits = traits;
    this.#onSerial = traits.graphical !== true;
    this.lines = [
      "setparams 'Install'",
      "",
      "  linux /vmlinuz root=live:CDLABEL=X quiet",
      "  initrd /initrd.img",
    ];
    if (traits.empty === true) this.lines = ["setparams 'Back'", "  exit"];
  }

  readonly onMenu = async () => void this.menus.push(this.#mode === "menu" && this.#onSerial);

  readonly screen = this.#view();

  /** Looked at again and again, so nothing of it is kept. */
  #view(): DrivenMachine["screen"] {
    const shown = () => (this.#onSerial ? this.#shown() : []);
    const row = () => this.#row;
    return {
      get cursorRow() {
        return 4 + row();
      },
      line: (wanted) => shown()[wanted - 1] ?? "",
      get text() {
        return shown().join("\n");
      },
    };
  }

  #shown(): string[] {
    switch (this.#mode) {
      case "menu":
        return ["GNU GRUB", "", "", "*Install", "Press enter to boot the selected OS, `e' to edit"];
      case "prompt":
        return [`grub> ${this.#command}`.trimEnd()];
      case "editor":
        return ["GNU GRUB", "", "", ...this.lines.map((line) => ` ${line}`), "Press Ctrl-x or F10 to boot"];
      case "booted":
        return [];
    }
  }

  phase = (): Phase => (this.#mode === "booted" || this.#traits.hasty === true ? "kernel" : "grub");
  over = () => this.waited > 200_000;

  sleep = async (milliseconds: number) => {
    this.waited += milliseconds;
  };

  press = async (chords: readonly Chord[]) => {
    for (const chord of chords) this.#key(chord.join("-"));
  };

  #key(key: string): void {
    const typed =
      { spc: " ", equal: "=", "shift-minus": "_" }[key] ??
      /^shift-([a-z])$/.exec(key)?.[1]?.toUpperCase() ??
      (key.length === 1 ? key : "");
    if (this.#mode === "menu") {
      if (this.#traits.locked === true) return;
      if (key === "c") this.#mode = "prompt";
      if (key === "e") this.#mode = "editor";
      if (this.#mode === "editor") this.#row = 0;
    } else if (this.#mode === "prompt") {
      if (key === "ctrl-u") this.#command = "";
      else if (key === "esc") this.#mode = "menu";
      else if (key === "ret") {
        if (this.#command === "terminal_output console") this.#onSerial = true;
        this.#command = "";
      } else this.#command += typed;
    } else if (this.#mode === "editor") {
      if (key === "ctrl-n") this.#row = Math.min(this.lines.length - 1, this.#row + 1);
      else if (key === "ctrl-e") this.#atEnd = true;
      else if (key === "ctrl-x") this.#mode = "booted";
      else if (this.#traits.deaf !== true && this.#atEnd) this.lines[this.#row] += typed;
    }
  }
}

describe("addSerialConsole", () => {
  test.each([
    ["a menu on the serial line", {}],
    ["a menu that is only a picture", { graphical: true }],
  ] as const)("edits %s, and nothing but the kernel's line", async (_name, traits) => {
    const grub = new FakeGrub(traits);
    expect(await addSerialConsole(grub, "console=ttyS0")).toEqual({ kind: "console-added" });
    expect(grub.phase()).toBe("kernel");
    expect(grub.menus).toEqual([true]);
    expect(grub.lines).toEqual([
      "setparams 'Install'",
      "",
      "  linux /vmlinuz root=live:CDLABEL=X quiet console=ttyS0",
      "  initrd /initrd.img",
    ]);
  });

  test.each([
    ["the menu is gone already", { hasty: true }, /did not report/],
    ["there is a password", { locked: true }, /password/],
    ["the entry starts no kernel", { empty: true }, /no `linux` line/],
    ["keys are lost", { deaf: true }, /did not take the text/],
  ] as const)("says why not where %s", async (_name, traits, why) => {
    const outcome = await addSerialConsole(new FakeGrub(traits), "console=ttyS0");
    expect(outcome).toMatchObject({ kind: "not-driven", why: expect.stringMatching(why) });
  });

  test("adds the console of the machine's architecture", async () => {
    const grub = new FakeGrub();
    await addSerialConsole(grub, serialConsoleArgument("aarch64"));
    expect(grub.lines[2]).toEndWith(" console=ttyAMA0");
  });

  test("gives up when the boot is over", async () => {
    const grub = new FakeGrub();
    grub.over = () => true;
    expect((await addSerialConsole(grub, "console=ttyS0")).kind).toBe("not-driven");
    expect(grub.waited).toBeLessThan(5000);
  });
});

describe("menuHasSerialConsole", () => {
  const entry = (title: string, args: string) =>
    `menuentry '${title}' {\n  linux /vmlinuz ${args}\n  initrd /i\n}\n`;
  test.each([
    ["the only entry has one", entry("A", "quiet console=tty0 console=ttyS0,115200"), true],
    ["the only entry has none", entry("A", "quiet console=tty0"), false],
    ["no default means the first", entry("A", "quiet") + entry("B", "console=ttyS0"), false],
    ["the default by number", `set default=1\n${entry("A", "quiet")}${entry("B", "console=ttyS0")}`, true],
    ["the default by title", `set default="B"\n${entry("A", "console=ttyS0")}${entry("B", "quiet")}`, false],
    ["a default that is not there", `set default=7\n${entry("A", "console=ttyS0")}`, true],
    ["an old name of the command", "menuentry 'A' { linuxefi /vmlinuz console=ttyAMA0; }", true],
    ["a menu that only leads to another", "configfile /EFI/BOOT/grub.cfg\n", undefined],
    ["nothing", "", undefined],
  ])("%s", (_name, script, expected) => {
    expect(menuHasSerialConsole(script)).toBe(expected as boolean);
  });
});
