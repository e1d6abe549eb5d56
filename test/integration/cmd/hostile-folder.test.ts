/** The binary takes no code and no settings from the folder that it is started in. */
import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { BINARY, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

const BUN = `${import.meta.dir}/../../../node_modules/.bin/bun`;

/** A program that reports on both outputs that it was run, and makes a file. */
function trap(scene: Scene, name: string): string {
  const mark = JSON.stringify(scene.at(`sprung-${name}`));
  return `console.log("TRAP ${name}"); console.error("TRAP ${name}"); require("node:fs").writeFileSync(${mark}, "");\n`;
}

/** A folder with all that Bun and Node look for where they are started. */
function hostile(scene: Scene): string {
  const put = (name: string, content: string) => scene.write(`hostile/${name}`, content);
  put("preload.ts", trap(scene, "preload"));
  put("macro.ts", `${trap(scene, "macro")}export default () => 1;\n`);
  put(
    "bunfig.toml",
    'preload = ["./preload.ts"]\nlogLevel = "debug"\n[run]\nbun = true\n[define]\n"process.env.PATH" = "\'/nowhere\'"\n[test]\npreload = ["./preload.ts"]\n',
  );
  const env =
    'SOURCE_DATE_EPOCH=nonsense\nPATH=/nowhere\nTMPDIR=/nowhere\nNODE_OPTIONS="--require ./preload.ts"\nBUN_OPTIONS="--preload ./preload.ts"\nBUN_CONFIG_VERBOSE_FETCH=curl\n';
  for (const name of [".env", ".env.local", ".env.production", ".env.development"]) put(name, env);
  put(
    "package.json",
    JSON.stringify({
      name: "trap",
      type: "module",
      main: "./preload.ts",
      imports: { "#*": "./preload.ts" },
      scripts: { preinstall: "false" },
      bun: { preload: ["./preload.ts"] },
    }),
  );
  const paths = { "*": ["./preload.ts"], commander: ["./preload.ts"], "node:fs": ["./preload.ts"] };
  put(
    "tsconfig.json",
    JSON.stringify({ compilerOptions: { baseUrl: ".", paths, jsxImportSource: "commander" } }),
  );
  put("jsconfig.json", JSON.stringify({ compilerOptions: { baseUrl: ".", paths } }));
  for (const name of ["commander", "zod", "yaml", "@commander-js/extra-typings"]) {
    put(`node_modules/${name}/package.json`, JSON.stringify({ name, main: "index.js" }));
    put(`node_modules/${name}/index.js`, trap(scene, "module"));
  }
  for (const name of ["index.ts", "index.js", "cmd/main.ts", "templates/grub-efi.cfg"])
    put(name, trap(scene, "source"));
  put("iso.yaml", "label: STOLEN\n");
  return scene.at("hostile");
}

/** What makes a build in an empty folder, to compare with. */
let reference: Buffer;
beforeAll(async () => {
  using scene = new Scene("folder");
  tinyImage(scene.at("image"));
  await scene.succeed(["build", `dir:${scene.at("image")}`, "-o", scene.at("out/x.iso")]);
  reference = readFileSync(scene.at("out/x.iso"));
});

test("the traps are real: Bun itself runs into them", () => {
  using scene = new Scene("folder");
  const cwd = hostile(scene);
  scene.write("hostile/plain.ts", "export {};\n");
  const done = Bun.spawnSync([BUN, "plain.ts"], { cwd, stderr: "pipe" });
  expect(done.stdout.toString()).toContain("TRAP preload");
  expect(existsSync(scene.at("sprung-preload"))).toBe(true);
});

test("nothing of the folder is run or read, and the ISO is the same", async () => {
  using scene = new Scene("folder");
  const cwd = hostile(scene);
  tinyImage(scene.at("image"));
  // Tools are asked for as well, and are found through a PATH that begins in the folder.
  const options = { cwd, path: `.:${process.env.PATH}`, env: { HOME: cwd } };
  const build = await scene.run(["build", `dir:${scene.at("image")}`, "-o", "x.iso"], options);
  expect({ code: build.code, stderr: build.stderr }).toMatchObject({ code: 0 });
  for (const args of [
    ["--help"],
    ["--version"],
    ["inspect", `dir:${scene.at("image")}`],
    ["bogus"],
    ["implant", "--check", "x.iso"],
  ]) {
    const ran = await scene.run(args, options);
    expect(`${ran.stdout}${ran.stderr}`).not.toContain("TRAP");
  }
  expect(`${build.stdout}${build.stderr}`).not.toContain("TRAP");
  expect(readdirSync(scene.path).filter((name) => name.startsWith("sprung"))).toEqual([]);
  expectSameBytes(readFileSync(`${cwd}/x.iso`), reference);
  expect(await scene.leftovers()).toEqual([]);
});

test("also when the binary itself is there", async () => {
  using scene = new Scene("folder");
  const cwd = hostile(scene);
  cpSync(BINARY, `${cwd}/platter`);
  const done = Bun.spawnSync([`${cwd}/platter`, "--version"], { cwd, stderr: "pipe" });
  expect({ code: done.exitCode, stderr: done.stderr.toString() }).toEqual({ code: 0, stderr: "" });
  expect(done.stdout.toString()).toMatch(/^platter \d+\.\d+\.\d+\n$/);
  expect(readdirSync(scene.path).filter((name) => name.startsWith("sprung"))).toEqual([]);
});
