import { tmpdir } from "node:os";
import { checksumPath } from "../internal/files/checksum-file.ts";
import type { NamedPath } from "../internal/files/same-file.ts";
import { pathOfReference } from "../internal/image/reference-path.ts";
import { parsePayloadRequest } from "../internal/payload/payload-reference.ts";
import { claimFiles, reportSwept } from "../internal/pipeline/work/claim.ts";
import { checkOutput } from "../internal/pipeline/work/output.ts";
import { recordedReference } from "../internal/pipeline/work/recorded-reference.ts";
import { removeOldLogs } from "../internal/process/kept-logs.ts";
import type { World } from "./world.ts";

/** Flags that name files, of all commands. */
export interface FileFlags {
  output?: string | undefined;
  config?: string | undefined;
  osRelease?: string | undefined;
  modules?: string | undefined;
  efiDir?: string | undefined;
  payload?: readonly string[];
  bootcInstallerPayloadRef?: readonly string[];
  work?: string | undefined;
  cache?: string | undefined;
  report?: string | undefined;
  checksum?: boolean;
  junit?: string | undefined;
}

/**
 * Claims the files that a command writes, until the result is disposed. `image` is the command's argument. If it is
 * undefined, the image is the one in the work folder's plan. `outputs` replaces the path of -o, and `reads` are ISOs.
 * @throws PlatterError `E_OUTPUT`, `E_OUTPUT_LOCKED`, `E_SAME_FILE`, `E_REFERENCE`, `E_PAYLOAD_NAME`
 */
export function claim(
  world: World,
  options: {
    image: string | undefined;
    flags: FileFlags;
    outputs?: readonly string[];
    reads?: readonly string[];
  },
): Disposable {
  const { flags } = options;
  const image = options.image ?? (flags.work && recordedReference(flags.work));
  const payloads = [
    ...named("--payload", flags.payload ?? []),
    ...named("--bootc-installer-payload-ref", flags.bootcInstallerPayloadRef ?? []),
  ].map(({ option, path }) => ({ option, path: parsePayloadRequest(path).reference }));
  const images = [...named("the image", image === undefined ? [] : [image]), ...payloads];
  const reads = [
    ...named("the ISO", options.reads ?? []),
    ...images.flatMap(({ option, path }) => named(option, [pathOfReference(path)])),
    ...named("--config", [flags.config]),
    ...named("--os-release", [flags.osRelease]),
    ...named("--modules", [flags.modules]),
    ...named("--efi-dir", [flags.efiDir]),
  ];
  const writes = [
    ...named("-o", options.outputs ?? [flags.output]),
    ...named("--checksum", [
      flags.checksum && flags.output ? checksumPath(checkOutput(flags.output)) : undefined,
    ]),
    ...named("--report", [flags.report === "-" ? undefined : flags.report]),
    ...named("--junit", [flags.junit]),
  ];
  tidyTemporary(world);
  const report = (text: string) => world.reporter.info(text);
  return claimFiles({ reads, writes, work: flags.work, cache: flags.cache, report });
}

/**
 * Removes leftovers of killed runs and old logs of failed runs from the folder for temporary files, and reports them.
 */
function tidyTemporary({ reporter, now }: World): void {
  reportSwept(tmpdir(), (text) => reporter.info(text));
  for (const path of removeOldLogs(tmpdir(), now().getTime()))
    reporter.info(`Removed \`${path}\`, the log of a run that failed more than a day ago`);
}

function named(option: string, paths: readonly (string | undefined)[]): NamedPath[] {
  return paths.flatMap((path) => (path === undefined ? [] : [{ option, path }]));
}
