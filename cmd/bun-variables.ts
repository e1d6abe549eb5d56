import { PlatterError } from "../internal/base/error.ts";

/** Variables that make the Bun runtime inside platter load code, wait for a debugger or run as another program. */
const VARIABLES = [
  "BUN_OPTIONS",
  "BUN_INSPECT",
  "BUN_INSPECT_CONNECT_TO",
  "BUN_INSPECT_NOTIFY",
  "BUN_BE_BUN",
];

/**
 * Refuses to run if a variable of the environment changes how the Bun runtime inside platter works. The runtime may
 * already have loaded code that platter cannot see.
 * @throws PlatterError `E_ENVIRONMENT`
 */
export function refuseBunVariables(environment: Readonly<Record<string, string | undefined>>): void {
  const set = VARIABLES.filter((name) => (environment[name] ?? "") !== "");
  if (set.length === 0) return;
  throw new PlatterError({
    code: "E_ENVIRONMENT",
    kind: "usage",
    message: `Cannot run with ${set.map((name) => `\`${name}\``).join(" and ")} in the environment: it changes the behaviour of the runtime inside platter`,
    hint: `Run \`env ${set.map((name) => `-u ${name}`).join(" ")} platter …\`.`,
  });
}
