import { tmpdir } from "node:os";
import { PlatterError } from "../internal/base/error.ts";
import { checksumPath } from "../internal/files/checksum-file.ts";
import type { NamedPath } from "../internal/files/same-file.ts";
import { pathOfReference } from "../internal/image/reference-path.ts";
import type { AddRequest } from "../internal/iso/add-request.ts";
import { parsePayloadRequest } from "../internal/payload/payload-reference.ts";
import { Claim, reportSwept } from "../internal/pipeline/work/claim.ts";
import { checkOutput, type OutputTarget } from "../internal/pipeline/work/output.ts";
import { recordedInputs } from "../internal/pipeline/work/recorded-inputs.ts";
import { removeOldLogs } from "../internal/process/kept-logs.ts";
import type { World } from "./world.ts";

/** Flags that name files, of all commands. */
export interface FileFlags {
  config?: string | undefined;
  osRelease?: string | undefined;
  modules?: string | undefined;
  efiDir?: string | undefined;
  add?: readonly AddRequest[];
  overlay?: readonly string[];
  payload?: readonly string[];
  bootcInstallerPayloadRef?: readonly string[];
  work?: string | undefined;
  cache?: string | undefined;
  report?: string | undefined;
  checksum?: boolean;
  junit?: string | undefined;
  html?: string | undefined;
}

/**
 * Claims the files that a command writes, until the result is disposed. `image` is the command's argument. If it is
 * undefined, the image is the one in the work folder's plan. `outputs` are files that -o names besides the target, and
 * `reads` are ISOs.
 * @throws PlatterError `E_OUTPUT`, `E_OUTPUT_LOCKED`, `E_SAME_FILE`, `E_REFERENCE`, `E_PAYLOAD_NAME`
 */
export function claim(
  world: World,
  options: {
    image: string | undefined;
    flags: FileFlags;
    target?: OutputTarget | undefined;
    outputs?: readonly string[];
    reads?: readonly string[];
  },
): Claim {
  const { flags, target } = options;
  const recorded =
    options.image === undefined && flags.work !== undefined ? recordedInputs(flags.work) : undefined;
  const image = options.image ?? recorded?.reference;
  const payloads = [
    ...named("--payload", flags.payload ?? []),
    ...named("--bootc-installer-payload-ref", flags.bootcInstallerPayloadRef ?? []),
  ].map(({ option, path }) => ({ option, path: parsePayloadRequest(path).reference }));
  const images = [...named("the image", image === undefined ? [] : [image]), ...payloads];
  const reads = [
    ...named("the ISO", options.reads ?? []),
    ...images.flatMap(({ option, path }) => named(option, [pathOfReference(path)])),
    ...named(
      "--add",
      (flags.add ?? []).map(({ source }) => source),
    ),
    ...named("--overlay", [...(flags.overlay ?? []), ...(recorded?.overlays ?? [])]),
    ...named("--config", [flags.config]),
    ...named("--os-release", [flags.osRelease]),
    ...named("--modules", [flags.modules]),
    ...named("--efi-dir", [flags.efiDir]),
  ];
  if (target?.kind === "stream" && flags.report === "-") throw bothStream();
  const writes = [
    ...(target?.kind === "file" ? outputFiles(target.path, flags) : []),
    ...named("-o", options.outputs ?? []),
    ...named("--report", [flags.report === "-" ? undefined : flags.report]),
    ...named("--junit", [flags.junit]),
    ...named("--html", [flags.html]),
  ];
  tidyTemporary(world);
  const folder = target?.kind === "folder" ? target.path : undefined;
  const report = (text: string) => world.reporter.info(text);
  return new Claim({ reads, writes, folder, work: flags.work, cache: flags.cache, report });
}

/** The output of -o at this path, and the checksum file next to it if the flags want one. @throws PlatterError `E_OUTPUT` */
export function outputFiles(path: string, { checksum }: Pick<FileFlags, "checksum">): NamedPath[] {
  return [
    ...named("-o", [path]),
    ...named("--checksum", [checksum === true ? checksumPath(checkOutput(path)) : undefined]),
  ];
}

function bothStream(): PlatterError {
  return new PlatterError({
    code: "E_SAME_FILE",
    kind: "usage",
    message: "Cannot write to standard output: -o and --report both name it",
    hint: "Name a file with one of them.",
  });
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
