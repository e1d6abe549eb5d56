import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { smallLive } from "../helpers/images/small-live.ts";

const SCRIPT = resolve(import.meta.dir, "../fixtures/small-live.sh");
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "platter-test-image-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function make(...args: string[]) {
  const done = Bun.spawnSync([SCRIPT, ...args], { stdout: "pipe", stderr: "pipe" });
  return { exitCode: done.exitCode, stdout: done.stdout.toString(), stderr: done.stderr.toString() };
}

test("the small live image is the same, byte for byte, each time it is made", () => {
  const again = join(folder, "again");
  expect(make(again)).toMatchObject({ exitCode: 0, stdout: "" });
  // The index names the manifest's digest, that names the layers', and the listing is what they make together.
  for (const file of ["oci/index.json", "rootfs.txt", "kver"]) {
    const [first, second] = [resolve(smallLive().oci, ".."), again].map((each) =>
      readFileSync(join(each, file), "utf8"),
    );
    expect(second).toBe(first!);
  }
  expect(make(again).stderr).toContain("is up to date");
});

test("an option changes what it says, and only that", () => {
  const other = join(folder, "other");
  expect(make(other, "--label", "OTHER", "--without-module", "usb_storage").exitCode).toBe(0);
  const config = readFileSync(join(other, "rootfs/usr/lib/bootc-image-builder/iso.yaml"), "utf8");
  expect(config).toContain('label: "OTHER"');
  expect(config).toContain("root=live:CDLABEL=OTHER");
  const digests = (oci: string) => {
    const blob = (digest: string) =>
      JSON.parse(readFileSync(join(oci, "blobs", digest.replace(":", "/")), "utf8"));
    const index = JSON.parse(readFileSync(join(oci, "index.json"), "utf8"));
    return (blob(index.manifests[0].digest).layers as { digest: string }[]).map(({ digest }) => digest);
  };
  const [base, kernel, extras, top] = digests(smallLive().oci);
  const [otherBase, otherKernel, otherExtras, otherTop] = digests(join(other, "oci"));
  expect([otherBase, otherTop]).toEqual([base, top]);
  expect(otherKernel).not.toBe(kernel);
  expect(otherExtras).not.toBe(extras);
});

test("what it does not know it refuses", () => {
  expect(make(join(folder, "x"), "--nonsense")).toMatchObject({ exitCode: 1, stdout: "" });
  const foreign = make(join(folder, "x"), "--arch", "riscv64");
  expect(foreign).toMatchObject({ exitCode: 1, stderr: "small-live: --arch riscv64: amd64 or arm64\n" });
  const unknown = make(join(folder, "x"), "--without-module", "nonsense");
  expect(unknown.exitCode).toBe(1);
  expect(unknown.stderr).toContain("not among the modules");
});
