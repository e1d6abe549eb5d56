import { availableParallelism } from "node:os";
import { machineError } from "./machine-error.ts";

/**
 * The folder of a thread's program in the compiled binary. It is not a path of the host, at which others could put a
 * file.
 */
const EMBEDDED = "/$bunfs/root/internal";

interface Asked<Request, Answer> {
  request: Request;
  transferred: ArrayBuffer[];
  resolve: (answer: Answer) => void;
  reject: (error: Error) => void;
}

interface Thread<Request, Answer> {
  worker: Worker;
  /** Requests without an answer, in the order in which the thread answers. */
  pending: Asked<Request, Answer>[];
}

/** Threads that run one program, which answers each request in turn: as many as there are processors. */
export class Threads<Request, Answer> implements Disposable {
  readonly #program: string;
  readonly #ahead: number;
  #threads: Thread<Request, Answer>[] = [];
  /** Requests that no thread has yet. */
  readonly #queue: Asked<Request, Answer>[] = [];

  /**
   * `program` is a path in `internal` without `.ts`, which `scripts/build` must name; `ahead` is the number of requests
   * that a thread may hold: one for long requests, more if it should not wait for the next one.
   */
  constructor(program: string, { ahead }: { ahead: number }) {
    this.#program = program;
    this.#ahead = ahead;
  }

  /** Transferred buffers are not usable until the answer returns them. @throws PlatterError `E_THREAD` */
  ask(request: Request, transferred: ArrayBuffer[] = []): Promise<Answer> {
    const { promise, ...asked } = Promise.withResolvers<Answer>();
    this.#queue.push({ request, transferred, ...asked });
    this.#handOut();
    return promise;
  }

  /** Starts a thread before the first request. */
  warmUp(): void {
    if (this.#threads.length === 0) this.#start();
  }

  /** It must not be called while a request is pending. */
  [Symbol.dispose](): void {
    for (const { worker } of this.#threads) worker.terminate();
  }

  #handOut(): void {
    while (this.#queue.length > 0) {
      const thread = this.#readiest();
      if (thread === undefined) return;
      const asked = this.#queue.shift() as Asked<Request, Answer>;
      thread.pending.push(asked);
      thread.worker.postMessage(asked.request, asked.transferred);
    }
  }

  /** The thread with the fewest requests, or a new one if there are more processors than threads. */
  #readiest(): Thread<Request, Answer> | undefined {
    let idlest = this.#threads[0];
    for (const thread of this.#threads) {
      if (thread.pending.length < (idlest as typeof thread).pending.length) idlest = thread;
    }
    if (idlest?.pending.length === 0) return idlest;
    if (idlest === undefined || this.#threads.length < availableParallelism()) return this.#start();
    return idlest.pending.length < this.#ahead ? idlest : undefined;
  }

  #start(): Thread<Request, Answer> {
    const program = Bun.main.startsWith("/$bunfs/")
      ? `${EMBEDDED}/${this.#program}.js`
      : new URL(`../${this.#program}.ts`, import.meta.url);
    const thread: Thread<Request, Answer> = { worker: new Worker(program), pending: [] };
    thread.worker.onmessage = ({ data }: MessageEvent<Answer>) => {
      thread.pending.shift()?.resolve(data);
      this.#handOut();
    };
    thread.worker.onerror = ({ message }) => {
      this.#threads = this.#threads.filter((each) => each !== thread);
      const error = machineError(new Error(message), {
        code: "E_THREAD",
        message: "Cannot continue a thread",
      });
      for (const { reject } of thread.pending.splice(0)) reject(error);
      this.#handOut();
    };
    this.#threads.push(thread);
    return thread;
  }
}
