/** The JSON documents that commands print with --json: what a program gets from every run. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, statSync, truncateSync } from "node:fs";
import type { z } from "zod";
import { DOCUMENT_NAMES, documentSchema } from "../../../internal/documents/catalogue.ts";
import type { errorSchema } from "../../../internal/documents/error-document.ts";
import { ociOf, SHIM, tinyImage } from "../../helpers/images/tiny-image.ts";
import { judge } from "../../helpers/json-schema-judge.ts";
import { Scene } from "../../helpers/scene.ts";
import { until } from "../../helpers/until.ts";

setDefaultTimeout(60_000);

/** Prints a line to the console, and ends. */
const QEMU = `case "$*" in *version*) exec /usr/bin/qemu-system-x86_64 "$@";; esac`;

/** Documents that no command prints with --json. */
const WITHOUT_RUN = ["progress", "report", "findings", "plan", "iso.yaml"];

let scene: Scene;
beforeAll(async () => {
  scene = new Scene("json");
  ociOf(tinyImage(scene.at("image")), scene.at("os"));
  tinyImage(scene.at("lacking"), { without: [SHIM, "usr/lib/modules"] });
  const debian = { "etc/os-release": "ID=debian\nVERSION_ID=12\n", "usr/bin/apt-get": "" };
  ociOf(tinyImage(scene.at("apt"), { with: debian }), scene.at("debian"));
  await scene.succeed(["build", "dir:image", "-o", "os.iso"]);
  copyFileSync(scene.at("os.iso"), scene.at("cut.iso"));
  truncateSync(scene.at("cut.iso"), 100_000);
  scene.fake("qemu-system-x86_64", `${QEMU}; echo UP`);
});
afterAll(() => scene[Symbol.dispose]());

interface Told {
  code: number | null;
  stderr: string;
  document: Record<string, unknown> & { error?: z.output<ReturnType<typeof errorSchema>> };
}

/** The documents of all runs, by the name of their schema. */
const documents = new Map<string, unknown[]>();

/** Runs a command line with --json. Its document must have an error if the run failed, and only then. */
async function told(line: string, schema: string, env: Record<string, string> = {}): Promise<Told> {
  const { code, stdout, stderr } = await scene.run([...line.split(" "), "--json"], { env });
  const document = JSON.parse(stdout);
  documents.set(schema, [...(documents.get(schema) ?? []), document]);
  expect(Object.keys(document)[0]).toBe("version");
  expect(document.error?.exitCode ?? 0).toBe(code);
  return { code, stderr, document };
}

test("containerfile: the document has the text that the command prints or writes", async () => {
  const printed = await scene.succeed(["containerfile", "oci:debian"]);
  const { document } = await told("containerfile oci:debian -o Containerfile", "containerfile");
  const { containerfile, file } = document;
  expect({ containerfile, file }).toEqual({ containerfile: printed.stdout, file: scene.at("Containerfile") });
  expect(readFileSync(scene.at("Containerfile"), "utf8")).toBe(printed.stdout);
});

describe("a command that succeeds: the document has its result", () => {
  test.each([
    [
      "build dir:image -o out/x.iso --checksum --work w",
      "build",
      { label: "TINY", architecture: "x86_64", reused: null },
    ],
    ["build dir:image --work w --to squash", "build", { iso: null, files: [] }],
    ["inspect dir:image", "inspect", { boots: { bios: { boots: true } } }],
    ["containerfile oci:debian", "containerfile", { file: null }],
    ["sizes os.iso", "sizes", { rootfs: [{ path: "/LiveOS/squashfs.img" }] }],
    ["render-grub dir:image -o out", "render-grub", { files: ["out/grub-efi.cfg", "out/grub-bios.cfg"] }],
    [
      "squash dir:image -o out/x.img --cache cache",
      "squash",
      { stages: [{ name: "squash", outcome: "made" }] },
    ],
    ["bios-image dir:image -o out/core.img", "bios-image", { stages: [{ name: "bios-image" }] }],
    ["efi-image dir:image --work w", "efi-image", { stages: [{ name: "efi-image", outcome: "unchanged" }] }],
    ["assemble --work w -o out/y.iso", "assemble", { stages: [{ name: "assemble", outcome: "made" }] }],
    ["implant out/y.iso", "implant", { iso: "out/y.iso", action: "implanted", ok: true }],
    ["implant --check out/y.iso", "implant", { action: "checked", ok: true, damaged: null }],
    ["cache cache", "cache", { removed: [] }],
    ["verify os.iso", "verify", { ok: true, verdict: "boots", volumeId: "TINY" }],
    ["boot os.iso --until UP --accel tcg --firmware bios", "boot", { iso: "os.iso", passed: 1, failed: 0 }],
    ["explain F_KERNEL_UNSIGNED", "explain", { type: "finding", errorCode: "E_KERNEL_UNSIGNED" }],
    ["doctor", "doctor", { version: 1 }],
    ["version", "version", { version: 1 }],
  ])("%s", async (line, schema, fields) => {
    const { document, code } = await told(line, schema);
    expect(document).toMatchObject(fields);
    expect(code).toBe(0);
  });
});

