import { resolve } from "node:path";
import { PlatterError } from "../../internal/base/error.ts";
import { pathOfReference } from "../../internal/image/reference-path.ts";
import type { StageName } from "../../internal/pipeline/stage/stage.ts";
import { recordedInputs } from "../../internal/pipeline/work/recorded-inputs.ts";
import { unusedCacheSize } from "./cache.ts";
import { IMAGE_OPTIONS, withoutImage } from "./options.ts";
import type { Unused } from "./refuse-unused.ts";

interface BuildFlags {
  from: StageName;
  to: StageName;
  output: string;
  work?: string | undefined;
  cache?: string | undefined;
}

/** Options of `build` by the stages that use them, without those that decide the plan. */
const OPTIONS_OF_STAGES: readonly (readonly [StageName[], string[]])[] = [
  [["squash"], ["--rootfs", "--compression", "--cache", "--cache-size", "--reuse"]],
  [["assemble"], ["--strict-gpt"]],
  [
    ["assemble", "implant"],
    ["--output", "--checksum", "--report"],
  ],
];

/** Rules for options that have no effect in a build with these flags. */
export function unusedInBuild(options: {
  image: string | undefined;
  flags: BuildFlags;
  wanted: ReadonlySet<StageName>;
}): Unused[] {
  const { flags, wanted } = options;
  const { from, to, work, cache } = flags;
  return [
    {
      when: from !== "inspect",
      options: IMAGE_OPTIONS,
      reason: `\`--from ${from}\` uses the existing plan`,
      hint: "Leave --from out to make a new plan, or leave these options out.",
    },
    withoutImage(options.image, flags),
    ...OPTIONS_OF_STAGES.map(([stages, options]) => ({
      when: !stages.some((stage) => wanted.has(stage)),
      options,
      reason: `${stages.map((stage) => `\`${stage}\``).join(" and ")} ${stages.length === 1 ? "uses" : "use"} it, and the stages run from \`${from}\` to \`${to}\``,
      hint: "Leave the option out, or leave --from and --to out.",
    })),
    {
      when: flags.output === "-",
      options: ["--checksum"],
      reason: "it writes a file next to the ISO, and the ISO goes to standard output",
      hint: "Name a file with -o, or compute the digest of the output with `sha256sum`.",
    },
    unusedCacheSize(flags),
    {
      when: work === undefined && cache === undefined,
      options: ["--force"],
      reason: "every stage runs anyway without --work and --cache",
      hint: "Leave --force out: an existing ISO is replaced anyway.",
    },
  ];
}

/**
 * Refuses an image that is not the image of the plan in the work folder, if the build begins after the plan.
 * @throws PlatterError `E_OPTION_UNUSED`
 */
export function requireSameImage(image: string | undefined, { from, work }: BuildFlags): void {
  if (image === undefined || from === "inspect" || work === undefined) return;
  const planned = recordedInputs(work)?.reference;
  if (planned === undefined || isSameReference(image, planned)) return;
  throw new PlatterError({
    code: "E_OPTION_UNUSED",
    kind: "usage",
    message: `Cannot build \`${image}\` with \`--from ${from}\`: the plan in \`${work}\` is for \`${planned}\``,
    hint: "Leave --from out to make a plan of this image, or leave the image out.",
  });
}

/** Whether a reference names the same image as `full`, a complete reference. */
function isSameReference(text: string, full: string): boolean {
  const [path, fullPath] = [pathOfReference(text), pathOfReference(full)];
  if (path === undefined || fullPath === undefined) return withoutTransport(text) === withoutTransport(full);
  const tag = text.slice(text.indexOf(path) + path.length);
  return resolve(path) === resolve(fullPath) && full.endsWith(tag);
}

function withoutTransport(text: string): string {
  return text.replace(/^[a-z-]+:(\/\/)?/, "");
}
