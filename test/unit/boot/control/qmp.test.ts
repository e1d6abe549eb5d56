import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Qmp, QmpError } from "../../../../internal/boot/control/qmp.ts";

const folder = mkdtempSync(join(tmpdir(), "platter-test-boot-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let servers = 0;

describe("Qmp", () => {
  async function server(
    answer: (line: string) => string | undefined,
  ): Promise<{ path: string; server: Server }> {
    const path = join(folder, `qmp-${++servers}`);
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
    const qmp = await Qmp.connect(path, { patience: 1000, over: () => false });
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
    const qmp = await Qmp.connect(path, { patience: 1000, over: () => false });
    await expect(qmp.execute("screendump")).rejects.toThrow(new QmpError("no such file"));
    await expect(qmp.execute("quit")).rejects.toThrow(new QmpError("QEMU closed the connection"));
    await expect(qmp.execute("quit")).rejects.toThrow(QmpError);
    qemu.close();
  });

  test("a socket that never comes is waited for only so long", async () => {
    const none = join(folder, "none");
    await expect(Qmp.connect(none, { patience: 100, over: () => false })).rejects.toThrow("within 100 ms");
    await expect(Qmp.connect(none, { patience: 60_000, over: () => true })).rejects.toThrow("has ended");
  });
});
