import type { BootFailureCode } from "./boot-failures.ts";
import { ConsoleText } from "./console-text.ts";
import { type FailureSign, failureSign } from "./failure-signs.ts";
import { PHASES, type Phase, type PhaseStart, type PhaseTime, phaseBegun, phaseTimes } from "./phase.ts";

/** A login prompt, or the last target of systemd. */
const BOOTED = /\blogin: *(?:$|\[ *\d+\.\d+\] )|Reached target .*(multi-user|graphical)(\.target|\b)/i;

/** The kernel's last line when user space switches the machine off, as at the end of a test or an installation. */
const POWERED_OFF = /\breboot: (?:Power down|System halted)/;

/**
 * Milliseconds without output after which an unfinished line is checked, since a prompt does not end with a line break.
 */
const IDLE = 1000;
/** Milliseconds in which a boot may continue after an error that is not always fatal. */
const PATIENCE = 20_000;
const LINES_KEPT = 20;

export type Verdict =
  | { outcome: "booted"; line: string }
  | {
      outcome: "failed";
      phase: Phase;
      code: BootFailureCode;
      message: string;
      hint: string | undefined;
      line: string;
    };

interface ConsoleWatcherOptions {
  /** When the machine was switched on; all times are milliseconds of the same clock. */
  start: number;
  /**
   * The pattern of a line that shows a successful boot; default: `BOOTED`, or that user space switched the machine off.
   */
  until?: RegExp | undefined;
  /** Codes of failure signs that are expected in this boot. */
  expected?: ReadonlySet<string> | undefined;
  /** Called when a phase begins, the first time immediately. */
  onPhase?: ((phase: Phase) => void) | undefined;
}

/**
 * Follows a boot by the output on the serial line. It records the phases with their times, and the success or failure.
 * The caller passes the time.
 */
export class ConsoleWatcher {
  readonly #until: RegExp;
  readonly #powerOff: "counts" | "does-not-count";
  readonly #expected: ReadonlySet<string>;
  readonly #text = new ConsoleText();
  readonly #starts: PhaseStart[] = [];
  readonly #onPhase: ConsoleWatcherOptions["onPhase"];
  readonly #lastLines: string[] = [];
  #pending: { sign: FailureSign; phase: Phase; line: string; since: number } | undefined;
  #verdict: Verdict | undefined;
  #lastFed: number;
  #looked = "";

  constructor({ start, until, expected, onPhase }: ConsoleWatcherOptions) {
    this.#expected = expected ?? new Set();
    // A global or sticky pattern would keep the position of its last match.
    this.#until = new RegExp(until ?? BOOTED, (until ?? BOOTED).flags.replace(/[gy]/g, ""));
    this.#powerOff = until === undefined ? "counts" : "does-not-count";
    this.#onPhase = onPhase;
    this.#lastFed = start;
    this.#begin("firmware", start);
  }

  feed(chunk: Uint8Array, now: number): void {
    this.#lastFed = now;
    for (const line of this.#text.feed(chunk)) {
      // The rest of a frame is of no use in a report.
      if (/[A-Za-z0-9]/.test(line) && this.#lastLines.push(line.trim()) > LINES_KEPT) this.#lastLines.shift();
      this.#judge(line, now);
    }
  }

  /** Call this regularly. It checks unfinished lines for prompts, and errors without any output after them. */
  tick(now: number): void {
    const { partial } = this.#text;
    if (now - this.#lastFed >= IDLE && partial.trim() !== "" && partial !== this.#looked) {
      this.#looked = partial;
      this.#judge(partial, now);
    }
    if (this.#pending !== undefined && now - this.#pending.since >= PATIENCE) this.#fail(this.#pending);
  }

  /** Call this at the end of the output. */
  end(now: number): void {
    if (this.#text.partial.trim() !== "") this.#judge(this.#text.partial, now);
    if (this.#pending !== undefined) this.#fail(this.#pending);
  }

  #begin(phase: Phase, at: number): void {
    this.#starts.push({ phase, at });
    this.#onPhase?.(phase);
  }

  #judge(line: string, now: number): void {
    if (this.#verdict !== undefined) return;
    const begun = phaseBegun(line, this.phase);
    if (begun !== undefined) {
      this.#begin(begun, now);
      this.#pending = undefined;
    }
    const isEnd = this.#powerOff === "counts" && this.phase === "user-space" && POWERED_OFF.test(line);
    if (isEnd || this.#until.test(line)) {
      this.#verdict = { outcome: "booted", line: line.trim() };
      return;
    }
    const sign = failureSign(line, this.phase);
    if (sign === undefined || this.#expected.has(sign.code)) return;
    const phase = sign.phase ?? this.phase;
    if (sign.unlessItGoesOn !== true) this.#fail({ sign, phase, line });
    else this.#pending ??= { sign, phase, line, since: now };
  }

  #fail({ sign, phase, line }: { sign: FailureSign; phase: Phase; line: string }): void {
    const { code, message, hint } = sign;
    this.#verdict ??= { outcome: "failed", phase, code, message, hint, line: line.trim() };
  }

  get verdict(): Verdict | undefined {
    return this.#verdict;
  }

  /** The current phase. */
  get phase(): Phase {
    return this.#starts[this.#starts.length - 1]!.phase;
  }

  /** The last error, if there was no output after it. */
  get suspicion(): string | undefined {
    return this.#pending?.line.trim();
  }

  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  /** The phases seen so far, the last one until `now`. */
  phaseTimes(now: number): PhaseTime[] {
    return phaseTimes(this.#starts, now);
  }

  /** The phase that should follow. */
  get awaited(): Phase | undefined {
    const next = PHASES[PHASES.indexOf(this.phase) + 1];
    return next === "shim" ? "grub" : next;
  }
}
