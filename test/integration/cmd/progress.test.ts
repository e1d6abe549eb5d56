/** What a user sees while platter works: much, little, or nothing. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { EROFS, fakeErofs, MAKES } from "../../helpers/fake-erofs.ts";
import { MM, tinyImage } from "../../helpers/images/tiny-image.ts";
import { noise } from "../../helpers/noise.ts";
import { BINARY, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

function sceneWithImage(changes = {}): Scene {
  const scene = new Scene("progress");
  tinyImage(scene.at("image"), changes);
  return scene;
}

const build = ["build", "dir:image", "-o", "out/x.iso"];

test("without a terminal: whole lines at intervals, with share, bytes, rate and time left; a summary at the end", async () => {
  using scene = sceneWithImage({ with: { "usr/share/noise": noise(8 * 2 ** 20) } });
  const log = scene.write("log", "");
  // It reads little by little until the first report of progress is there, and then the rest.
  const little = `until grep -q ' squash  .* %' ${log}; do head -c 65536 >/dev/null; sleep 0.1; done`;
  fakeErofs(scene, `${little}; ${MAKES}`);
  const toLog = ["sh", "-c", `exec "$@" 2>${log}`, "sh"];
  const { stdout } = await scene.succeed([...build, ...EROFS], { prefix: toLog });
  const stderr = readFileSync(log, "utf8");
  expect(stdout).toBe(`${scene.at("out/x.iso")}\n`);
  const lines = stderr.split("\n").filter((line) => / squash .* %/.test(line));
  expect(lines.length).toBeGreaterThanOrEqual(1);
  expect(lines.length).toBeLessThan(5);
  for (const line of lines)
    expect(line).toMatch(
      /^\[5\/6\] squash +[█░]{10} {2}\d+ % {2}[\d.]+ (?:\w+ )?of [\d.]+ MiB {2}[\d.]+ \w+\/s {2}[\d.]+ (?:s|ms) left$/,
    );
  expect(stderr).not.toMatch(/[\r\x1b]/);
  expect(stderr).toMatch(/^\[5\/6\] squash +done: 8\.0 KiB, [\d.]+ s$/m);
  expect(stderr).toMatch(/^✓ out\/x\.iso {3}[\d.]+ MiB {3}label TINY {3}x86_64$/m);
  expect(stderr).toMatch(/^ {2}boots {3}BIOS ✓ {3}UEFI ✓ {3}Secure Boot ✓$/m);
  expect(stderr).toMatch(/^ {2}next {4}platter boot out\/x\.iso\n {10}platter verify out\/x\.iso\n$/m);
});

test("--quiet: the path of the ISO, no warnings; errors still come", async () => {
  using scene = sceneWithImage({ without: [MM] });
  for (const args of [
    [...build, "--quiet"],
    ["-q", ...build],
  ]) {
    const { stdout, stderr } = await scene.succeed(args);
    expect({ stdout, stderr }).toEqual({ stdout: `${scene.at("out/x.iso")}\n`, stderr: "" });
  }
  const failed = await scene.run([...build, "-q", "--strict"]);
  expect(failed.code).toBe(3);
  expect(failed.stderr).toMatch(
    /^error\[E_MM_MISSING\]: .*\n {2}where: .*\n {2}fix: {3}.*\n {2}note: {2}.*\n$/,
  );
});

test("--verbose: every call of a tool, as one could type it, and where each tool is", async () => {
  using scene = sceneWithImage();
  fakeErofs(scene, MAKES);
  const { stderr } = await scene.succeed([...build, ...EROFS, "--verbose", "--work", "work"]);
  const path = scene.at("bin/mkfs.erofs");
  const calls = stderr.split("\n").filter((line) => line.startsWith(`· ${path} `));
  expect(calls).toHaveLength(2);
  expect(calls[0]).toEndWith(" -V");
  expect(calls[1]).toContain(" -zlz4hc ");
  expect(stderr).toContain(`· mkfs.erofs 1.8.6: ${path}\n`);
  // The log of the call says the same.
  const logged = readFileSync(scene.at("work/logs/squash.log"), "utf8");
  expect(logged).toStartWith(calls[1]!.replace("·", "$"));
});

test("colours only on a terminal, and progress in place there", async () => {
  using scene = sceneWithImage({ without: [MM] });
  // util-linux's script gives the command a terminal.
  const typescript = (env: Record<string, string>) => {
    const command = `${process.env.PLATTER_BINARY ?? `${import.meta.dir}/../../../dist/platter`} ${build.join(" ")}`;
    const done = Bun.spawnSync(["script", "-qec", command, "/dev/null"], {
      cwd: scene.path,
      env: { ...(process.env as Record<string, string>), TERM: "xterm", ...env },
    });
    expect(done.exitCode).toBe(0);
    return done.stdout.toString();
  };
  const coloured = typescript({});
  expect(coloured).toContain("\x1b[33mwarning[F_MM_MISSING]\x1b[0m: ");
  expect(coloured).toMatch(/\[5\/6\] squash +\x1b\[32mdone\x1b\[0m: /);
  const plain = typescript({ NO_COLOR: "1" });
  expect(plain).toContain("warning[F_MM_MISSING]: ");
  expect(plain).not.toMatch(/\x1b\[\d+m/);
  expect(typescript({ TERM: "dumb" })).not.toContain("\x1b");
});

test("on a terminal, the bytes of an image that is fetched are shown", async () => {
  using scene = new Scene("progress");
  const layer = { mediaType: "application/vnd.oci.image.layer.v1.tar", digest: `sha256:${"a".repeat(64)}` };
  const config = { ...layer, mediaType: "application/vnd.oci.image.config.v1+json", size: 2 };
  const manifest = { schemaVersion: 2, config, layers: [{ ...layer, size: 1_000_000 }] };
  scene.write("manifest.json", JSON.stringify(manifest));
  const log = scene.write("log", "");
  // The copy has half of the bytes until their share is on the terminal. Then it fails.
  const copy = `head -c 500000 /dev/zero >"\${3#oci:}/blob"; until grep -q "50 %" ${log}; do sleep 0.1; done; exit 1`;
  scene.fake("skopeo", `case $1 in inspect) cat ${scene.at("manifest.json")} ;; copy) ${copy} ;; esac`);
  const command = `${BINARY} inspect docker://registry.example/os:1`;
  const done = Bun.spawnSync(["script", "-qefc", command, log], {
    cwd: scene.path,
    env: {
      ...(process.env as Record<string, string>),
      PATH: `${scene.bin}:${process.env.PATH}`,
      TERM: "xterm",
    },
  });
  expect(done.exitCode).not.toBe(0);
  const text = readFileSync(log, "utf8");
  expect(text).toMatch(/\rfetch {2}█{5}░{5} {2}50 % {2}488 of 977 KiB .*\x1b\[K/);
  expect(text).toContain("error[E_REGISTRY]");
  expect(text.slice(text.indexOf("error[")))?.not.toContain("fetch  ");
});
