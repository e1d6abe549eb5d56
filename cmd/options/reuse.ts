import type { Command } from "@commander-js/extra-typings";
import type { RootfsOptions } from "../../internal/rootfs/rootfs-options.ts";
import { OPTION_GROUPS } from "../reference/groups.ts";
import type { Unused } from "./refuse-unused.ts";

/** Adds the option that names an earlier ISO. */
export function withReuseOption<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return command
    .optionsGroup(OPTION_GROUPS.work)
    .option(
      "--reuse <file>",
      "take compressed blocks from an earlier ISO or squashfs instead of compressing the same content again",
    );
}

/** Rule that refuses the option unless the root file system is a squashfs with zstd. */
export function unusedReuse({ type, compression }: RootfsOptions): Unused {
  return {
    when: type !== "squashfs" || compression !== "zstd",
    options: ["--reuse"],
    reason: "only a squashfs that is compressed with zstd has blocks that can be reused",
    hint: "Leave --reuse out, or leave --rootfs and --compression out.",
  };
}
