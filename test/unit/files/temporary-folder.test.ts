/** The hint about TMPDIR. */
import { afterEach, expect, test } from "bun:test";
import { writeError } from "../../../internal/files/whole-file.ts";

const before = process.env.TMPDIR;
afterEach(() => {
  if (before === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = before;
});

const hintOf = (path: string) =>
  writeError(Object.assign(new Error(), { code: "ENOENT" }), { code: "E_WORK", path });

test.each([
  ["/nowhere", "/nowhere", "TMPDIR"],
  ["/nowhere", "/nowhere/platter-1", "TMPDIR"],
  ["/nowhere", "/elsewhere", "Choose a folder that exists."],
  ["/nowhere", "/nowhere-else", "Choose a folder that exists."],
  ["/var/tmp", "/var/tmp/no/x.iso", "Choose a folder that exists."],
])("writeError: with TMPDIR=%s the error about %s has the hint %s", (folder, path, hint) => {
  process.env.TMPDIR = folder;
  expect(hintOf(path)).toEqual(
    expect.objectContaining({ details: expect.objectContaining({ hint: expect.stringContaining(hint) }) }),
  );
});

test("writeError: a file as a folder is named, and the system's reason is in words", () => {
  const failed = (code: string, path: string) =>
    (writeError(Object.assign(new Error(), { code }), { code: "E_OUTPUT", path }) as Error).message;
  expect(failed("ENOTDIR", `${import.meta.path}/a/b.iso`)).toEndWith(
    `\`${import.meta.path}\` is not a folder`,
  );
  expect(failed("ENOTDIR", "/a/b.iso")).toEndWith("a part of the path is not a folder");
  expect(failed("EFBIG", "/a/b.iso")).toContain("larger than");
  expect(failed("ETXTBSY", "/a/b.iso")).toEndWith(": text file is busy");
});
