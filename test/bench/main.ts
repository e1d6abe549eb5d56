/** See scripts/bench. */

import { existsSync, mkdirSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { cpus, release, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { BINARY, CHAINS, type Chain, commandOf, OUTPUT } from "./chains.ts";
import { INPUT_NAMES, type InputName, makeChangedInput, makeInput, USUAL_INPUTS } from "./inputs.ts";
import { benchLabels } from "./labels.ts";
import { measure, stopMeasured } from "./meter.ts";
import { run } from "./programs.ts";
import { measureRebuilds } from "./rebuild.ts";
import { type Run, renderRatios, renderTable } from "./table.ts";

const { values } = parseArgs({
  options: {
    input: { type: "string" },
    runs: { type: "string", default: "3" },
    "no-reference": { type: "boolean", default: false },
    rebuild: { type: "boolean", default: false },
    work: { type: "string", default: ".cache/bench" },
  },
});
const runCount = Number(values.runs);
const wanted =
  values.input === undefined ? USUAL_INPUTS : INPUT_NAMES.filter((name) => name === values.input);
/** Labels are measured without an image, and without other tools to compare with. */
const LABELS = "labels";
const wantsLabels = values.input === undefined || values.input === LABELS;
if (!(Number.isInteger(runCount) && runCount > 0) || (wanted.length === 0 && !wantsLabels)) {
  process.stderr.write(
    `usage: scripts/bench [--input ${[...INPUT_NAMES, LABELS].join("|")}] [--runs N] [--no-reference | --rebuild] [--work FOLDER]\n`,
  );
  process.exit(2);
}
const chains = CHAINS.filter((chain) => chain !== "reference" || !values["no-reference"]);
const work = resolve(values.work);
mkdirSync(work, { recursive: true });

/** Bytes of the file system that all chains work on: one of its own, so that what is used on it is theirs alone. */
const DISK = 20 * 2 ** 30;

function mountDisk(): { folder: string; [Symbol.dispose]: () => void } {
  const [file, point] = [join(work, "disk.img"), join(work, "disk")];
  rmSync(file, { force: true });
  writeFileSync(file, "");
  truncateSync(file, DISK);
  run(["mkfs.ext4", "-q", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", file]);
  mkdirSync(point, { recursive: true });
  run(["mount", "-o", "loop", file, point]);
  const release = () => {
    run(["umount", "-l", point]);
    rmSync(file);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      stopMeasured();
      release();
      process.exit(130);
    });
  }
  return { folder: point, [Symbol.dispose]: release };
}

function machine(): string {
  const first = (...argv: string[]) => Bun.spawnSync(argv).stdout.toString().split("\n")[0]!.trim();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  const tools = [
    first("mksquashfs", "-version").replace(/ \(.*/, ""),
    first("xorriso", "-version").replace(/ :.*/, ""),
    first("podman", "--version"),
    first(BINARY, "--version"),
  ];
  return `${cpus().length} processors, ${memory}, Linux ${release().replace(/-.*/, "")}, ${tools.join(", ")}`;
}

async function bench(name: InputName, folder: string): Promise<void> {
  process.stderr.write(`making the input ${name}\n`);
  await using input = await makeInput(name, work);
  const menu = join(work, "grub.cfg");
  writeFileSync(menu, run([BINARY, "render-grub", `dir:${input.tree}`]));
  // What is read comes from the page cache for all.
  run(["sh", "-c", `tar -C "${input.tree}" -cf - . | cat >/dev/null; cat "${input.archive}" >/dev/null`]);
  const runs = new Map<Chain, Run[]>(chains.map((chain) => [chain, []]));
  for (let turn = 1; turn <= runCount; turn++) {
    for (const [chain, done] of runs) {
      for (const left of readdirSync(folder))
        if (left !== "lost+found") rmSync(join(folder, left), { recursive: true });
      run(["sync", "-f", folder]);
      const cost = await measure(commandOf(chain, input, { folder, menu }), folder);
      const { size } = statSync(join(folder, OUTPUT));
      done.push({ ...cost, size });
      process.stderr.write(`${name}, run ${turn} of ${runCount}, ${chain}: ${cost.wall.toFixed(1)} s\n`);
    }
  }
  const inode = run([
    "sh",
    "-c",
    `find "${input.tree}" | wc -l; du -s --apparent-size -B1 "${input.tree}" | cut -f 1`,
  ]);
  const [names, bytes] = inode.split("\n").map(Number) as [number, number];
  const title = `${name}: ${names.toLocaleString("en")} names, ${Math.round(bytes / 1e6)} MB, median of ${runCount}`;
  process.stdout.write(`\n${title}\n\n${renderTable(runs)}\n\n${renderRatios(runs)}\n`);
}

/** Builds after a small change of the image. */
async function benchRebuilds(name: InputName, folder: string): Promise<void> {
  process.stderr.write(`making the input ${name} and its change\n`);
  await using base = await makeInput(name, work);
  await using changed = await makeChangedInput(name, work);
  const log = (text: string) => void process.stderr.write(`${name}, ${text}\n`);
  const runs = await measureRebuilds({ base, changed }, { folder, kept: work, runs: runCount, log });
  for (const source of ["folder", "OCI archive"]) {
    const columns = new Map([...runs].filter(([column]) => column.startsWith(`${source}:`)));
    process.stdout.write(`\n${name}, median of ${runCount}\n\n${renderTable(columns)}\n`);
  }
}

if (!existsSync(BINARY)) throw new Error(`${BINARY} is not there: run ./scripts/build`);
process.stdout.write(`${machine()}\n`);
if (wantsLabels) process.stdout.write(`${benchLabels()}\n`);
if (wanted.length > 0) {
  using disk = mountDisk();
  for (const name of wanted) await (values.rebuild ? benchRebuilds : bench)(name, disk.folder);
}
