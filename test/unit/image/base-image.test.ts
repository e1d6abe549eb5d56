import { describe, expect, test } from "bun:test";
import { PlatterError } from "../../../internal/base/error.ts";
import { baseImageOf, requireBaseImage } from "../../../internal/image/base-image.ts";

const DIGEST = `@sha256:${"0123456789abcdef".repeat(4)}`;

describe("baseImageOf: the name in a FROM line", () => {
  test.each([
    ["docker://debian:12", "docker.io/library/debian:12"],
    ["docker://quay.io/o/r", "quay.io/o/r:latest"],
    ["docker://host:5000/o/r:1", "host:5000/o/r:1"],
    [`docker://quay.io/o/r:1${DIGEST}`, `quay.io/o/r${DIGEST}`],
    ["containers-storage:localhost/my-os:1", "localhost/my-os:1"],
    ["containers-storage:my-os", "my-os"],
    [`containers-storage:quay.io/o/r${DIGEST}`, `quay.io/o/r${DIGEST}`],
    ["containers-storage:0123456789ab", "0123456789ab"],
    ["oci:/a/b:tag", "oci:/a/b:tag"],
    ["oci-archive:/a/b.tar", "oci-archive:/a/b.tar"],
    ["docker-archive:/a/b.tar:o/r:1", "docker-archive:/a/b.tar:o/r:1"],
    ["oci-archive:b.tar", `oci-archive:${process.cwd()}/b.tar`],
  ])("%s", (reference, name) => {
    expect(baseImageOf(reference)).toBe(name);
  });
});

describe("baseImageOf: refused", () => {
  test.each([
    ["dir:/a b", "`tar -C '/a b' -c . | podman import - localhost/NAME`"],
    ["tar:/a.tar", "`podman import /a.tar localhost/NAME`"],
    ["oci:/a b", "`podman pull 'oci:/a b'`"],
    ["oci:/a:$x", "`podman pull 'oci:/a:$x'`"],
    [`oci:/a:${DIGEST}`, "`podman pull"],
    ["containers-storage:[vfs@/a]x", "as `podman images` lists it"],
    ["containers-storage:scratch AS x", "as `podman images` lists it"],
    ["containers-storage:$evil", "as `podman images` lists it"],
    ["docker://Evil name", "`podman pull 'docker://Evil name'`"],
  ])("%s", (reference, hint) => {
    const refused = () => baseImageOf(reference);
    expect(refused).toThrow(PlatterError);
    try {
      refused();
    } catch (error) {
      expect((error as PlatterError).details).toMatchObject({ code: "E_BASE_IMAGE", kind: "usage" });
      expect((error as PlatterError).hint).toContain(hint);
    }
  });

  test("before the image is read if the reference names its transport", () => {
    expect(() => requireBaseImage("dir:/missing")).toThrow(PlatterError);
    expect(() => requireBaseImage("./a path")).not.toThrow();
  });

  test("`scratch`, which means an empty image in a FROM line", () => {
    expect(() => baseImageOf("containers-storage:scratch")).toThrow(PlatterError);
  });
});
