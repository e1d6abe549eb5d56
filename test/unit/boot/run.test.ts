import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlatterError } from "../../../internal/base/error.ts";
import { interrupted } from "../../../internal/base/interrupt.ts";
import { chooseAccelerator, firmwareRuns } from "../../../internal/boot/accelerator.ts";
import { Qmp, QmpError } from "../../../internal/boot/qmp.ts";
import { type BootRequest, type BootWorld, bootOnce } from "../../../internal/boot/run.ts";
import { SerialLog } from "../../../internal/boot/serial-log.ts";
import { type RunTool, runTool } from "../../../internal/process/run.ts";

let folder: string;
let iso: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "platter-test-boot-"));
  iso = join(folder, "a, b.iso");
  writeFileSync(iso, "not much of an ISO");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bytes = (text: string) => new TextEncoder().encode(text);

function request(over: Partial<BootRequest> = {}): BootRequest {
  return {
    firmware: "bios",
    media: "cd",
    iso,
    architecture: "x86_64",
    accelerator: "tcg",
    memoryMiB: 256,
    cpus: 1,
    network: "none",
    timeout: 20,
    menu: "leave-alone",
    keepIn: join(folder, "logs"),
    ...over,
  };
}

const never = new AbortController().signal;
const now = () => performance.now();

/** A QEMU that says its lines and then stays until it is ended, or goes. */
function actor(script: {
  says: string[];
  ending: "stays" | "goes" | "fails";
  seen?: string[][];
  onStay?: () => void;
}): RunTool {
  return async ({ argv, signal, onStdout }) => {
    script.seen?.push([...argv]);
    for (const line of script.says) await onStdout?.(bytes(`${line}\r\n`));
    if (script.ending === "goes") return { exitCode: 0, stdout: "", stderr: "" };
    if (script.ending === "fails") {
      throw new PlatterError({
        code: "E_TOOL_FAILED",
        kind: "tool",
        message: "`qemu` failed with exit code 1",
      });
    }
    script.onStay?.();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve());
    });
    throw interrupted("qemu");
  };
}

function world(run: RunTool, signal = never): BootWorld {
  return { run, signal, now };
}

describe("bootOnce", () => {
  test("ends the machine once it is up, and tells the phases", async () => {
    const seen: string[][] = [];
    const phases: string[] = [];
    const says = ["SeaBIOS", "Welcome to GRUB!", "[    0.000000] Linux version 6.1", "x login: ", ""];
    const result = await bootOnce(request(), {
      ...world(actor({ says, ending: "stays", seen })),
      onPhase: (phase) => phases.push(phase),
    });
    expect(result.failure).toBeUndefined();
    expect(result.reached).toBe("x login:");
    expect(result.phases.map(({ phase }) => phase)).toEqual(["firmware", "grub", "kernel"]);
    expect(phases).toEqual(["grub", "kernel"]);
    expect(readFileSync(result.serialLog, "utf8")).toContain("Welcome to GRUB!");
    expect(seen[0]?.join(" ")).toContain(`file=${folder}/a,, b.iso`);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(".platter-"))).not.toContain(
      seen[0]?.join(" ").match(/\.platter-\w+/)?.[0] ?? "none",
    );
  });

  test("a machine that goes off has not booted", async () => {
    const result = await bootOnce(request(), world(actor({ says: ["Welcome to GRUB!"], ending: "goes" })));
    expect(result.failure).toMatchObject({ code: "B_ENDED", phase: "grub", lastLines: ["Welcome to GRUB!"] });
    expect(result.screenshot).toBeUndefined();
  });

  test("a failure on the console ends the machine, and a picture that cannot be had does not hide it", async () => {
    const run = actor({ says: ["SeaBIOS", "No bootable device."], ending: "stays" });
    const result = await bootOnce(request(), world(run));
    expect(result.failure).toMatchObject({ code: "B_NO_BOOT_DEVICE", phase: "firmware" });
    expect(result.screenshot).toBeUndefined();
  }, 20_000);

  test("an interruption is thrown, after the machine has ended", async () => {
    const stop = new AbortController();
    const run = actor({ says: ["SeaBIOS"], ending: "stays", onStay: () => stop.abort() });
    await expect(bootOnce(request(), world(run, stop.signal))).rejects.toMatchObject({
      code: "E_INTERRUPTED",
    });
  });

  test("a QEMU that fails is an error, not a boot that failed", async () => {
    const run = actor({ says: [], ending: "fails" });
    await expect(bootOnce(request(), world(run))).rejects.toMatchObject({ code: "E_TOOL_FAILED" });
  });

  test("logs that cannot be kept are an error", async () => {
    const run = actor({ says: [], ending: "goes" });
    const keepIn = join(iso, "logs");
    await expect(bootOnce(request({ keepIn }), world(run))).rejects.toMatchObject({ code: "E_BOOT_LOGS" });
  });

  test("BIOS on aarch64 is refused", async () => {
    const run = actor({ says: [], ending: "goes" });
    const wanted = bootOnce(request({ architecture: "aarch64" }), world(run));
    // Without an emulator for aarch64 it is that which is missing.
    await expect(wanted).rejects.toMatchObject({ code: expect.stringMatching(/E_BOOT_WAY|E_TOOL_MISSING/) });
  });
});

