/**
 * A scratch folder in which the real binary runs. Its path is in the PATH of every process that is started here, so
 * that a leftover process is found by its environment.
 */
import { expect } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { untilOrLate } from "./until.ts";

const PROJECT = resolve(import.meta.dir, "../..");
export const BINARY = resolve(PROJECT, process.env.PLATTER_BINARY ?? "dist/platter");
/** Milliseconds after which a run counts as hanging. */
const PATIENCE = 60_000;
/** Milliseconds that a killed process may take to go away. */
const SETTLING = 2000;

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Replaces the PATH of the host. */
  path?: string;
  /** A command that runs the binary, such as one that changes the user first. */
  prefix?: readonly string[];
}

/** A run of the binary that is under way. */
export interface Running {
  pid: number;
  signal(name: NodeJS.Signals): void;
  done: Promise<Ran>;
}

export class Scene implements Disposable {
  readonly path: string;
  /** Programs here come before those of the host. */
  readonly bin: string;
  /** Where outputs go. */
  readonly out: string;
  /** The run's folder for temporary files. */
  readonly tmp: string;
  /** Where the test itself has mounted something. */
  readonly #mountPoints = new Set<string>();

  constructor(name: string) {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is not there: run ./scripts/build`);
    this.path = mkdtempSync(join(tmpdir(), `platter-test-${name}-`));
    [this.bin, this.out, this.tmp] = ["bin", "out", "tmp"].map((folder) => this.folder(folder)) as [
      string,
      string,
      string,
    ];
  }

  /** A path in the scene. */
  at(name: string): string {
    return join(this.path, name);
  }

  folder(name: string): string {
    mkdirSync(this.at(name), { recursive: true });
    return this.at(name);
  }

  /** Writes a file, with the folders above it. */
  write(name: string, content: string | Uint8Array): string {
    const path = this.at(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** A program that is found before the host's, as a shell script. */
  fake(name: string, script: string): string {
    const path = this.write(`bin/${name}`, `#!/bin/sh\n${script}\n`);
    chmodSync(path, 0o755);
    return path;
  }

  /** A PATH with the scene's own programs and only these programs of the host. */
  only(...programs: string[]): string {
    const folder = this.folder(`only-${programs.join("-") || "none"}`);
    for (const program of programs) {
      const path = join(folder, program);
      if (!existsSync(path)) symlinkSync(hostProgram(program), path);
    }
    return folder;
  }

  /** Mounts something on a folder of the scene, until the scene ends. Needs root. */
  mount(folder: string, ...args: string[]): void {
    const done = Bun.spawnSync(["mount", ...args, folder], { stderr: "pipe" });
    if (done.exitCode !== 0) throw new Error(`mount ${args.join(" ")}: ${done.stderr.toString()}`);
    this.#mountPoints.add(folder);
  }

  start(args: readonly string[], options: RunOptions = {}): Running {
    const child = Bun.spawn([...(options.prefix ?? []), BINARY, ...args], {
      cwd: options.cwd ?? this.path,
      env: {
        PATH: `${this.bin}:${options.path ?? process.env.PATH ?? ""}`,
        TMPDIR: this.tmp,
        HOME: this.path,
        ...options.env,
      },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: PATIENCE,
      killSignal: "SIGKILL",
    });
    const finish = async (): Promise<Ran> => {
      const [stdout, stderr] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited,
      ]);
      return { code: child.exitCode, stdout, stderr };
    };
    return { pid: child.pid, signal: (name) => child.kill(name), done: finish() };
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    return this.start(args, options).done;
  }

  /** Runs the binary, which must succeed. */
  async succeed(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const ran = await this.run(args, options);
    if (ran.code !== 0) throw new Error(`platter ${args.join(" ")} left with ${ran.code}:\n${ran.stderr}`);
    return ran;
  }

  /** Everything that must be gone after a run: temporary folders, unfinished files, mounts, processes. */
  async leftovers(): Promise<string[]> {
    await untilOrLate(() => this.processes().length === 0, SETTLING);
    const processes = this.processes();
    const mounts = this.#mounts().filter((point) => !this.#mountPoints.has(point));
    return [...this.#files(), ...mounts.map((point) => `mount ${point}`), ...processes];
  }

  #files(): string[] {
    const names = [".platter-*", "*.partial", ".enclosed-*", "lock"].flatMap((name) => ["-o", "-name", name]);
    const found = Bun.spawnSync(["find", this.path, ...["(", ...names.slice(1), ")"]]);
    return found.stdout
      .toString()
      .split("\n")
      .filter((path) => path !== "")
      .sort();
  }

  /** Processes that were started from here and still run. */
  processes(): string[] {
    return readdirSync("/proc").flatMap((pid) => {
      if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, "latin1");
        if (!environment.includes(this.path)) return [];
        return [`process ${pid}: ${readFileSync(`/proc/${pid}/cmdline`, "latin1").replaceAll("\0", " ")}`];
      } catch {
        return [];
      }
    });
  }

  /** Mount points below this scene, as this process sees them. */
  #mounts(): string[] {
    return readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .map((line) => line.split(" ")[4] ?? "")
      .filter((point) => point.startsWith(`${this.path}/`));
  }

  [Symbol.dispose](): void {
    for (const point of this.#mounts().reverse()) Bun.spawnSync(["umount", "-l", point]);
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function hostProgram(name: string): string {
  const path = Bun.which(name, { PATH: `${process.env.PATH}:/usr/sbin:/sbin` });
  if (path === null) throw new Error(`this test needs ${name} on the host`);
  return path;
}

export interface Refusal {
  exit: number;
  /** Stable code of the error. */
  code: string;
  /** Key words of the message and its details. */
  says: readonly string[];
  /** Key words of the hint; none where the details say what to do. */
  hint?: readonly string[];
}

/** Asserts one clear message with its hint, and no leftovers. */
export async function expectRefusal(scene: Scene, ran: Ran, refusal: Refusal): Promise<void> {
  const { stderr } = ran;
  const told = stderr.slice(stderr.search(/^error\[/m));
  // The problems that caused an error come before it.
  const codes = [...told.matchAll(/^error\[(E_[A-Z0-9_]+)\]: /gm)].map(([, code]) => code);
  expect({ exit: ran.code, code: codes.at(-1), stderr }).toEqual({
    exit: refusal.exit,
    code: refusal.code,
    stderr,
  });
  const advice = /^ {2}(?:hint|fix): .*\n/gm;
  const message = told.replaceAll(advice, "");
  for (const words of refusal.says) expect(message).toContain(words);
  for (const words of refusal.hint ?? []) expect((told.match(advice) ?? []).join("")).toContain(words);
  expect(codes.filter((code) => code === refusal.code)).toHaveLength(1);
  expectNoStack(stderr);
  expect(await scene.leftovers()).toEqual([]);
  expect(isosIn(scene)).toEqual([]);
}

/** No stack trace, no word of a bug, no inner path of the binary. */
export function expectNoStack(stderr: string): void {
  expect(stderr).not.toMatch(/^\s+at .*[:(]|E_BUG|\$bunfs|^Bun v|\berrno\b|\bsyscall\b/m);
}

function isosIn(scene: Scene): string[] {
  return readdirSync(scene.out).filter((name) => name.endsWith(".iso"));
}
