import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeOldLogs } from "../../../internal/process/kept-logs.ts";

test("removeOldLogs: logs of platter that are older than a day, and nothing else", () => {
  const folder = mkdtempSync(join(tmpdir(), "logs-"));
  const day = 24 * 60 * 60;
  const put = (name: string, seconds: number) => {
    if (name.endsWith("/")) mkdirSync(join(folder, name));
    else writeFileSync(join(folder, name), "");
    utimesSync(join(folder, name), seconds, seconds);
  };
  for (const name of [
    "platter-boot-logs-abcdef/",
    "platter-12-tools.log",
    "platter-mine.log",
    "platter-boot-logs-mine/",
  ])
    put(name, 100);
  put("platter-13-tools.log", 101);
  expect(removeOldLogs(folder, (100 + day) * 1000).sort()).toEqual(
    ["platter-12-tools.log", "platter-boot-logs-abcdef"].map((name) => join(folder, name)),
  );
  expect(readdirSync(folder).sort()).toEqual([
    "platter-13-tools.log",
    "platter-boot-logs-mine",
    "platter-mine.log",
  ]);
  // A clock that is wrong removes nothing.
  expect(removeOldLogs(folder, 5000)).toEqual([]);
  rmSync(folder, { recursive: true });
});
