import { type Architecture, ociArchitecture, parseArchitecture } from "../base/architecture.ts";
import { PlatterError } from "../base/error.ts";
import type { RootPlan } from "../contract/plan/plan.ts";
import type { ImageTree } from "../image/image-tree.ts";
import type { OpenOptions } from "../image/open-options.ts";
import type { PayloadDescription } from "../payload/payload-image.ts";
import { describePayload } from "../payload/payload-source.ts";
import { type TreeWithPayloads, withPayloads } from "../payload/with-payloads.ts";
import { throwWithOthers } from "./require-inputs.ts";
import type { Session } from "./session.ts";

/**
 * Looks up the payloads that the user named, without reading their layers. All missing payloads are reported together.
 * @throws PlatterError `E_PAYLOAD_…`, `E_START`
 */
export async function describePayloads(session: Session): Promise<PayloadDescription[]> {
  const architecture = parseArchitecture(session.options.architecture ?? process.arch);
  const options = payloadOptions(session, architecture);
  const described: PayloadDescription[] = [];
  const errors: PlatterError[] = [];
  for (const text of session.options.payloads) {
    try {
      described.push(await describePayload(text, options));
    } catch (error) {
      if (!(error instanceof PlatterError) || error.kind === "interrupted") throw error;
      errors.push(error);
    }
  }
  if (errors.length > 0) await throwWithOthers(session, errors);
  return described;
}

/**
 * Opens the payloads of a plan, and adds them to the image's tree. The session owns the result.
 * @throws PlatterError `E_PAYLOAD_…`
 */
export async function openPayloads(
  session: Session,
  tree: ImageTree,
  { payloads, excludes, time, architecture }: RootPlan,
): Promise<TreeWithPayloads> {
  const options = payloadOptions(session, architecture);
  return session.own(await withPayloads(tree, { payloads, excludes, time, options }));
}

function payloadOptions(
  { context, options, runTool }: Session,
  architecture: Architecture,
): Omit<OpenOptions, "capture"> {
  const { work, signal, reporter } = context;
  const { pull } = options;
  return { work: work.path, signal, runTool, reporter, pull, architecture: ociArchitecture(architecture) };
}
