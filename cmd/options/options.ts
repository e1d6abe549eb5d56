import { tmpdir } from "node:os";
import { Command, Option } from "@commander-js/extra-typings";
import { parseArchitecture } from "../../internal/base/architecture.ts";
import { PlatterError } from "../../internal/base/error.ts";
import { type KernelArgEdit, parseKernelArgEdits } from "../../internal/contract/config/kernel-arg-edits.ts";
import { requireVolumeLabel } from "../../internal/contract/config/label.ts";
import { parseIgnored } from "../../internal/contract/findings/ignored-findings.ts";
import { readInputText } from "../../internal/files/open-input.ts";
import type { VolumeLabel } from "../../internal/grub/menu-model.ts";
import { LATEST_TIME } from "../../internal/image/entry-walk.ts";
import type { PullPolicy } from "../../internal/image/pull-policy.ts";
import { Session } from "../../internal/pipeline/session.ts";
import { ROOTFS_TYPES } from "../../internal/rootfs/rootfs-type.ts";
import type { SelinuxChoice } from "../../internal/selinux/labels.ts";
import { withVariable } from "../reference/environment.ts";
import { OPTION_GROUPS } from "../reference/groups.ts";
import type { World } from "../world.ts";
import { type AddedFlags, type PayloadFlags, withAddedOptions, withRootOptions } from "./content.ts";
import { type IgnoreFlags, withIgnoreOption } from "./ignore.ts";
import { pullOption, pullPolicy } from "./pull.ts";
import type { Unused } from "./refuse-unused.ts";

const collectKernelArgs = (value: string, before: KernelArgEdit[]): KernelArgEdit[] => [
  ...before,
  ...parseKernelArgEdits(value),
];

/** Adds the options that decide what is on the ISO. */
export function withPlanOptions<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return withFindingOptions(withRootOptions(withMenuOptions(command)));
}

/** Adds the options that decide how the ISO boots. */
function withMenuOptions<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return withKernelOption(command)
    .optionsGroup(OPTION_GROUPS.boot)
    .option(
      "--vendor <name>",
      "UEFI vendor whose boot loaders are used (default: the first with all of them)",
    )
    .option(
      "--label <label>",
      "label of the ISO (default: from iso.yaml, else from os-release)",
      requireVolumeLabel,
    )
    .option(
      "--karg <arg>",
      "add a kernel argument to all menu entries; -NAME or -NAME=VALUE removes one (repeatable)",
      collectKernelArgs,
      [],
    )
    .option("--config <file>", "iso.yaml to use instead of the image's")
    .option("--no-bios", "make a UEFI-only ISO; no GRUB modules for BIOS are needed");
}

export function withKernelOption<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return command
    .optionsGroup(OPTION_GROUPS.boot)
    .option(
      "--kernel <kver>",
      "kernel to boot, by its module directory (default: the newest with an initramfs)",
    );
}

/** Adds the options that decide which findings end a run. */
export function withFindingOptions<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return command.optionsGroup(OPTION_GROUPS.findings).option("--strict", "treat warnings as errors", false);
}

/** Adds the options for folders: where inputs are read and outputs are written. */
export function withWorkOptions<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return withInputOptions(withWorkOption(command));
}

export function withWorkOption<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return command
    .optionsGroup(OPTION_GROUPS.work)
    .addOption(
      withVariable(
        new Option(
          "--work <dir>",
          "keep plan, results and logs in this folder; later runs repeat only what changed",
        ),
      ),
    );
}

export function withInputOptions<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return command
    .optionsGroup(OPTION_GROUPS.input)
    .option("--arch <arch>", "architecture to take from an image index (default: the host's)")
    .addOption(
      new Option(
        "--platform <os/arch>",
        "same as --arch, in the form that docker uses: linux/arm64",
      ).conflicts("arch"),
    )
    .addOption(pullOption());
}

/** Adds the options for the format of the root file system. */
export function withSquashOptions<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return command
    .optionsGroup(OPTION_GROUPS.rootfs)
    .addOption(
      withVariable(
        new Option(
          "--rootfs <type>",
          "file system of the live root; erofs needs dracut 103 or later in the image",
        ),
      )
        .choices(ROOTFS_TYPES)
        .default("squashfs" as const),
    )
    .addOption(
      withVariable(
        new Option(
          "--compression <how>",
          "fast, balanced or small; or zstd, gzip or none, with erofs also xz or lz4, as NAME[:LEVEL][,BLOCK] (default: balanced)",
        ),
      ),
    );
}