describe("SerialLog", () => {
  test("keeps what is said, up to a limit", () => {
    const path = join(folder, "serial.log");
    {
      using log = new SerialLog(path, 10);
      for (const piece of ["12345", "67890abc", "more"]) log.write(bytes(piece));
    }
    expect(readFileSync(path, "utf8")).toBe("1234567890\n(the rest was not kept)\n");
  });
});

describe("with a real QEMU", () => {
  test("a medium that is no ISO fails in the firmware, with a picture of it", async () => {
    const keepIn = join(folder, "real");
    const result = await bootOnce(request({ keepIn, timeout: 60 }), world(runTool));
    expect(result.failure).toMatchObject({ code: "B_NO_BOOT_DEVICE", phase: "firmware" });
    const png = readFileSync(result.screenshot ?? "");
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    // A screen in text mode is 720 by 400, not nothing.
    expect(png.readUInt32BE(16)).toBeGreaterThanOrEqual(640);
    expect(readFileSync(result.serialLog, "latin1")).toContain("SeaBIOS");
  }, 90_000);

  test("a time limit ends it", async () => {
    const stop = new AbortController();
    const result = await bootOnce(
      request({ firmware: "uefi", timeout: 1, until: /never/, keepIn: join(folder, "limit") }),
      world(runTool, stop.signal),
    );
    expect(result.failure).toMatchObject({ code: "B_TIMEOUT", phase: "firmware" });
    expect(existsSync(result.screenshot ?? "")).toBe(true);
  }, 60_000);

  test.each(["bios", "uefi", "secure-boot"] as const)("the probe hears %s firmware", async (firmware) => {
    // Ten seconds are for KVM; emulated on a busy machine it takes longer.
    const slow = { ...world(runTool), now: () => performance.now() / 8 };
    expect(await firmwareRuns("tcg", { architecture: "x86_64", firmware }, slow)).toBe(true);
  }, 90_000);
});

