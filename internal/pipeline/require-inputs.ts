import type { PlatterError } from "../base/error.ts";
import { TOOLS, type ToolName } from "../process/find.ts";
import { findProgram } from "../process/program.ts";
import { requireStart, type StartNeeds } from "./require-start.ts";
import type { Session } from "./session.ts";

/**
 * Checks that the image, its payloads and all necessary programs exist, before anything is read.
 * @throws PlatterError the errors of {@link requireStart}
 */
export function requireInputs(session: Session, tools: readonly ToolName[]): Promise<void> {
  const { toolbox } = session.context;
  const programs = tools.map((name) => TOOLS[name].need);
  const versions = async () => {
    for (const name of tools) if (findProgram(name) !== undefined) await toolbox.find(name);
  };
  return requireWith(session, { programs, versions });
}

/** Throws these errors together with all other errors about the inputs of the run. */
export function throwWithOthers(session: Session, errors: readonly PlatterError[]): Promise<void> {
  return requireWith(session, { programs: [], errors });
}

function requireWith(
  { options, context, runTool }: Session,
  needs: Omit<StartNeeds, "image" | "payloads">,
): Promise<void> {
  const { reference, payloads, pull } = options;
  return requireStart({ image: reference, payloads, ...needs }, { signal: context.signal, runTool, pull });
}
