/** Files that a build leaves next to its ISO: the checksum file and the provenance. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { ociOf, tinyImage } from "../../helpers/images/tiny-image.ts";
import { expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

function sceneWithLayout(): Scene {
  const scene = new Scene("records");
  ociOf(tinyImage(scene.at("image")), scene.at("layout"));
  return scene;
}

const judge = (scene: Scene, ...argv: string[]) => {
  const done = Bun.spawnSync(argv, { cwd: scene.out, stderr: "pipe" });
  return { code: done.exitCode, stdout: done.stdout.toString() };
};

test("--checksum: sha256sum reads it, in whatever folder both lie, and finds damage", async () => {
  using scene = sceneWithLayout();
  await scene.succeed(["build", "oci:layout", "-o", "out/my (os).iso", "--checksum"]);
  const file = "my (os).iso-CHECKSUM";
  const size = readFileSync(scene.at("out/my (os).iso")).length;
  expect(readFileSync(`${scene.out}/${file}`, "utf8")).toMatch(
    new RegExp(`^# my \\(os\\)\\.iso: ${size} bytes\\nSHA256 \\(my \\(os\\)\\.iso\\) = [0-9a-f]{64}\\n$`),
  );
  expect(judge(scene, "sha256sum", "--check", file)).toEqual({ code: 0, stdout: "my (os).iso: OK\n" });
  judge(scene, "truncate", "--size", "+1", "my (os).iso");
  expect(judge(scene, "sha256sum", "--check", file).code).toBe(1);
});

test("--report: verify compares an ISO with it", async () => {
  using scene = sceneWithLayout();
  await scene.succeed(["build", "oci:layout", "-o", "out/x.iso", "--report", "out/x.json"]);
  const verdict = async () => {
    // The tiny image's boot loaders are not programs, which is always a problem.
    const { stdout } = await scene.run(["verify", "out/x.iso", "--against", "out/x.json"]);
    return /^(\S+) +files as planned/m.exec(stdout)?.[1];
  };
  expect(await verdict()).toBe("ok");
  const report = readFileSync(scene.at("out/x.json"), "utf8");
  const kernel = JSON.parse(report).predicate.buildDefinition.internalParameters.plan.kernel;
  scene.write("out/x.json", report.replaceAll(kernel.vmlinuz.sha256, "0".repeat(64)));
  expect(await verdict()).toBe("PROBLEM");
});

test("--report: an in-toto statement about this very ISO, its image and the tools", async () => {
  using scene = sceneWithLayout();
  await scene.succeed([
    "build",
    "oci:layout",
    "-o",
    "out/x.iso",
    "--report",
    "out/x.json",
    "--label",
    "MINE",
    "--payload",
    "oci:layout=localhost/payload:1",
  ]);
  const report = JSON.parse(readFileSync(scene.at("out/x.json"), "utf8"));
  const [sha256] = judge(scene, "sha256sum", "x.iso").stdout.split(" ");
  const index = JSON.parse(readFileSync(scene.at("layout/index.json"), "utf8"));
  const [, digest] = index.manifests[0].digest.split(":");
  expect(report).toMatchObject({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "x.iso", digest: { sha256 } }],
    predicateType: "https://slsa.dev/provenance/v1",
    predicate: {
      buildDefinition: {
        externalParameters: { label: "MINE" },
        internalParameters: { plan: { label: "MINE", kernel: { version: "6.1.0-tiny" } } },
        resolvedDependencies: [
          { uri: expect.stringMatching(/^oci:.*layout$/), digest: { sha256: digest } },
          { name: "localhost/payload:1", digest: { sha256: digest } },
        ],
      },
    },
  });
  const { runDetails } = report.predicate;
  expect(Object.keys(runDetails.builder.version)).toEqual(["platter"]);
  expect(Date.parse(runDetails.metadata.finishedOn)).toBeGreaterThanOrEqual(
    Date.parse(runDetails.metadata.startedOn),
  );
  const everywhere = { boots: true, reasons: [] };
  expect(runDetails.byproducts[1].annotations).toEqual({
    bios: everywhere,
    uefi: everywhere,
    secureBoot: everywhere,
  });
  expect(Object.keys(runDetails.byproducts[0].annotations)).toEqual(
    expect.arrayContaining(["inspect", "squash", "assemble"]),
  );
});

test("--report -: on standard output, and nothing else there", async () => {
  using scene = sceneWithLayout();
  const ran = await scene.succeed(["build", "dir:image", "-o", "out/x.iso", "--report", "-"]);
  const [dependency] = JSON.parse(ran.stdout).predicate.buildDefinition.resolvedDependencies;
  // A folder has no manifest.
  expect(dependency.digest).toEqual({ platterTreeSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test("without an ISO there is nothing to record, and a report that cannot be written is an error before the build", async () => {
  using scene = sceneWithLayout();
  const early = ["build", "oci:layout", "-o", "out/x.iso", "--to", "squash", "--work", "work"];
  await expectRefusal(scene, await scene.run([...early, "--checksum"]), {
    exit: 2,
    code: "E_OPTION_UNUSED",
    says: ["--output", "--checksum", "`assemble` and `implant`"],
    hint: ["--to"],
  });
  const ran = await scene.run([
    "build",
    "oci:layout",
    "-o",
    "out/x.iso",
    "--report",
    "layout/index.json/x.json",
  ]);
  await expectRefusal(scene, ran, {
    exit: 5,
    code: "E_OUTPUT",
    says: ["layout/index.json/x.json"],
    hint: ["in a folder"],
  });
  expect(existsSync(scene.at("work"))).toBe(false);
});