describe("chooseAccelerator", () => {
  const wanted = { architecture: "x86_64", firmware: "bios" } as const;
  const choose = (run: RunTool, kvm: "usable" | "/dev/kvm does not exist" = "usable") =>
    chooseAccelerator("auto", wanted, { ...world(run), kvm: () => kvm });

  test("takes KVM where firmware is heard under it", async () => {
    const seen: string[][] = [];
    const chosen = await choose(actor({ says: ["SeaBIOS"], ending: "stays", seen }));
    expect(chosen.accelerator).toBe("kvm");
    expect(seen[0]!.join(" ")).toContain("q35,accel=kvm,");
    // BIOS firmware is heard where KVM runs no kernel: UEFI's is tried, also for a boot with BIOS.
    expect(seen[0]!.join(" ")).toContain("if=pflash");
  });

  test("does not where QEMU gives up, or the firmware stays silent", async () => {
    expect(await choose(actor({ says: [], ending: "fails" }))).toEqual({
      accelerator: "tcg",
      reason: "/dev/kvm exists but does not run the firmware",
    });
    let time = 0;
    const silent = chooseAccelerator("auto", wanted, {
      run: actor({ says: [], ending: "stays" }),
      signal: never,
      // Ten seconds at each look.
      now: () => {
        time += 10_000;
        return time;
      },
      kvm: () => "usable",
    });
    expect((await silent).accelerator).toBe("tcg");
  });

  test("does not ask where there is none, where another architecture is wanted, or where it was told", async () => {
    const seen: string[][] = [];
    const run = actor({ says: [], ending: "stays", seen });
    expect(await choose(run, "/dev/kvm does not exist")).toMatchObject({ accelerator: "tcg" });
    const other = process.arch === "x64" ? "aarch64" : "x86_64";
    const foreign = { architecture: other, firmware: "uefi" } as const;
    expect(await chooseAccelerator("auto", foreign, { ...world(run), kvm: () => "usable" })).toMatchObject({
      accelerator: "tcg",
    });
    expect(await chooseAccelerator("kvm", wanted, world(run))).toMatchObject({ accelerator: "kvm" });
    expect(seen).toEqual([]);
  });

  test("an interruption during the probe is an interruption", async () => {
    const stop = new AbortController();
    const run = actor({ says: [], ending: "stays", onStay: () => stop.abort() });
    const asked = chooseAccelerator("auto", wanted, { run, signal: stop.signal, now, kvm: () => "usable" });
    await expect(asked).rejects.toMatchObject({ code: "E_INTERRUPTED" });
  });
});

describe("Qmp", () => {
  async function server(
    answer: (line: string) => string | undefined,
  ): Promise<{ path: string; server: Server }> {
    const path = join(folder, `qmp-${Math.floor(performance.now() * 1000)}`);
    const listening = createServer((socket) => {
      socket.write('{"QMP": {"version": {}, "capabilities": []}}\r\n');
      socket.on("data", (data) => {
        for (const line of data.toString().trim().split("\n")) {
          const text = answer(line);
          if (text === undefined) socket.destroy();
          // In two pieces, as a socket may give it.
          else socket.write(text.slice(0, 5), () => socket.write(text.slice(5)));
        }
      });
    });
    await new Promise<void>((resolve) => listening.listen(path, resolve));
    return { path, server: listening };
  }
  const idOf = (line: string) => JSON.parse(line).id as number;

  test("gives answers to their commands, with events in between", async () => {
    const { path, server: qemu } = await server(
      (line) =>
        `{"event": "RESUME", "timestamp": {}}\r\n{"return": {"for": ${idOf(line)}}, "id": ${idOf(line)}}\r\n`,
    );
    const qmp = await Qmp.connect(path, 1000);
    expect(await qmp.execute("screendump", { filename: "x" })).toEqual({ for: 2 });
    qmp.close();
    qemu.close();
  });

  test("an error of QEMU is an error here, and so is a QEMU that goes away", async () => {
    const { path, server: qemu } = await server((line) => {
      if (idOf(line) === 1) return '{"return": {}, "id": 1}\r\n';
      if (idOf(line) === 2)
        return '{"error": {"class": "GenericError", "desc": "no such file"}, "id": 2}\r\n';
      return undefined;
    });
    const qmp = await Qmp.connect(path, 1000);
    await expect(qmp.execute("screendump")).rejects.toThrow(new QmpError("no such file"));
    await expect(qmp.execute("quit")).rejects.toThrow(new QmpError("QEMU closed the connection"));
    await expect(qmp.execute("quit")).rejects.toThrow(QmpError);
    qemu.close();
  });

  test("a socket that never comes is waited for only so long", async () => {
    await expect(Qmp.connect(join(folder, "none"), 100)).rejects.toThrow("within 100 ms");
  });
});
