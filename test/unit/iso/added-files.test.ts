import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAddRequest } from "../../../internal/iso/add-request.ts";
import { findAddedFiles } from "../../../internal/iso/added-files.ts";
import { CORE_IMAGE_PATH, markerPath, ROOTFS_PATH } from "../../../internal/iso/iso-files.ts";
import { plannedFiles } from "../../../internal/iso/planned-files.ts";
import { CATALOG_PATH } from "../../../internal/iso/write/layout-iso.ts";
import { plan } from "../../helpers/plan.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "platter-added-"));
  for (const name of ["d/sub", "empty", "linked", "odd"]) mkdirSync(`${folder}/${name}`, { recursive: true });
  for (const name of ["a=b", "d/b", "d/sub/c", "d-e", "odd/\u001b"]) writeFileSync(`${folder}/${name}`, name);
  symlinkSync("a=b", `${folder}/link`);
  symlinkSync("nothing", `${folder}/linked/x`);
});
afterAll(() => rmSync(folder, { recursive: true }));

const found = (...texts: string[]) =>
  findAddedFiles(texts.map((text) => parseAddRequest(`${folder}/${text}`))).map(
    ({ isoPath, source, size }) => `${isoPath} ${source.slice(folder.length + 1)} ${size}`,
  );

describe("findAddedFiles", () => {
  test.each([
    [["a=b=/x"], ["/x a=b 3"]],
    [["a=b=//x/./y/"], ["/x/y/a=b a=b 3"]],
    [["a=b=/"], ["/a=b a=b 3"]],
    [["link=/x"], ["/x link 3"]],
    [["d=/"], ["/b d/b 3", "/sub/c d/sub/c 7"]],
    [
      ["d=/x", "a=b=/boot/x"],
      ["/boot/x a=b 3", "/x/b d/b 3", "/x/sub/c d/sub/c 7"],
    ],
    [
      ["d=/x/", "d-e=/x-y"],
      ["/x-y d-e 3", "/x/b d/b 3", "/x/sub/c d/sub/c 7"],
    ],
  ])("%j", (texts, expected) => {
    expect(found(...texts)).toEqual(expected);
  });

  test.each([
    [["a=b"], "it is not FILE=/PATH"],
    [["a=b=x/"], "it is not FILE=/PATH"],
    [["a=b=/x/../y"], "has `..`"],
    [["a=b=/x\ny"], "not printable"],
    [[`a=b=/${"ä".repeat(128)}`], "more than 255 bytes"],
    [["odd=/x"], "not printable"],
    [["empty=/x"], "has no files"],
    [["linked=/x"], "a symlink in a folder"],
    [["a=b=/x", "d-e=/x"], "two files"],
    [["a=b=/x", "d=/x"], "`/x` is a file"],
  ])("%j is refused", (texts, reason) => {
    expect(() => found(...texts)).toThrow(
      expect.objectContaining({ code: "E_ADD", kind: "usage", message: expect.stringContaining(reason) }),
    );
  });

  test("a source that does not exist, and one that is neither file nor folder", () => {
    expect(() => found("missing=/x")).toThrow(expect.objectContaining({ code: "E_INPUT" }));
    expect(() => findAddedFiles([parseAddRequest("/dev/null=/x")])).toThrow("neither a file nor a folder");
  });

  const own = [
    ...plannedFiles(plan()).map(({ isoPath }) => isoPath),
    ...["/.discinfo", "/.disk/info", "/EFI/BOOT/grub.cfg", "/boot/grub/grub.cfg", "/boot/grub/loopback.cfg"],
    ...["/boot/grub2/grub.cfg", CORE_IMAGE_PATH, ROOTFS_PATH, CATALOG_PATH, markerPath(plan().uuid)],
  ];
  test.each(own)("%s cannot be replaced, nor be in a file", (path) => {
    for (const each of [path, path.toLowerCase(), `${path}/x`, path.slice(0, path.lastIndexOf("/"))])
      if (each !== "") expect(() => found(`a=b=${each}`)).toThrow("itself");
  });
});
