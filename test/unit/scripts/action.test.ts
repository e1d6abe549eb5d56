import { describe, expect, test } from "bun:test";
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";

const PROJECT = resolve(import.meta.dir, "../../..");
const read = (path: string) => readFileSync(resolve(PROJECT, path), "utf8");

// docs.github.com: Metadata syntax reference, composite actions.
const action = z
  .strictObject({
    name: z.string(),
    description: z.string(),
    branding: z.strictObject({ icon: z.string(), color: z.string() }),
    inputs: z.record(
      z.string().regex(/^[a-z][a-z0-9-]*$/),
      z.strictObject({
        description: z.string(),
        required: z.boolean().optional(),
        default: z.string().optional(),
      }),
    ),
    outputs: z.record(z.string(), z.strictObject({ description: z.string(), value: z.string() })),
    runs: z.strictObject({
      using: z.literal("composite"),
      steps: z.tuple([
        z.strictObject({
          if: z.string(),
          uses: z.string(),
          with: z.strictObject({ path: z.string(), key: z.string(), "restore-keys": z.string() }),
        }),
        z.strictObject({
          id: z.string(),
          shell: z.literal("bash"),
          run: z.string(),
          env: z.record(z.string(), z.string()),
        }),
      ]),
    }),
  })
  .parse(parse(read("action.yml"), { strict: true }));
const [cacheStep, step] = action.runs.steps;
const script = read("scripts/action");

describe("action.yml", () => {
  test("has the inputs and outputs that are promised", () => {
    expect(Object.keys(action.inputs)).toEqual([
      "image",
      "image-ref",
      "payload",
      "output",
      "iso-dest",
      "label",
      "compression",
      "cache",
      "reuse",
      "arguments",
      "verify",
      "boot-test",
      "version",
      "sha256",
      "compile",
    ]);
    expect(Object.keys(action.outputs)).toEqual(["iso", "iso-dest", "sha256"]);
    // The script requires one of `image` and `image-ref`.
    for (const { required, default: value } of Object.values(action.inputs)) {
      expect([required, typeof value]).toEqual([undefined, "string"]);
    }
  });

  test("hands every input on as a variable that the script uses, and none as text of a script", () => {
    const handed = Object.keys(action.inputs).map((name) => [
      `INPUT_${name.toUpperCase().replaceAll("-", "_")}`,
      `\${{ inputs.${name} }}`,
    ]);
    // The release is in the repository of the action, which is not that of the job.
    const repository = { ACTION_REPOSITORY: `\${{ github.action_repository }}` };
    expect(step?.env).toEqual({ ...Object.fromEntries(handed), ...repository });
    for (const [variable] of handed) expect(script).toMatch(new RegExp(`\\$\\{?${variable}\\b`));
    expect(step?.run).not.toContain("${{");
    expect(statSync(resolve(PROJECT, "scripts/action")).mode & 0o111).toBe(0o111);
  });

  test("keeps the cache that the script uses, if asked to, and begins with the latest one", () => {
    expect(cacheStep.if).toBe("inputs.cache == 'true'");
    const folder = cacheStep.with.path.replace(`\${{ runner.temp }}`, `\${RUNNER_TEMP:?}`);
    expect(script).toContain(`--cache "${folder}"`);
    const [first, second] = cacheStep.with["restore-keys"].trim().split("\n");
    expect(cacheStep.with.key.startsWith(first!)).toBe(true);
    expect(first!.startsWith(second!)).toBe(true);
  });

  test("takes every output from what the script writes", () => {
    for (const [name, { value }] of Object.entries(action.outputs)) {
      const written = name === "iso-dest" ? "iso" : name;
      expect(value).toBe(`\${{ steps.${step?.id}.outputs.${written} }}`);
      expect(script).toContain(`'${written}=%s\\n'`);
    }
  });
});

const EXAMPLES = ["isos.yml", "release.yml"].map((file) => `examples/github-action/${file}`);

const exampleSchema = z.object({
  jobs: z.record(
    z.string(),
    z.object({
      strategy: z.object({ matrix: z.record(z.string(), z.array(z.unknown())) }).optional(),
      steps: z.array(
        z.object({
          id: z.string().optional(),
          uses: z.string().optional(),
          run: z.string().optional(),
          with: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
        }),
      ),
    }),
  ),
});
const jobOf = (path: string) =>
  Object.values(exampleSchema.parse(parse(read(path), { strict: true })).jobs)[0]!;

describe.each(["ci.yml", "release.yml"])(".github/workflows/%s", (name) => {
  const text = read(`.github/workflows/${name}`);
  const { jobs, permissions } = z
    .object({
      permissions: z.record(z.string(), z.string()),
      jobs: z.record(
        z.string(),
        z.object({ steps: z.array(z.object({ run: z.string().optional() })).optional() }),
      ),
    })
    .parse(parse(text, { strict: true }));
  const commands = Object.values(jobs).flatMap(({ steps = [] }) => steps.flatMap(({ run }) => run ?? []));

  test("has only the right to read, apart from jobs that need more", () => {
    expect(permissions).toEqual({ contents: "read" });
  });

  test("runs no text that comes from an expression, and only scripts that exist", () => {
    for (const command of commands) {
      expect(command).not.toContain("${{");
      for (const [, script] of command.matchAll(/(?:^|\s)\.\/([\w./-]+)/g))
        expect(statSync(resolve(PROJECT, script!)).mode & 0o111).toBe(0o111);
    }
    expect(commands.join("\n")).toContain(
      name === "ci.yml" ? "./.ci/run" : `./scripts/release "\${GITHUB_REF_NAME#v}"`,
    );
  });
});

test("release.yml: attests the provenance of every file, after the tests", () => {
  const text = read(".github/workflows/release.yml");
  expect(text).toContain("actions/attest-build-provenance@");
  expect(text).toContain("subject-path: dist/release/*");
  expect(text).toContain("needs: test");
});

test("isos.yml: builds several images for several architectures, one ISO a job", () => {
  const job = jobOf(EXAMPLES[0]!);
  const { name = [], architecture = [] } = job.strategy!.matrix;
  expect(name.length).toBeGreaterThan(1);
  expect(architecture.length).toBeGreaterThan(1);
  expect(job.steps.filter(({ uses }) => uses?.includes("/platter@"))).toHaveLength(1);
});

describe.each(EXAMPLES)("the workflow %s", (path) => {
  const job = jobOf(path);
  const use = job.steps.find(({ uses }) => uses?.includes("/platter@"));

  test("gives the action only inputs that it has, and takes only outputs that it has", () => {
    expect(Object.keys(use?.with ?? {}).filter((name) => !(name in action.inputs))).toEqual([]);
    expect(use?.with).toHaveProperty("image");
    const taken = [...read(path).matchAll(/steps\.(\w+)\.outputs\.(\w+)/g)];
    expect(taken.length).toBeGreaterThan(0);
    for (const [, id, name] of taken) {
      expect(id).toBe(use?.id);
      expect(Object.keys(action.outputs)).toContain(name!);
    }
  });

  test("runs no text that comes from an expression", () => {
    for (const { run } of job.steps) expect(run ?? "").not.toContain("${{");
  });
});
