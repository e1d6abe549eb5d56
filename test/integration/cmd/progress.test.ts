/** What a user sees while platter works: much, little, or nothing. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { EROFS, fakeErofs, MAKES } from "../../helpers/fake-erofs.ts";
import { MM, tinyImage } from "../../helpers/images/tiny-image.ts";
import { noise } from "../../helpers/noise.ts";
import { Scene } from "../../helpers/scene.ts";

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
  const little = `until grep -q '^squash: ' ${log}; do head -c 65536 >/dev/null; sleep 0.1; done`;
  fakeErofs(scene, `${little}; ${MAKES}`);
  const toLog = ["sh", "-c", `exec "$@" 2>${log}`, "sh"];
  const { stdout } = await scene.succeed([...build, ...EROFS], { prefix: toLog });
  const stderr = readFileSync(log, "utf8");
  expect(stdout).toBe("");
  const lines = stderr.split("\n").filter((line) => line.startsWith("squash: "));
  expect(lines.length).toBeGreaterThanOrEqual(1);
  expect(lines.length).toBeLessThan(5);
  for (const line of lines)
    expect(line).toMatch(/^squash: \d+ %, [\d.]+ \w+ of [\d.]+ MiB, [\d.]+ \w+\/s, [\d.]+ (?:s|ms) left$/);
  expect(stderr).not.toMatch(/[\r\x1b]/);
  expect(stderr).toMatch(/^done squash: 8\.0 KiB \([\d.]+ s\)$/m);
  for (const row of ["ISO", "size", "label", "boots on", "kernel", "stages"])
    expect(stderr).toMatch(new RegExp(`^${row}: +\\S`, "m"));
  expect(stderr).toMatch(/^boots on: +BIOS: yes\n +UEFI: yes\n +Secure Boot: yes$/m);
  expect(stderr).toMatch(/^stages: +inspect .*render-grub .*bios-image .*squash [\d.]+ s.*assemble/m);
});

test("--quiet: nothing at all, not even warnings; errors still come", async () => {
  using scene = sceneWithImage({ without: [MM] });
  for (const args of [
    [...build, "--quiet"],
    ["-q", ...build],
  ]) {
    const { stdout, stderr } = await scene.succeed(args);
    expect({ stdout, stderr }).toEqual({ stdout: "", stderr: "" });
  }
  const failed = await scene.run([...build, "-q", "--strict"]);
  expect(failed.code).toBe(3);
  expect(failed.stderr).toMatch(/^error: .*\[E_MM_MISSING\]\n.*\n\nhint: .*\n$/);
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
  expect(coloured).toContain("\x1b[33mwarning\x1b[0m: ");
  expect(coloured).toContain("\x1b[32mdone\x1b[0m squash");
  const plain = typescript({ NO_COLOR: "1" });
  expect(plain).toContain("warning: ");
  expect(plain).not.toMatch(/\x1b\[\d+m/);
  expect(typescript({ TERM: "dumb" })).not.toContain("\x1b");
});
