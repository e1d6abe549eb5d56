import { Option } from "@commander-js/extra-typings";
import { PlatterError } from "../../internal/base/error.ts";
import { PULL_POLICIES, type PullPolicy } from "../../internal/image/pull-policy.ts";
import { parseReference } from "../../internal/image/reference.ts";
import { withVariable } from "../reference/environment.ts";
import { isGiven, type ParsedCommand } from "./refuse-unused.ts";

/** The policy of `--pull` without a value, as podman has it. */
const DEFAULT_POLICY = "missing";

/** The option that fetches names in podman's storage from their registries. */
export function pullOption() {
  return withVariable(
    new Option(
      "--pull [policy]",
      `fetch an image from its registry if podman's storage lacks it, or by this policy (default: ${DEFAULT_POLICY})`,
    ),
  ).choices(PULL_POLICIES);
}

/**
 * The arguments of the command line with a policy after each `--pull` without one. Else the parser takes the next word,
 * which may be the image.
 */
export function withPullPolicies(args: readonly string[]): string[] {
  const isPolicy = (text: string | undefined) => PULL_POLICIES.some((policy) => policy === text);
  const end = args.indexOf("--");
  return args.map((word, index) => {
    const isOption = word === "--pull" && (end < 0 || index < end);
    return isOption && !isPolicy(args[index + 1]) ? `--pull=${DEFAULT_POLICY}` : word;
  });
}

/** The policy of the option `--pull`. */
export function pullPolicy(given: PullPolicy | true | undefined): PullPolicy | undefined {
  return given === true ? DEFAULT_POLICY : given;
}

/** The part of a commander `Command` that has the image and the options. */
interface ImageCommand extends ParsedCommand {
  opts(): { image?: string; payload?: string[]; bootcInstallerPayloadRef?: string[] };
}

/**
 * Refuses `--pull` on the command line if neither the image nor a payload can be in podman's storage.
 * @throws PlatterError `E_OPTION_UNUSED`, and the errors of parseReference
 */
export function refuseUnusedPull(command: ImageCommand): void {
  const { image = command.args[0], payload = [], bootcInstallerPayloadRef = [] } = command.opts();
  const images = [...(image === undefined ? [] : [image]), ...payload, ...bootcInstallerPayloadRef];
  if (images.length === 0 || !isGiven(command, "--pull")) return;
  const canBeStored = ({ transport }: ReturnType<typeof parseReference>) =>
    transport === undefined || transport === "containers-storage";
  if (images.some((each) => canBeStored(parseReference(each)))) return;
  throw new PlatterError({
    code: "E_OPTION_UNUSED",
    kind: "usage",
    message: `Cannot use \`--pull\`: \`${images[0]}\` is not the name of an image in podman's storage`,
    hint: "Leave --pull out, or name the image without a transport.",
  });
}
