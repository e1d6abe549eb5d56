import { commandLine } from "../process/command-line.ts";
import { skippedTeller } from "../process/program.ts";
import { type RunTool, runTool } from "../process/run.ts";
import { Toolbox } from "../process/toolbox.ts";
import type { SessionOptions } from "./session-options.ts";
import { reportSwept } from "./work/claim.ts";
import type { Context } from "./work/context.ts";
import { keepFailureLog } from "./work/failure-log.ts";
import { WorkDir } from "./work/work-dir.ts";

/** The resources of one run of a command: its work directory, and the images that its phases open. */
export class Session implements AsyncDisposable {
  readonly options: SessionOptions;
  readonly work: WorkDir;
  readonly context: Context;
  /** Runs a program. Its output is written to a log in the work directory. */
  readonly runTool: RunTool;
  readonly #canceller = new AbortController();
  readonly #opened = new AsyncDisposableStack();

  /** @throws PlatterError `E_WORK`, `E_WORK_FOREIGN`, `E_WORK_LOCKED` */
  constructor(options: SessionOptions) {
    this.options = options;
    const { reporter, clock, version } = options;
    const work = openWork(options);
    this.work = work;
    const reportSkipped = skippedTeller((text) => reporter.warn(text));
    this.runTool = (call) => {
      reportSkipped();
      reporter.verbose(commandLine(call.argv));
      return runTool({ ...call, log: call.log ?? work.log("tools") });
    };
    const signal = AbortSignal.any([options.signal, this.#canceller.signal]);
    const toolbox = new Toolbox({
      signal,
      run: this.runTool,
      onFound: (tool) => reporter.verbose(`${tool.name} ${tool.version}: ${tool.path}`),
    });
    this.context = { work, signal, reporter, toolbox, clock, version };
  }

  /** Takes ownership of an opened image or an image with payloads, and returns it. */
  own<T extends AsyncDisposable>(opened: T): T {
    return this.#opened.use(opened);
  }

  /** Releases all images and all resources for reading them. No image can be opened afterwards. */
  async releaseImages(): Promise<void> {
    await this.#opened.disposeAsync();
  }

  /** Aborts the signal of this session's context. */
  cancel(): void {
    this.#canceller.abort();
  }

  /** Calls `work`. If it fails, the log of the failure is kept, even after a temporary work directory is removed. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw this.work.kept ? error : keepFailureLog(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.releaseImages();
    } finally {
      this.work[Symbol.dispose]();
    }
  }
}

/** Opens the work directory, and reports the leftovers of killed runs. */
function openWork({ work, beside, reporter }: SessionOptions): WorkDir {
  if (work === undefined) {
    reportSwept(beside, (text) => reporter.info(text));
    return WorkDir.temporary(beside);
  }
  const opened = WorkDir.open(work);
  for (const name of opened.leftovers)
    reporter.info(`Removed \`${opened.file(name)}\`, left by a run that was killed`);
  return opened;
}
