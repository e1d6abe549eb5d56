import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { shellWord } from "../../../internal/process/command-line.ts";
import { lastLines } from "../../../internal/process/output-sink.ts";
import { programFolders } from "../../../internal/process/program.ts";
import { runTool, type ToolCall } from "../../../internal/process/run.ts";
import { until } from "../../helpers/until.ts";

setDefaultTimeout(20_000);

const scratch = mkdtempSync(join(tmpdir(), "platter-run-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const never = new AbortController().signal;
const sh = (script: string, call: Partial<ToolCall> = {}) =>
  runTool({ argv: ["/bin/sh", "-c", script], signal: never, ...call });

async function* pieces(count: number, size: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield new Uint8Array(size).fill(i);
}

/** Whether a process with this marker in its command line still runs. */
function runs(marker: string): boolean {
  return Bun.spawnSync(["pgrep", "-f", `sleep ${marker}`]).exitCode === 0;
}

/** A number of seconds that no other process sleeps for. */
function marker(): string {
  return `6${Math.floor(Math.random() * 1e6)}.${process.pid}`;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("what a tool gives", () => {
  test("its outputs, apart and whole", async () => {
    const { stdout, stderr, exitCode } = await sh("echo out; echo err >&2; printf 'no newline'");
    expect({ stdout, stderr, exitCode }).toEqual({ stdout: "out\nno newline", stderr: "err\n", exitCode: 0 });
  });

  test("an exit code that the caller accepts is not a failure", async () => {
    expect((await sh("exit 3", { accept: [0, 3] })).exitCode).toBe(3);
  });

  test("its standard output piece by piece, waited for, and not in the log", async () => {
    const log = join(scratch, "pieces.log");
    let sum = 0;
    let busy = false;
    await sh("head -c 3000000 /dev/zero; echo done >&2", {
      log,
      onStdout: async (chunk) => {
        expect(busy).toBe(false);
        busy = true;
        await setImmediate();
        busy = false;
        sum += chunk.length;
      },
    });
    expect(sum).toBe(3_000_000);
    expect(readFileSync(log, "utf8")).toMatch(/^\$ \/bin\/sh -c .*\ndone\n$/);
  });

  test("a log to which each call is added", async () => {
    const log = join(scratch, "added.log");
    await sh("echo one", { log });
    await sh("echo two >&2", { log });
    expect(readFileSync(log, "utf8")).toBe(
      "$ /bin/sh -c 'echo one'\none\n$ /bin/sh -c 'echo two >&2'\ntwo\n",
    );
  });
});

describe("what a tool gets", () => {
  test("an empty standard input, and a small environment", async () => {
    process.env.PLATTER_TEST_LEAK = "leak";
    process.env.BUN_TEST_LEAK = "leak";
    try {
      const { stdout } = await sh("cat; env", { env: { SOURCE_DATE_EPOCH: "5" } });
      expect(stdout).not.toContain("leak");
      expect(stdout).toContain("SOURCE_DATE_EPOCH=5\n");
      expect(stdout).toContain("LC_ALL=C.UTF-8\n");
      expect(stdout).toContain("TZ=UTC\n");
      const [, path = ""] = /^PATH=(.*)$/m.exec(stdout) ?? [];
      expect(path.split(":")).toEqual(programFolders());
      expect(path.split(":")).toContain("/usr/sbin");
    } finally {
      delete process.env.PLATTER_TEST_LEAK;
      delete process.env.BUN_TEST_LEAK;
    }
  });

  test("a program from a folder of PATH that is absolute, and never from the current one", async () => {
    const folder = mkdtempSync(join(tmpdir(), "platter-path-"));
    const [path, before] = [process.env.PATH, process.cwd()];
    writeFileSync(join(folder, "platter-relative"), "#!/bin/sh\necho ran\n", { mode: 0o755 });
    try {
      process.chdir(folder);
      process.env.PATH = `.::${path}`;
      const signal = new AbortController().signal;
      await expect(runTool({ argv: ["platter-relative"], signal })).rejects.toMatchObject({
        code: "E_TOOL_MISSING",
        message: "Cannot run `platter-relative`: it is not in PATH",
      });
      const { stdout } = await runTool({ argv: ["sh", "-c", "echo $PATH"], signal });
      expect(
        stdout
          .trim()
          .split(":")
          .filter((each) => !each.startsWith("/")),
      ).toEqual([]);
    } finally {
      process.chdir(before);
      process.env.PATH = path;
      rmSync(folder, { recursive: true });
    }
  });

  test("an end, if it prints without end: its whole group goes", async () => {
    const started = sh("echo $$; yes", { maxOutput: 1 << 20 });
    await expect(started).rejects.toMatchObject({
      code: "E_TOOL_FAILED",
      message: "Cannot use the output of `sh`: it printed more than 1048576 bytes",
    });
  });

  test("a log of a mebibyte at most", async () => {
    const folder = mkdtempSync(join(tmpdir(), "platter-log-"));
    const log = join(folder, "log");
    try {
      await sh("head -c 5000000 /dev/zero | tr '\\0' x >&2", { log });
      const text = readFileSync(log, "utf8");
      expect(text.length).toBeLessThan(1.1 * (1 << 20));
      expect(text).toEndWith("(platter leaves out the rest)\n");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test("a stream as standard input, to the last byte", async () => {
    expect((await sh("wc -c", { stdin: pieces(40, 100_000) })).stdout.trim()).toBe("4000000");
  });

  test("a stream that it does not read to the end: its own word counts, and the stream is closed", async () => {
    let closed = false;
    async function* endless() {
      try {
        for (;;) yield new Uint8Array(300_000);
      } finally {
        closed = true;
      }
    }
    expect((await sh("head -c 10 | wc -c", { stdin: endless() })).stdout.trim()).toBe("10");
    expect(closed).toBe(true);
    expect(
      await failure(sh("head -c 10 >/dev/null; echo enough >&2; exit 7", { stdin: endless() })),
    ).toMatchObject({
      code: "E_TOOL_FAILED",
      message: "`sh` failed with exit code 7",
      detail: ["enough"],
    });
  });

  test("a stream that fails: the tool is ended, and the failure is the stream's", async () => {
    async function* broken() {
      yield new Uint8Array(10);
      throw new Error("the source broke");
    }
    const sleep = marker();
    const error = await failure(sh(`cat >/dev/null; sleep ${sleep}`, { stdin: broken() }));
    expect((error as Error).message).toBe("the source broke");
    expect(runs(sleep)).toBe(false);
  });
});

describe("a tool that fails", () => {
  test("reports the last lines of both outputs, without empty ones", async () => {
    const log = join(scratch, "failed.log");
    const error = await failure(
      sh("seq 1 20; echo; echo 'at\rlast' >&2; exit 9", { log, name: "mksquashfs" }),
    );
    expect(error).toMatchObject({
      code: "E_TOOL_FAILED",
      exitCode: 4,
      message: "`mksquashfs` failed with exit code 9",
      hint: `Read its full output in \`${log}\`.`,
      log,
    });
    const { detail } = error as { detail: string[] };
    expect(detail).toHaveLength(15);
    expect(detail.toSorted()).toEqual(
      [...Array.from({ length: 13 }, (_, i) => String(i + 8)), "at", "last"].toSorted(),
    );
    expect(readFileSync(log, "utf8")).toContain("\n1\n2\n");
  });

  test("by a signal", async () => {
    expect(await failure(sh("kill -TERM $$"))).toMatchObject({
      message: "`sh` failed with signal SIGTERM",
      hint: undefined,
    });
  });

  test.each([
    "write: No space left on device",
    "write: Disk quota exceeded",
  ])("for want of space, whatever its exit code: %s", async (words) => {
    expect(await failure(sh(`echo '${words}' >&2; exit 1`))).toMatchObject({
      code: "E_NO_SPACE",
      exitCode: 5,
      hint: expect.stringContaining("Free some space"),
    });
  });

  test("because it is missing, or is not a program", async () => {
    for (const argv of [["/nowhere/tool"], [scratch]]) {
      expect(await failure(runTool({ argv, signal: never }))).toMatchObject({
        code: "E_TOOL_MISSING",
        exitCode: 4,
        message: expect.stringContaining(`\`${argv[0]!.split("/").pop()}\``),
      });
    }
  });

  test("because the one who takes its output does", async () => {
    const sleep = marker();
    const error = await failure(
      sh(`echo x; sleep ${sleep}`, {
        onStdout: () => {
          throw new Error("no more");
        },
      }),
    );
    expect((error as Error).message).toBe("no more");
    expect(runs(sleep)).toBe(false);
  });
});

describe("an interruption", () => {
  test("before the start: nothing is started", async () => {
    const file = join(scratch, "never");
    const controller = new AbortController();
    controller.abort();
    expect(await failure(sh(`touch ${file}`, { signal: controller.signal }))).toMatchObject({
      code: "E_INTERRUPTED",
      exitCode: 130,
    });
    expect(existsSync(file)).toBe(false);
  });

  test.each([
    ["a willing tool, without waiting", "", { after: 2.5, seen: false }],
    ["one that ignores SIGTERM, after a while", "trap '' TERM; ", { after: 0, seen: true }],
    [
      "children that ignore SIGTERM, with a willing tool",
      "(trap '' TERM; sleep MARK) & ",
      { after: 2.5, seen: false },
    ],
  ])("ends %s", async (_, before, { after, seen }) => {
    const sleep = marker();
    const [ready, childReady, late] = ["ready", "child-ready", "late"].map((name) =>
      join(scratch, `${name}-${sleep}`),
    ) as [string, string, string];
    const controller = new AbortController();
    // A tool that ignores SIGTERM gets three seconds, and this child acts some seconds after SIGTERM.
    const child = `(trap 'sleep ${after}; touch ${late}' TERM; touch ${childReady}; while :; do sleep ${sleep}; done) &`;
    const script = `${child} ${before.replace("MARK", sleep)}touch ${ready}; sleep ${sleep} & sleep ${sleep}; sleep ${sleep}`;
    const running = failure(
      sh(script, { signal: controller.signal, name: "tool", stdin: pieces(1000, 65_536) }),
    );
    await until(() => existsSync(ready) && existsSync(childReady));
    controller.abort();
    expect(await running).toMatchObject({ code: "E_INTERRUPTED", message: "Interrupted during tool" });
    expect(existsSync(late)).toBe(seen);
    expect(runs(sleep)).toBe(false);
  });
});

test("children that a tool leaves in its group end with it, and do not hold its output open", async () => {
  const sleep = marker();
  const { stdout } = await sh(`sleep ${sleep} & echo done`);
  expect(stdout).toBe("done\n");
  expect(runs(sleep)).toBe(false);
});

test.each([
  ["plain-word_1.2/3:@%+=,", "plain-word_1.2/3:@%+=,"],
  ["two words", "'two words'"],
  ["", "''"],
  ["it's", "'it'\\''s'"],
  ["$(x)", "'$(x)'"],
  ["a\nb", "'a\nb'"],
])("%j is pasted into a shell as %j", (word, expected) => {
  expect(shellWord(word)).toBe(expected);
  expect(Bun.spawnSync(["sh", "-c", `printf %s ${shellWord(word)}`]).stdout.toString()).toBe(word);
});

test("last lines are safe on a terminal", () => {
  expect(lastLines("a\r\n\n \x1b[31mred\x07\tx\n")).toEqual(["a", " \\x1b[31mred\\x07 x"]);
  expect(lastLines(Array.from({ length: 100 }, (_, i) => i).join("\n"))).toEqual(
    Array.from({ length: 15 }, (_, i) => String(i + 85)),
  );
});
