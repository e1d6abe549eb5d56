import { createConnection, type Socket } from "node:net";
import { z } from "zod";

const messageSchema = z.union([
  z.object({ return: z.unknown(), id: z.int() }),
  z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.int() }),
  z.object({ event: z.string() }),
  z.object({ QMP: z.unknown() }),
]);

/** Milliseconds that QEMU may take for one command. */
const PATIENCE = 15_000;

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

/** QEMU refused a command of its machine protocol, or closed the connection. */
export class QmpError extends Error {
  override readonly name = "QmpError";
}

/** A connection to QEMU's machine protocol (QEMU, docs/interop/qmp-spec). */
export class Qmp {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #rest = "";

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#receive(text));
    socket.on("error", () => undefined);
    socket.on("close", () => {
      for (const { reject } of this.#waiting.values()) reject(new QmpError("QEMU closed the connection"));
      this.#waiting.clear();
    });
  }

  /**
   * Waits for QEMU's socket, connects, and negotiates.
   * @throws QmpError without a socket after `patience` milliseconds, or when `over` returns true
   */
  static async connect(
    path: string,
    { patience, over }: { patience: number; over: () => boolean },
  ): Promise<Qmp> {
    for (let waited = 0; ; waited += 50) {
      const socket = await open(path);
      if (socket !== undefined) {
        const qmp = new Qmp(socket);
        await qmp.execute("qmp_capabilities");
        return qmp;
      }
      if (over()) throw new QmpError("the machine has ended");
      if (waited >= patience) throw new QmpError(`QEMU did not open \`${path}\` within ${patience} ms`);
      await Bun.sleep(50);
    }
  }

  /**
   * Executes a command of QEMU, and returns its answer.
   * @throws QmpError
   */
  execute(command: string, args: Record<string, unknown> = {}): Promise<unknown> {
    if (this.#socket.destroyed) return Promise.reject(new QmpError("QEMU closed the connection"));
    const id = this.#next++;
    const answer = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    const late = () => this.#waiting.get(id)?.reject(new QmpError(`QEMU did not answer \`${command}\``));
    const timer = setTimeout(late, PATIENCE);
    this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    return answer.finally(() => clearTimeout(timer));
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines.filter((each) => each.trim() !== "")) {
      const message = messageSchema.parse(JSON.parse(line));
      if (!("id" in message)) continue;
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if ("error" in message) waiting?.reject(new QmpError(message.error.desc));
      else waiting?.resolve(message.return);
    }
  }
}

function open(path: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.removeAllListeners("error");
      resolve(socket);
    });
    socket.once("error", () => resolve(undefined));
  });
}
