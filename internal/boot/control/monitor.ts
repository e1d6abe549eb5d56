import { dirname, join } from "node:path";
import { type Chord, press } from "./keyboard.ts";
import type { Picture } from "./png.ts";
import { Qmp, QmpError } from "./qmp.ts";
import { readScreen } from "./screenshot.ts";

/** Milliseconds until QEMU's socket is there. */
const PATIENCE = 5000;

/** The connection to QEMU while a machine boots, for its keyboard and its screen. */
export class BootMonitor implements AsyncDisposable {
  readonly #scratch: string;
  readonly #connecting: Promise<Qmp>;
  #isConnected = false;
  #pictures = 0;

  /** `socket` is the path of QEMU's socket. Its folder takes temporary files. */
  constructor(socket: string, { over }: { over: () => boolean }) {
    this.#scratch = dirname(socket);
    this.#connecting = Qmp.connect(socket, { patience: PATIENCE, over });
    this.#connecting.then(
      () => {
        this.#isConnected = true;
      },
      () => undefined,
    );
  }

  /** Presses keys one after the other. @throws QmpError */
  async press(chords: readonly Chord[]): Promise<void> {
    await press(await this.#connecting, chords);
  }

  /** The machine's screen; undefined if the machine has just ended, or QEMU does not answer yet. */
  async screen(): Promise<Picture | undefined> {
    if (!this.#isConnected) return undefined;
    const scratch = join(this.#scratch, `screen-${++this.#pictures}.ppm`);
    try {
      return await readScreen(await this.#connecting, scratch);
    } catch (error) {
      if (error instanceof QmpError) return undefined;
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connecting.then(
      (qmp) => qmp.close(),
      () => undefined,
    );
  }
}