export interface PlanFlags {
  kernel?: string | undefined;
  vendor?: string | undefined;
  label?: VolumeLabel | undefined;
  karg: KernelArgEdit[];
  config?: string | undefined;
  bios: boolean;
  exclude: string[];
  defaultExcludes: boolean;
  overlay: string[];
  selinux?: SelinuxChoice | undefined;
  strict: boolean;
}

export interface WorkFlags {
  work?: string | undefined;
  arch?: string | undefined;
  platform?: string | undefined;
  pull?: PullPolicy | true | undefined;
}

/** Options about an image and its plan. They have no effect without an image. */
export const IMAGE_OPTIONS: readonly string[] = [
  ...withIgnoreOption(withAddedOptions(withInputOptions(withPlanOptions(new Command())))).options.map(
    ({ long }) => long,
  ),
].filter((name) => name !== undefined);

/** Rule that refuses options about an image if the command uses the plan in the work folder. */
export function withoutImage(image: string | undefined, { work }: { work?: string | undefined }): Unused {
  return {
    when: image === undefined && work !== undefined,
    options: IMAGE_OPTIONS,
    reason: `without an image, the plan in \`${work}\` is used unchanged`,
    hint: "Name the image to make a new plan, or leave these options out.",
  };
}

/**
 * Opens a session for the flags. A temporary work directory is made next to the output, or in the system's folder for
 * temporary files.
 */
export function openSession(
  world: World,
  options: {
    image: string | undefined;
    flags: Partial<PlanFlags & AddedFlags & PayloadFlags & IgnoreFlags> & WorkFlags;
    beside?: string;
  },
): Session {
  const { flags } = options;
  const architecture = flags.arch ?? flags.platform;
  const payloads = [...(flags.payload ?? []), ...(flags.bootcInstallerPayloadRef ?? [])];
  return new Session({
    reference: options.image,
    work: flags.work,
    beside: options.beside ?? tmpdir(),
    architecture,
    pull: pullPolicy(flags.pull),
    plan: {
      kernel: flags.kernel,
      vendor: flags.vendor,
      label: flags.label,
      kernelArgs: flags.karg ?? [],
      config: readConfig(flags.config),
      architecture: architecture === undefined ? undefined : parseArchitecture(architecture),
      boot: flags.bios === false ? "uefi-only" : "bios-and-uefi",
      exclude: flags.exclude ?? [],
      defaultExcludes: flags.defaultExcludes === false ? "without" : "with",
      selinux: flags.selinux,
      epoch: sourceDateEpoch(world.environment.SOURCE_DATE_EPOCH),
    },
    added: flags.add ?? [],
    overlays: flags.overlay ?? [],
    payloads,
    strictness: flags.strict === true ? "strict" : "normal",
    ignored: parseIgnored(flags.ignore ?? []),
    signal: world.signal,
    reporter: world.reporter,
    clock: world.clock,
    version: world.version,
  });
}

/** Most bytes of a configuration or an os-release file. */
const MAX_TEXT = 1024 * 1024;

/** Text and path of the `iso.yaml` of --config. Undefined without the option. @throws PlatterError `E_INPUT` */
export function readConfig(file: string | undefined): { text: string; file: string } | undefined {
  return file === undefined ? undefined : { text: readText(file), file };
}

/** The content of a text file that the user named, of at most `limit` bytes. @throws PlatterError `E_INPUT` */
export function readText(path: string, limit = MAX_TEXT): string {
  return readInputText(path, { code: "E_INPUT", limit });
}

/** SOURCE_DATE_EPOCH as reproducible-builds.org defines it: seconds since 1970. @throws PlatterError `E_EPOCH` */
export function sourceDateEpoch(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d+$/.test(text) && Number(text) <= LATEST_TIME) return Number(text);
  throw new PlatterError({
    code: "E_EPOCH",
    kind: "usage",
    message: `Cannot read SOURCE_DATE_EPOCH \`${text}\`: it is not a number of seconds since 1970`,
    hint: "Set it to a number such as `$(date +%s)`, or unset it.",
  });
}
