import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SerialLog } from "../../../internal/boot/serial-log.ts";

const folder = mkdtempSync(join(tmpdir(), "platter-test-boot-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("SerialLog", () => {
  test("keeps what is said, up to a limit", () => {
    const path = join(folder, "serial.log");
    {
      using log = new SerialLog(path, 10);
      for (const piece of ["12345", "67890abc", "more"]) log.write(Buffer.from(piece));
    }
    expect(readFileSync(path, "utf8")).toBe("1234567890\n(the rest was not kept)\n");
  });
});
