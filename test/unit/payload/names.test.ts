import { describe, expect, test } from "bun:test";
import { fullImageName, isImageName, nameAfterFile, namesMeant } from "../../../internal/image/image-name.ts";
import { layerId, linkName } from "../../../internal/payload/layer-store.ts";
import { parsePayloadRequest } from "../../../internal/payload/payload-reference.ts";
import { addImageRecord, bigDataFile, parseImageRecords } from "../../../internal/payload/storage-records.ts";

describe("names of images", () => {
  test.each([
    ["os", "localhost/os:latest"],
    ["os:9", "localhost/os:9"],
    ["quay.io/example/os", "quay.io/example/os:latest"],
    ["registry:5000/os:1.0-x_y", "registry:5000/os:1.0-x_y"],
    ["localhost/a/b/c", "localhost/a/b/c:latest"],
    ["example/os", "localhost/example/os:latest"],
  ])("%s in full is %s", (text, full) => {
    expect(fullImageName(text, "localhost")).toBe(full);
  });

  test.each([
    "",
    "OS",
    "a b",
    "os:",
    ":tag",
    "os@sha256:0",
    "-os",
    "a//b",
    "os:\x1b[31m",
    "aaaaa/",
  ])("%j is refused", (text) => {
    expect(isImageName(text)).toBe(false);
  });

  test.each([
    ["/images/My OS.oci.tar", undefined, "localhost/my-os:latest"],
    ["layout/", "9", "localhost/layout:9"],
    ["---", undefined, undefined],
  ])("after %s", (path, tag, name) => {
    expect(nameAfterFile(path, tag)).toBe(name as string);
  });

  const stored = ["localhost/os:latest", "quay.io/example/os:9", "quay.io/example/os:latest"];
  test.each([
    ["os", ["localhost/os:latest"]],
    ["quay.io/example/os:9", ["quay.io/example/os:9"]],
    ["example/os:9", ["quay.io/example/os:9"]],
    [`quay.io/example/os@sha256:${"0".repeat(64)}`, ["quay.io/example/os:9", "quay.io/example/os:latest"]],
    [`quay.io/other@sha256:${"0".repeat(64)}`, [`quay.io/other@sha256:${"0".repeat(64)}`]],
    ["0123456789ab", stored],
  ])("%s in podman's storage", (given, names) => {
    expect(namesMeant(given, stored)).toEqual(names);
  });
});

describe("what a user asks for", () => {
  test("is a reference, with a name after an equals sign", () => {
    expect(parsePayloadRequest("oci:dir:tag")).toEqual({ reference: "oci:dir:tag", name: undefined });
    expect(parsePayloadRequest("oci:dir:tag=quay.io/x")).toEqual({
      reference: "oci:dir:tag",
      name: "quay.io/x:latest",
    });
  });

  test("is a path that holds an equals sign, where there is one", async () => {
    const path = `/tmp/platter=${process.pid}`;
    await Bun.write(path, "");
    for (const reference of [path, `oci-archive:${path}`, `oci-archive:${path}:tag`]) {
      expect(parsePayloadRequest(reference)).toEqual({ reference, name: undefined });
    }
    await Bun.file(path).delete();
  });

  test.each([
    `oci:os=${"a".repeat(256)}`,
    `oci:os=${"a/".repeat(3000)}b`,
    `oci:os=a:${"t".repeat(129)}`,
    `${"a".repeat(5000)}=B`,
  ])("parsePayloadRequest: a name that is too long is refused, and not shown whole", (text) => {
    expect(() => parsePayloadRequest(text)).toThrow(
      expect.objectContaining({
        code: "E_PAYLOAD_NAME",
        exitCode: 2,
        message: expect.stringMatching(/^.{0,300}$/),
      }),
    );
    expect(fullImageName("a".repeat(255), "localhost")).toBe(`localhost/${"a".repeat(255)}:latest`);
  });

  test.each(["oci:dir=", "oci:dir=Not This", "=name"])("%s is refused", (text) => {
    expect(() => parsePayloadRequest(text)).toThrow(
      expect.objectContaining({ code: "E_PAYLOAD_NAME", exitCode: 2 }),
    );
  });
});

describe("podman's records", () => {
  const other = { id: "other", names: ["a:1", "b:1"], unknown: { kept: true } };

  test("a name goes over to the new image, and everything else stays", () => {
    expect(addImageRecord([other], { id: "new", names: ["b:1", "c:1"] })).toEqual([
      { ...other, names: ["a:1"] },
      { id: "new", names: ["b:1", "c:1"] },
    ]);
  });

  test("an image that is there already only gains names", () => {
    const data = (name: string, size: number) => ({
      "big-data-names": [name, "manifest"],
      "big-data-sizes": { [name]: size, manifest: size },
      "big-data-digests": { [name]: `sha256:${size}`, manifest: `sha256:${size}` },
    });
    const [merged] = addImageRecord([{ ...other, ...data("one", 1) }], {
      id: "other",
      names: [],
      ...data("manifest-sha256:2", 2),
    });
    expect(merged).toEqual({
      ...other,
      "big-data-names": ["one", "manifest", "manifest-sha256:2"],
      "big-data-sizes": { one: 1, "manifest-sha256:2": 2, manifest: 1 },
      "big-data-digests": { one: "sha256:1", "manifest-sha256:2": "sha256:2", manifest: "sha256:1" },
    });
    expect(addImageRecord([other], { id: "other", names: ["b:1", "c:1"], digest: "x" })).toEqual([
      { ...other, names: ["a:1", "b:1", "c:1"] },
    ]);
  });

  test.each([
    "{}",
    "[1]",
    '[{"id": 1}]',
    "nonsense",
    '[{"id":"a","names":"b"}]',
  ])("%s are refused", (text) => {
    expect(() => parseImageRecords(text, "var/images.json")).toThrow(
      expect.objectContaining({
        code: "E_PAYLOAD_STORAGE",
        message: expect.stringContaining("/var/images.json"),
      }),
    );
  });

  test("files are named as containers/storage names them", () => {
    expect(bigDataFile("manifest")).toBe("manifest");
    expect(bigDataFile("sha256:ab")).toBe("=c2hhMjU2OmFi");
  });

  test("layers are named after their chain, and their links after them", () => {
    const [lower, upper] = ["edd1", "ab14"].map((start) => start.padEnd(64, "0")) as [string, string];
    expect(layerId(`sha256:${lower}`, undefined)).toBe(lower);
    expect(layerId(`sha256:${upper}`, lower)).toBe(
      new Bun.CryptoHasher("sha256").update(`${lower}+${upper}`).digest("hex"),
    );
    expect(linkName(lower)).toMatch(/^[A-Z2-7]{26}$/);
    expect(linkName(lower)).not.toBe(linkName(upper));
  });
});
