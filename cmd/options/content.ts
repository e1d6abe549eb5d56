import { type Command, Option } from "@commander-js/extra-typings";
import { type AddRequest, parseAddRequest } from "../../internal/iso/add-request.ts";
import { SELINUX_CHOICES } from "../../internal/selinux/labels.ts";
import { OPTION_GROUPS } from "../reference/groups.ts";

const collect = (value: string, before: string[]): string[] => [...before, value];

/** Adds the options that decide what is in the root file system. */
export function withRootOptions<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return command
    .optionsGroup(OPTION_GROUPS.content)
    .option(
      "--overlay <dir>",
      "put the files of a folder over the root file system, owned by root (repeatable)",
      collect,
      [],
    )
    .option("--exclude <pattern>", "leave a path out of the root file system (glob, repeatable)", collect, [])
    .option("--no-default-excludes", "keep the paths that are left out by default (see the README)")
    .addOption(
      new Option(
        "--selinux <labels>",
        "SELinux labels: by the image's policy if it has one, none, by the policy or an error, or those of its layers (default: from iso.yaml, else auto)",
      ).choices(SELINUX_CHOICES),
    );
}

/** Adds the options for container images that the live system carries. */
export function withPayloadOptions<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return command
    .optionsGroup(OPTION_GROUPS.content)
    .option(
      "--payload <ref[=name]>",
      "put a container image into podman's storage of the live system (repeatable)",
      collect,
      [],
    )
    .option(
      "--bootc-installer-payload-ref <ref>",
      "same as --payload; the name that the contract uses",
      collect,
      [],
    );
}

const collectRequests = (value: string, before: AddRequest[]): AddRequest[] => [
  ...before,
  parseAddRequest(value),
];

/** Adds the options for what the ISO and the live system get besides the image. */
export function withAddedOptions<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return withPayloadOptions(
    command
      .optionsGroup(OPTION_GROUPS.content)
      .option(
        "--add <file=/path>",
        "put a file or folder of the host onto the ISO, such as a kickstart file (repeatable)",
        collectRequests,
        [],
      ),
  );
}

export interface AddedFlags {
  add: readonly AddRequest[];
}

export interface PayloadFlags {
  payload: string[];
  bootcInstallerPayloadRef: string[];
}
