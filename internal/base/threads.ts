import { availableParallelism } from "node:os";
import { machineError } from "./machine-error.ts";

/** Where the compiled binary keeps a thread's program: not a path of the host's, which anybody could put one at. */
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
  /** What no thread was given yet. */
  readonly #queue: Asked<Request, Answer>[] = [];

  /**
   * `program` is a path in `internal` without `.ts`, which `scripts/build` must name; `ahead` is how many requests a thread
   * may have: one where they take long, more where it should not wait for this thread to give it the next.
   */
  constructor(program: string, { ahead }: { ahead: number }) {
    this.#program = program;
    this.#ahead = ahead;
  }

  /** What is transferred is gone until the answer brings it back. @throws PlatterError `E_THREAD` */
  ask(request: Request, transferred: ArrayBuffer[] = []): Promise<Answer> {
    const { promise, ...asked } = Promise.withResolvers<Answer>();
    this.#queue.push({ request, transferred, ...asked });
    this.#handOut();
    return promise;
  }

  /** Has a thread start up while there is nothing to ask yet. */
  warmUp(): void {
    if (this.#threads.length === 0) this.#start();
  }

  /** Only once nothing is being asked. */
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

  /** The one with the least to do, or another one as long as there are processors. */
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
