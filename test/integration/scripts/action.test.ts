import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { smallLive } from "../../helpers/images/small-live.ts";
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { BINARY, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

const SCRIPT = resolve(import.meta.dir, "../../../scripts/action");

let scene: Scene;
beforeEach(() => {
  scene = new Scene("action");
});
afterEach(() => scene[Symbol.dispose]());

/** Runs the action as a runner would, in a workspace of its own. */
async function act(
  inputs: Readonly<Record<string, string>>,
  platter: string | undefined = BINARY,
  disk = scene.path,
  more: Readonly<Record<string, string>> = {},
) {
  const output = scene.write("github-output", "");
  const [workspace, temporary] = [join(disk, "workspace"), join(disk, "runner-temp")];
  for (const folder of [workspace, temporary]) mkdirSync(folder, { recursive: true });
  const child = Bun.spawn([SCRIPT], {
    cwd: workspace,
    env: {
      PATH: process.env.PATH ?? "",
      HOME: scene.path,
      PLATTER: platter,
      ...more,
      RUNNER_TEMP: temporary,
      GITHUB_OUTPUT: output,
      ...Object.fromEntries(
        Object.entries(inputs).map(([name, value]) => [
          `INPUT_${name.toUpperCase().replace("-", "_")}`,
          value,
        ]),
      ),
    },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  const code = await child.exited;
  const outputs = Object.fromEntries(
    readFileSync(output, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split(/=(.*)/s).slice(0, 2)),
  );
  return { code, stdout, stderr, outputs, workspace, leftInTemporary: readdirSync(temporary) };
}

/** A platter that writes down how it was called, one argument a line, and makes the file named by -o. */
function recorder(): { path: string; calls: () => string[][] } {
  const path = scene.fake(
    "recorder",
    `printf '%s\\n' "$@" end-of-call >>"${scene.at("calls")}"
while [ $# -gt 0 ]; do
  case $1 in -o|--report) echo iso >"$2" ;; esac
  shift
done`,
  );
  const calls = () =>
    readFileSync(scene.at("calls"), "utf8")
      .split("end-of-call\n")
      .filter((call) => call !== "")
      .map((call) => call.trimEnd().split("\n"));
  return { path, calls };
}

describe("the action's script", () => {
  test("takes titanoboa's names of inputs, with a notice", async () => {
    const { path, calls } = recorder();
    const ran = await act({ "image-ref": "ghcr.io/x/os", "iso-dest": "my.iso", verify: "false" }, path);
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({
      code: 0,
      stderr: expect.stringMatching(/::notice::.*`image-ref`.*`image`\n::notice::.*`iso-dest`.*`output`/),
    });
    const [build = []] = calls();
    expect(build.at(-1)).toBe("docker://ghcr.io/x/os");
    expect(build[build.indexOf("-o") + 1]).toBe("my.iso");
    const both = await act({ "image-ref": "ghcr.io/x/os", image: "oci:os", verify: "false" }, path);
    expect({ code: both.code, image: calls()[1]?.at(-1) }).toEqual({ code: 0, image: "oci:os" });
  });

  test("builds and checks an ISO, and reports its path and digest", async () => {
    const ran = await act({
      image: `oci:${smallLive().oci}`,
      output: "isos/small.iso",
      compression: "fast",
    });
    expect(ran.code === 0 ? "" : ran.stderr).toBe("");
    const iso = `${ran.workspace}/isos/small.iso`;
    expect(ran.outputs).toEqual({
      iso,
      sha256: createHash("sha256").update(readFileSync(iso)).digest("hex"),
    });
    expect(ran.stdout).toContain("files as planned");
    expect(ran.leftInTemporary).toEqual([]);
  });

  test("builds with the label and the arguments that the inputs name", async () => {
    const ran = await act({
      image: `dir:${tinyImage(scene.at("image"))}`,
      label: "FROM_ACTION",
      arguments: "--no-bios\n  --exclude usr/share/doc/*",
      // The tiny image's boot loaders are not programs.
      verify: "false",
    });
    expect(ran.code === 0 ? "" : ran.stderr).toBe("");
    const bytes = readFileSync(ran.outputs.iso ?? "");
    // ECMA-119 8.4.7: the volume identifier.
    expect(bytes.toString("latin1", 16 * 2048 + 40, 16 * 2048 + 72).trimEnd()).toBe("FROM_ACTION");
    expect(ran.stderr).toContain("  boots   BIOS ✗ the ISO has no boot code for BIOS\n          UEFI ✓");
  });

  test("makes what comes before the ISO on another disk, where that has more room", async () => {
    const { path, calls } = recorder();
    scene.mount(scene.folder("runner-temp"), "-t", "tmpfs", "-o", "size=1M", "tmpfs");
    expect((await act({ image: "oci:x" }, path)).code).toBe(0);
    const work = dirname(calls()[0]?.[4] ?? "");
    expect(work).toStartWith(scene.at("runner-temp"));
    expect(calls()[0]?.slice(5)).toEqual(["--work", work, "--", "oci:x"]);
  });

  test("does not need a single disk to hold the ISO and what it is made of", async () => {
    const image = `oci:${smallLive().oci}`;
    await scene.succeed(["build", image, "-o", "out/x.iso"]);
    const { size } = statSync(scene.at("out/x.iso"));
    // The EFI system partition, and boot loaders and GRUB's modules, are on it twice until the ISO is there.
    const more = 10 * 2 ** 20;
    const disk = scene.folder("disk");
    scene.mount(disk, "-t", "tmpfs", "-o", `size=${Math.ceil(size * 1.1) + more}`, "tmpfs");
    const ran = await act({ image }, BINARY, disk);
    expect(ran.code === 0 ? "" : ran.stderr).toBe("");
    expect(statSync(ran.outputs.iso ?? "").size).toBe(size);
  });

  test("hands over one payload a line, and nothing that the shell would take apart or expand", async () => {
    const { path, calls } = recorder();
    const ran = await act(
      {
        image: "--help",
        label: "$(touch pwned) 'x'",
        payload: "ghcr.io/o/one:1\n\n  ghcr.io/o/two:2\n",
        arguments: "--exclude * ;id",
        verify: "false",
      },
      path,
    );
    expect(ran.code).toBe(0);
    const [build, ...others] = calls();
    expect(others).toEqual([]);
    const report = build?.[4] ?? "";
    expect(build).toEqual([
      "build",
      "-o",
      "image.iso",
      "--report",
      report,
      "--label=$(touch pwned) 'x'",
      "--payload=ghcr.io/o/one:1",
      "--payload=ghcr.io/o/two:2",
      "--exclude",
      "*",
      ";id",
      "--",
      "--help",
    ]);
    expect(existsSync(`${ran.workspace}/pwned`)).toBe(false);
    expect(existsSync(dirname(report))).toBe(false);
  });

  test("takes blocks from the cache and from an earlier ISO that is there", async () => {
    const { path, calls } = recorder();
    scene.write("earlier.iso", "an ISO");
    const inputs = { image: "oci:image", cache: "true", reuse: scene.at("earlier.iso"), verify: "false" };
    expect((await act(inputs, path)).code).toBe(0);
    const missing = await act({ ...inputs, cache: "false", reuse: "missing.iso" }, path);
    expect(missing.code).toBe(0);
    expect(missing.stderr).toContain("The earlier ISO `missing.iso` is missing");
    const [first = [], second = []] = calls();
    expect(first).toContain("--cache");
    expect(first).toContain(join(scene.path, "runner-temp/platter-cache"));
    expect(first).toContain(`--reuse=${scene.at("earlier.iso")}`);
    expect(second.filter((argument) => /cache|reuse/.test(argument))).toEqual([]);
    expect((await act({ ...inputs, cache: "yes" }, path)).stderr).toContain("`cache` is `yes`");
  });

  test("checks and boots as the inputs say", async () => {
    const { path, calls } = recorder();
    expect((await act({ image: "oci:x", "boot-test": "all" }, path)).code).toBe(0);
    const [build, verify, boot] = calls();
    expect(verify).toEqual(["verify", "image.iso", "--against", build?.[4] ?? ""]);
    expect(boot).toEqual(["boot", "image.iso", "--html", "image.iso.boot.html", "--all"]);
  });

  for (const [what, inputs, says] of [
    ["no image", {}, "`image` is missing"],
    ["a word for verify", { image: "x", verify: "yes" }, "`verify` is `yes`"],
    ["an unknown boot test", { image: "x", "boot-test": "bios" }, "`boot-test` is `bios`"],
    ["an output that would forge another", { image: "x", output: "a\nsha256=0" }, "more than one line"],
  ] as const) {
    test(`refuses ${what} before anything is built`, async () => {
      const { path } = recorder();
      const ran = await act(inputs, path);
      expect(ran.code).toBe(2);
      expect(ran.stderr).toMatch(/^::error::/m);
      expect(ran.stderr).toContain(says);
      expect(existsSync(scene.at("calls"))).toBe(false);
      expect(ran.outputs).toEqual({});
    });
  }

  test("fails with platter's exit code, leaves no output and no work folder", async () => {
    const image = tinyImage(scene.at("image"), { without: ["boot/efi"] });
    const ran = await act({ image: `dir:${image}` });
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("E_");
    expect(ran.outputs).toEqual({});
    expect(ran.leftInTemporary).toEqual([]);
    expect(readdirSync(ran.workspace)).toEqual([]);
  });
});

describe("the released binary", () => {
  /** The address of a release whose binary writes down its calls; files may be changed before they are served. */
  function release(change: (files: { archive: string; sums: string }) => void = () => undefined) {
    const { path, calls } = recorder();
    const name = `platter-9.9.9-linux-${process.arch === "arm64" ? "aarch64" : "x86_64"}`;
    scene.write(`tree/${name}/bin/platter`, readFileSync(path));
    const folder = scene.folder("releases/v9.9.9");
    const files = { archive: join(folder, `${name}.tar.gz`), sums: join(folder, "SHA256SUMS") };
    const packed = Bun.spawnSync(
      [
        "sh",
        "-c",
        `chmod 755 tree/${name}/bin/platter; tar -C tree -czf ${files.archive} ${name}; cd releases/v9.9.9; sha256sum *.gz > SHA256SUMS`,
      ],
      { cwd: scene.path },
    );
    expect(packed.exitCode).toBe(0);
    change(files);
    const sha256 = createHash("sha256").update(readFileSync(files.archive)).digest("hex");
    return { calls, sha256, more: { PLATTER: "", PLATTER_RELEASES: `file://${scene.at("releases")}` } };
  }
  const INPUTS = { image: "oci:x", version: "9.9.9", verify: "false" };

  test("is downloaded, compared with SHA256SUMS of the release, and run", async () => {
    const { calls, more } = release();
    const ran = await act(INPUTS, undefined, scene.path, more);
    expect(ran.code === 0 ? "" : ran.stderr).toBe("");
    expect(calls()[0]?.slice(0, 3)).toEqual(["build", "-o", "image.iso"]);
  });

  test("is compared with the digest of the input", async () => {
    const { sha256, more } = release(({ sums }) => writeFileSync(sums, ""));
    expect((await act({ ...INPUTS, sha256 }, undefined, scene.path, more)).code).toBe(0);
  });

  test.each([
    ["an archive that was changed", { sha256: "" }, "does not have the SHA-256"],
    [
      "an archive that has another digest than the input",
      { sha256: "0".repeat(64) },
      "does not have the SHA-256 000",
    ],
    ["a version that does not exist", { version: "9.9.8" }, "Cannot download file://"],
  ])("%s is not run", async (what, inputs, says) => {
    const { calls, more } = release(({ archive }) => {
      if (what === "an archive that was changed") appendFileSync(archive, "x");
    });
    const ran = await act({ ...INPUTS, ...inputs }, undefined, scene.path, more);
    expect(ran.stderr).toMatch(/^::error::/m);
    expect(ran.stderr).toContain(says);
    expect(ran.code).toBe(2);
    expect(existsSync(scene.at("calls"))).toBe(false);
    expect(calls).toThrow();
  });

  test("a release whose SHA256SUMS does not name the archive is not run", async () => {
    const { more } = release(({ sums }) => writeFileSync(sums, `${"0".repeat(64)}  other.tar.gz\n`));
    const ran = await act(INPUTS, undefined, scene.path, more);
    expect(ran.stderr).toContain("SHA256SUMS of the release does not name platter-9.9.9-linux-");
    expect(ran.code).toBe(2);
  });

  test("outside GitHub there is nothing to download", async () => {
    const ran = await act(INPUTS, undefined, scene.path, { PLATTER: "" });
    expect(ran.stderr).toContain("No release to download");
    expect(ran.code).toBe(2);
  });
});