test("build --json: the path, the digest and the other files, and nothing else on standard output", async () => {
  const { document } = await told("build dir:image -o out/x.iso --checksum --work w --force", "build");
  const iso = scene.at("out/x.iso");
  expect(document).toMatchObject({ iso, files: [`${iso}-CHECKSUM`], size: statSync(iso).size });
  expect(document.sha256).toBe(new Bun.CryptoHasher("sha256").update(readFileSync(iso)).digest("hex"));
  const names = (document.stages as { name: string }[]).map(({ name }) => name);
  // In the order of the stages, whichever ends first.
  expect(names).toEqual(["inspect", "render-grub", "squash", "bios-image", "efi-image", "assemble"]);
});

describe("a command that fails after it has a result: the document has both", () => {
  test.each([
    ["inspect dir:lacking", "inspect", { plan: null, boots: null }, "E_CONTRACT"],
    ["implant --check cut.iso", "implant", { action: "checked", ok: false }, "E_ISOMD5"],
    ["verify cut.iso", "verify", { verdict: "incomplete" }, "E_ISO_INCOMPLETE"],
    ["verify /etc/passwd", "verify", { verdict: "not-an-iso" }, "E_NOT_AN_ISO"],
    [
      "boot os.iso --until NEVER --accel tcg --firmware bios",
      "boot",
      { passed: 0, failed: 1 },
      "E_NOT_BOOTED",
    ],
  ])("%s", async (line, schema, fields, error) => {
    const { document, stderr } = await told(line, schema);
    expect(document).toMatchObject(fields);
    expect(document.error?.code).toBe(error);
    expect(stderr).toContain(`[${error}]`);
  });

  test("the error of several findings has them as data", async () => {
    const { document } = await told("inspect dir:lacking", "inspect");
    const codes = document.error?.findings.map(({ code }) => code);
    expect(codes).toEqual(expect.arrayContaining(["F_KERNEL_MISSING", "F_SHIM_MISSING"]));
  });
});

