import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requireApart } from "../../../internal/files/same-file.ts";
import { pathOfReference } from "../../../internal/image/reference-path.ts";

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "same-"));
  mkdirSync(at("os/blobs"), { recursive: true });
  for (const name of ["os/blobs/a", "os.tar", "other"]) writeFileSync(at(name), name);
  symlinkSync("os.tar", at("link.tar"));
  linkSync(at("os.tar"), at("hard.tar"));
  symlinkSync("os", at("os-link"));
  linkSync(at("os/blobs/a"), at("hard-blob"));
  symlinkSync("os/new", at("dangling"));
});
afterEach(() => rmSync(scratch, { recursive: true }));

const at = (name: string) => join(scratch, name);
const image = (name: string) => [{ option: "the image", path: at(name) }];
const written = (option: string, name: string) => [{ option, path: at(name) }];

describe("requireApart", () => {
  test.each([
    ["the file itself", "os.tar", "os.tar"],
    ["the same by another spelling", "os.tar", "os/../os.tar"],
    ["a symbolic link to it", "os.tar", "link.tar"],
    ["it by a symbolic link", "link.tar", "os.tar"],
    ["a hard link to it", "os.tar", "hard.tar"],
    ["a file in the folder", "os", "os/blobs/a"],
    ["a new file in the folder", "os", "os/new.iso"],
    ["a new file in the folder by a link to the folder", "os", "os-link/new.iso"],
    ["a file in a folder that is named by a link", "os-link", "os/blobs/new"],
    ["a link to a new file in the folder", "os", "dangling"],
    ["a hard link to a file in the folder", "os", "hard-blob"],
    ["a file in a folder to be made in the folder", "os", "os/work/stages/image"],
    ["a file in a folder to be made by a link to the folder", "os", "os-link/work/image"],
  ])("an output that is %s is refused", (_, read, write) => {
    const check = () => requireApart({ reads: image(read), writes: written("-o", write), fills: [] });
    expect(check).toThrow(
      expect.objectContaining({
        code: "E_SAME_FILE",
        exitCode: 2,
        message: expect.stringMatching(/-o.*the image/),
        hint: expect.stringContaining("-o"),
      }),
    );
  });

  test.each([
    ["os.tar", "os.iso"],
    ["os.tar", "other"],
    ["os", "os.iso"],
    ["os/blobs", "os/new.iso"],
    ["nowhere", "os.iso"],
    ["os", "nowhere/os.iso"],
  ])("image %s and output %s are apart", (read, write) => {
    requireApart({ reads: image(read), writes: written("-o", write), fills: [] });
  });

  test("two outputs are not the same file, also if it does not exist yet", () => {
    symlinkSync("new.iso", at("new-link"));
    for (const report of ["new.iso", "./new.iso", "new-link"]) {
      const writes = [...written("-o", "new.iso"), ...written("--report", report)];
      expect(() => requireApart({ reads: [], writes, fills: [] })).toThrow(/--report and -o name the same/);
    }
  });

  test("an image in a folder that a stage empties is refused", () => {
    mkdirSync(at("work/image/rootfs"), { recursive: true });
    const writes = written("--work", "work/image");
    for (const name of ["work/image", "work/image/rootfs"])
      expect(() => requireApart({ reads: image(name), writes, fills: [] })).toThrow(/--work/);
    requireApart({ reads: image("work"), writes: [], fills: [] });
  });

  test("a folder that is filled is not in an image, and an image may be in it", () => {
    const check = (read: string, fill: string) => () =>
      requireApart({ reads: image(read), writes: [], fills: written("--cache", fill) });
    for (const fill of ["os", "os/blobs", "os/new"]) expect(check("os", fill)).toThrow(/--cache/);
    expect(check("os", ".")).not.toThrow();
  });
});

test("pathOfReference: the path of each transport that has one", () => {
  const of = (text: string) => pathOfReference(text);
  expect(of(`oci:${at("os")}:latest`)).toBe(at("os"));
  expect(of(`docker-archive:${at("os.tar")}:name`)).toBe(at("os.tar"));
  expect(of("dir:/nowhere")).toBeUndefined();
  for (const end of ["@0", ":@0", `@sha256:${"0".repeat(64)}`, ":latest"]) {
    expect(of(`oci:${at("os")}${end}`)).toBe(at("os"));
    expect(of(`${at("os")}${end}`)).toBe(at("os"));
  }
  expect(of(at("os.tar"))).toBe(at("os.tar"));
  expect(of(`${at("os.tar")}:latest`)).toBe(at("os.tar"));
  expect(of("quay.io/example/os:latest")).toBeUndefined();
  expect(of("docker://quay.io/example/os")).toBeUndefined();
  expect(of("x".repeat(4000))).toBeUndefined();
});
