import { afterAll, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FolderReader } from "../../../internal/os/folder-reader.ts";
import { openFilesIn } from "../../helpers/images/memory-layers.ts";

const scratch = realpathSync(mkdtempSync(join(tmpdir(), "platter-reader-")));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("FolderReader: an open folder stays the same when a symlink takes its place", () => {
  const [path, other] = [join(scratch, "folder"), join(scratch, "other")];
  for (const each of [path, other]) mkdirSync(each);
  writeFileSync(join(path, "file"), "five!");
  symlinkSync("inside", join(path, "link"));
  writeFileSync(join(other, "file"), "not this one");
  symlinkSync("outside", join(other, "link"));
  const reader = new FolderReader();
  reader.open(path);
  try {
    renameSync(path, `${path}-moved`);
    symlinkSync(other, path);
    expect(reader.names()).toEqual(["file", "link"]);
    expect(reader.status("file").size).toBe(5);
    expect(reader.target("link")).toBe("inside");
  } finally {
    reader.close();
  }
  const before = openFilesIn(scratch);
  expect(() => reader.open(path)).toThrow(expect.objectContaining({ code: "ELOOP" }));
  expect(() => reader.open(join(path, "file"))).toThrow(expect.objectContaining({ code: "ELOOP" }));
  expect(openFilesIn(scratch)).toBe(before);
});

test("FolderReader: an entry that disappeared is the system's error", () => {
  const reader = new FolderReader();
  reader.open(scratch);
  try {
    for (const read of [() => reader.status("gone"), () => reader.target("gone")])
      expect(read).toThrow(expect.objectContaining({ code: "ENOENT" }));
  } finally {
    reader.close();
  }
});