describe("a command that fails without a result: the document has only the error", () => {
  test.each([
    ["inspect dir:missing", "E_IMAGE_MISSING"],
    ["build dir:lacking -o out/z.iso", "E_CONTRACT"],
    ["build dir:image -o out/none/z.iso --report out/none/z.iso", "E_SAME_FILE"],
    ["verify missing.iso", "E_ISO_OPEN"],
    ["explain nothing", "E_EXPLAIN"],
    ["verify os.iso --require floppy", "E_REQUIRE"],
    ["verify", "E_USAGE"],
    ["bild", "E_USAGE"],
    ["version --unknown", "E_USAGE"],
  ])("%s", async (line, error) => {
    const { document, stderr } = await told(line, "error");
    expect(Object.keys(document)).toEqual(["version", "error"]);
    expect(document.error?.code).toBe(error);
    expect(stderr).toMatch(/^error[:[]/);
  });

  test("a variable of the environment that is refused before the command line is read", async () => {
    const { document } = await told("version", "error", { BUN_OPTIONS: "--smol" });
    expect(document.error?.code).toBe("E_ENVIRONMENT");
  });
});

test("--json after --: it is an argument, and the error is a text", async () => {
  const { stdout, code } = await scene.run(["verify", "--", "--json"]);
  expect({ stdout, code }).toEqual({ stdout: "", code: 5 });
});

test("an interrupted command: one document, with the error", async () => {
  using other = new Scene("json-interrupted");
  other.fake("qemu-system-x86_64", `${QEMU}; echo >started; exec sleep 600`);
  copyFileSync(scene.at("os.iso"), other.at("os.iso"));
  const running = other.start(["boot", "os.iso", "--firmware", "bios", "--accel", "tcg", "--json"]);
  await until(() => existsSync(other.at("started")));
  running.signal("SIGINT");
  const { code, stdout } = await running.done;
  expect(code).toBe(130);
  expect(JSON.parse(stdout)).toMatchObject({ version: 1, error: { code: "E_INTERRUPTED", exitCode: 130 } });
});

test.each([...DOCUMENT_NAMES])("schema %s: the documents above are valid by it", (name) => {
  const printed = documents.get(name) ?? [];
  if (!WITHOUT_RUN.includes(name)) expect(printed).not.toEqual([]);
  expect(judge(documentSchema(name), printed)).toEqual(printed.map(() => []));
});

test("schema of the report: the file of --report is valid by it, and so is the plan in the work folder", async () => {
  await scene.succeed([
    "build",
    "oci:os",
    "-o",
    "out/r.iso",
    "--report",
    "out/r.json",
    "--work",
    "w2",
    "--cache",
    "c2",
  ]);
  const read = (path: string) => JSON.parse(readFileSync(scene.at(path), "utf8"));
  expect(judge(documentSchema("report"), [read("out/r.json")])).toEqual([[]]);
  expect(judge(documentSchema("plan"), [read("w2/plan.json")])).toEqual([[]]);
});

test("schema: a list of all documents, and the schema of each", async () => {
  const list = (await scene.succeed(["schema"])).stdout;
  expect(
    list
      .trim()
      .split("\n")
      .map((line) => line.split(" ")[0]),
  ).toEqual([...DOCUMENT_NAMES]);
  const { stdout } = await scene.succeed(["schema", "iso.yaml"]);
  expect(JSON.parse(stdout)).toEqual(documentSchema("iso.yaml"));
});

test("schema of iso.yaml: it accepts examples, and refuses a misspelt key", () => {
  const entry = { name: "Übung 1", linux: "$kernelpath quiet", initrd: "$initrdpath" };
  const right = {
    label: "MY_OS",
    kernel_args: ["quiet"],
    grub2: { timeout: 5, default: 0, entries: [entry] },
  };
  const [first, second, third] = judge(documentSchema("iso.yaml"), [
    right,
    { ...right, lable: "X" },
    { label: "MY_OS", grub2: { entries: [{ ...entry, name: "a\u0007b" }] } },
  ]);
  expect(first).toEqual([]);
  expect(second?.join()).toContain("lable");
  expect(third?.join()).toContain("$.grub2.entries[0].name");
});

describe("--progress", () => {
  /** The events on standard error of a run. */
  async function eventsOf(...args: string[]): Promise<Record<string, unknown>[]> {
    const { stderr } = await scene.run([...args, "--progress", "json"]);
    const events = stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(judge(documentSchema("progress"), events)).toEqual(events.map(() => []));
    return events;
  }

  test("json: each line is an event, from the steps to the summary", async () => {
    const events = await eventsOf("build", "dir:image", "-o", "out/p.iso");
    const steps = events.find(({ event }) => event === "steps")?.names as string[];
    const named = (kind: string) => events.flatMap(({ event, name }) => (event === kind ? [name] : []));
    expect(steps).toContain("squash");
    expect(named("start")).toEqual(expect.arrayContaining(steps));
    expect(named("end")).toEqual(expect.arrayContaining(steps));
    expect(events.at(-1)).toMatchObject({ event: "message", level: "info" });
  });

  test("json: a failure is the last event, with the findings", async () => {
    const last = (await eventsOf("build", "dir:lacking", "-o", "out/p.iso")).at(-1);
    expect(last).toMatchObject({ event: "error", error: { code: "E_CONTRACT", exitCode: 3 } });
  });

  test.each([
    [["verify"]],
    [["verify", "a", "b"]],
    [["bild"]],
    [["--progress=plain", "verify", "--unknown"]],
  ])("json: a wrong command line is an event: %p", async (args) => {
    const events = await eventsOf(...args);
    expect(events).toMatchObject([{ event: "error", error: { code: "E_USAGE" } }]);
  });

  test("none: findings and the summary, but no steps", async () => {
    const plain = await scene.succeed(["build", "dir:image", "-o", "out/p.iso", "--progress", "plain"]);
    const none = await scene.succeed(["build", "dir:image", "-o", "out/p.iso", "--progress", "none"]);
    expect(plain.stderr).toMatch(/squash +done/);
    expect(none.stderr).not.toMatch(/squash +done/);
    expect(none.stderr).toContain("label TINY");
  });

  test("with --quiet: refused", async () => {
    const { code, stderr } = await scene.run(["version", "--quiet", "--progress", "none"]);
    expect(stderr).toContain("--progress");
    expect(code).toBe(2);
  });
});
