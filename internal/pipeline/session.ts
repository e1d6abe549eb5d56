import { type Architecture, ociArchitecture, parseArchitecture } from "../base/architecture.ts";
import { PlatterError } from "../base/error.ts";
import { type BytePath, displayPath } from "../bytes/byte-path.ts";
import type { BootClaims } from "../contract/findings/boot-claims.ts";
import { type Finding, findingsAbout, hasErrors } from "../contract/findings/finding.ts";
import { withoutIgnored } from "../contract/findings/ignored-findings.ts";
import { PARTS, type Part } from "../contract/findings/plan-parts.ts";
import { reportFindings } from "../contract/findings/report-findings.ts";
import { claimBoots } from "../contract/plan/claim-boots.ts";
import { type Decision, draftOf } from "../contract/plan/decision.ts";
import { checkCompression } from "../contract/plan/kernel-mounts.ts";
import {
  type DraftPlan,
  isWhole,
  type PartialPlan,
  type Plan,
  type RootPlan,
} from "../contract/plan/plan.ts";
import { compileExcludes, DEFAULT_EXCLUDES } from "../image/excludes.ts";
import type { ImageTree } from "../image/image-tree.ts";
import type { OpenOptions } from "../image/open-options.ts";
import type { PayloadDescription } from "../payload/payload-image.ts";
import { describePayload } from "../payload/payload-source.ts";
import { type TreeWithPayloads, withPayloads } from "../payload/with-payloads.ts";
import { TOOLS, type ToolName } from "../process/find.ts";
import { findProgram, skippedTeller } from "../process/program.ts";
import { commandLine, type RunTool, runTool, type ToolCall } from "../process/run.ts";
import { Toolbox } from "../process/toolbox.ts";
import { parseRootfsOptions } from "../rootfs/rootfs-options.ts";
import { decideAbout, inspectImage, openPlannedImage, requireSameTree } from "./inspect.ts";
import { requireStart, type StartNeeds } from "./require-start.ts";
import type { SessionOptions } from "./session-options.ts";
import { requirePieces } from "./work/check-pieces.ts";
import { reportSwept } from "./work/claim.ts";
import type { Context } from "./work/context.ts";
import { keepFailureLog } from "./work/failure-log.ts";
import { WorkDir } from "./work/work-dir.ts";

/** What `build` makes without options. */
const DEFAULT_ROOTFS = parseRootfsOptions({ rootfs: "squashfs" });

/** What a look at an image gives. */
export type Inspection = Awaited<ReturnType<typeof inspectImage>> & { reference: string };

/** An image, its plan and its work directory, opened when they are first needed and released together. */
export class Session implements AsyncDisposable {
  readonly work: WorkDir;
  readonly context: Context;
  readonly #options: SessionOptions;
  readonly #run: RunTool;
  readonly #canceller = new AbortController();
  #plan: PartialPlan | undefined;
  #planning: Promise<PartialPlan> | undefined;
  #decision: Promise<Decision> | undefined;
  #tree: Promise<ImageTree> | undefined;
  #whole: Promise<TreeWithPayloads> | undefined;
  /** The tree that the plan was made of, or was compared with. */
  #planned: ImageTree | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { reporter, clock, version } = options;
    this.work = openWork(options);
    const signal = AbortSignal.any([options.signal, this.#canceller.signal]);
    const tellSkipped = skippedTeller((text) => reporter.warn(text));
    this.#run = (call: ToolCall) => {
      tellSkipped();
      reporter.verbose(commandLine(call.argv));
      return runTool({ ...call, log: call.log ?? this.work.log("tools") });
    };
    const toolbox = new Toolbox({
      signal,
      run: this.#run,
      onFound: (tool) => reporter.verbose(`${tool.name} ${tool.version}: ${tool.path}`),
    });
    this.context = { work: this.work, signal, reporter, toolbox, clock, version };
  }

  /**
   * Looks for the image, its payloads and all programs that they and these tools need, before anything is read.
   * @throws PlatterError the errors of {@link requireStart}
   */
  async requireStart(tools: readonly ToolName[]): Promise<void> {
    const programs = tools.map((name) => TOOLS[name].need);
    const versions = async () => {
      for (const name of tools) if (findProgram(name) !== undefined) await this.context.toolbox.find(name);
    };
    await this.#requireStart({ programs, versions });
  }

  #requireStart(needs: Omit<StartNeeds, "image" | "payloads">): Promise<void> {
    const { reference, payloads } = this.#options;
    const options = { signal: this.context.signal, runTool: this.#run };
    return requireStart({ image: reference, payloads, ...needs }, options);
  }

  /** The image, opened once. */
  image(): Promise<ImageTree> {
    const { work, signal } = this.context;
    const { choices } = this.#options;
    const architecture = this.#options.architecture ?? this.#plan?.architecture;
    const epoch = this.#plan?.time ?? choices.epoch;
    const about = { work, signal, runTool: this.#run, architecture, epoch };
    this.#tree ??= openPlannedImage(this.#reference(), about).then((tree) => {
      const { leftOut = [] } = tree.source;
      if (leftOut.length > 0) this.#options.reporter.warn(leftOutText(leftOut));
      return tree;
    });
    return this.#tree;
  }

  /** The image of the plan. @throws PlatterError `E_IMAGE_CHANGED` if it changed after the plan was made */
  async plannedImage(): Promise<ImageTree> {
    const plan = await this.#rootPlan();
    const tree = await this.image();
    if (this.#planned !== tree) requireSameTree(plan, tree);
    this.#planned = tree;
    return tree;
  }

  /** The image with the plan's payloads, opened once. */
  withPayloads(tree: ImageTree): Promise<TreeWithPayloads> {
    this.#whole ??= this.#openPayloads(tree);
    return this.#whole;
  }

  async #openPayloads(tree: ImageTree): Promise<TreeWithPayloads> {
    const { payloads, excludes, time, architecture } = await this.#rootPlan();
    const options = this.#payloadOptions(architecture);
    return withPayloads(tree, { payloads, excludes, time, options });
  }

  /** Reads the image and makes the plan again. If the plan is incomplete, the findings give the reason. */
  async inspect(): Promise<
    Omit<Inspection, "plan"> & { plan: Plan | undefined; boots: BootClaims | undefined }
  > {
    const { plan, findings: found, ...rest } = await this.#inspect(PARTS);
    const isComplete = plan !== undefined && isWhole(plan);
    const all = isComplete ? [...found, ...checkCompression(plan, DEFAULT_ROOTFS)] : found;
    const findings = withoutIgnored(all, this.#options.ignored);
    if (!isComplete) return { plan: undefined, boots: undefined, findings, ...rest };
    return { plan, findings, boots: claimBoots(plan, all), ...rest };
  }

  /**
   * The part of the plan that is decided before large files of the image are read.
   * @throws PlatterError the errors of {@link plan} if the image lacks something
   */
  async draft(): Promise<DraftPlan> {
    if (this.#options.reference === undefined) return this.plan();
    const decision = await this.#decide();
    const draft = hasErrors(decision.findings) ? undefined : draftOf(decision);
    return draft ?? this.plan();
  }

  async #rootPlan(): Promise<RootPlan> {
    if (this.#plan !== undefined) return this.#plan;
    return this.#options.reference === undefined ? this.planFor([]) : (await this.#decide()).root;
  }

  #decide(): Promise<Decision> {
    this.#decision ??= this.#decideAnew();
    return this.#decision;
  }

  async #decideAnew(): Promise<Decision> {
    const { choices } = this.#options;
    await this.requireStart([]);
    const excludes = [...(choices.defaultExcludes === "with" ? DEFAULT_EXCLUDES : []), ...choices.exclude];
    // A pattern that cannot be read is reported before anything slow starts.
    compileExcludes(excludes);
    const payloads = await this.#describePayloads();
    const tree = await this.image();
    this.#planned = tree;
    const decision = await decideAbout(tree, { ...choices, excludes, payloads });
    if (choices.architecture === undefined) this.#noteForeign(decision.root.architecture);
    return decision;
  }

  /** The payloads. Those that do not exist are reported together, before the image is read. */
  async #describePayloads(): Promise<PayloadDescription[]> {
    const architecture = parseArchitecture(this.#options.architecture ?? process.arch);
    const described: PayloadDescription[] = [];
    const errors: PlatterError[] = [];
    for (const text of this.#options.payloads) {
      try {
        described.push(await describePayload(text, this.#payloadOptions(architecture)));
      } catch (error) {
        if (!(error instanceof PlatterError) || error.kind === "interrupted") throw error;
        errors.push(error);
      }
    }
    if (errors.length > 0) await this.#requireStart({ programs: [], errors });
    return described;
  }

  /** Nobody asked for another machine's architecture: the image has no other. */
  #noteForeign(architecture: Architecture): void {
    const host = parseArchitecture(process.arch);
    if (architecture === host) return;
    this.#options.reporter.info(
      `note: The image is for ${architecture}, and so is the ISO; this machine is ${host}`,
    );
  }

  async #inspect(parts: readonly Part[]): Promise<Inspection> {
    const decision = await this.#decide();
    const tree = await this.image();
    const { plan, ...rest } = await inspectImage(tree, {
      decision,
      parts,
      work: this.work,
      signal: this.context.signal,
    });
    this.#plan = plan;
    return { plan, ...rest, reference: tree.source.reference };
  }

  /** The plan: made from the image if one was given, else the one in the work directory. */
  async plan(): Promise<Plan> {
    return (await this.planFor(PARTS)) as Plan;
  }

  /** As {@link plan}, for a stage that needs no more than these parts: what else the image lacks does not stop it. */
  planFor(parts: readonly Part[]): Promise<PartialPlan> {
    this.#planning ??= this.#makePlan(parts);
    return this.#planning;
  }

  async #makePlan(parts: readonly Part[]): Promise<PartialPlan> {
    if (this.#plan !== undefined) return this.#plan;
    if (this.#options.reference === undefined) {
      const plan = await this.work.readPlan();
      if (plan === undefined) throw noImage(this.work);
      await requirePieces(plan, this.work);
      this.#plan = plan;
      return plan;
    }
    const { plan, findings, reference } = await this.#inspect(parts);
    this.report(findingsAbout(findings, parts), reference);
    // Without a finding that is an error about these parts there is a plan.
    return plan!;
  }

  /** Reports the findings that are not ignored. @throws PlatterError if one of them counts as an error */
  report(all: readonly Finding[], reference: string): void {
    const findings = withoutIgnored(all, this.#options.ignored);
    const { strictness, reporter } = this.#options;
    reportFindings(findings, { reference, strictness, reporter });
  }

  /** Releases the image and its payloads with everything kept for reading them. A later use opens them again. */
  async releaseImage(): Promise<void> {
    const [tree, whole] = [this.#tree, this.#whole];
    this.#tree = undefined;
    this.#whole = undefined;
    try {
      await (await whole?.catch(() => undefined))?.[Symbol.asyncDispose]();
    } finally {
      await (await tree?.catch(() => undefined))?.[Symbol.asyncDispose]();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.releaseImage();
    } finally {
      this.work[Symbol.dispose]();
    }
  }

  /** Stops everything that is under way in this session. */
  cancel(): void {
    this.#canceller.abort();
  }

  /** Does the work; a log that belongs to a failure outlives a temporary work directory. */
  async during<T>(work: (session: this) => Promise<T>): Promise<T> {
    try {
      return await work(this);
    } catch (error) {
      throw this.work.kept ? error : keepFailureLog(error);
    }
  }

  #payloadOptions(architecture: Architecture): Omit<OpenOptions, "capture"> {
    const { signal } = this.context;
    return { work: this.work.path, signal, runTool: this.#run, architecture: ociArchitecture(architecture) };
  }

  #reference(): string {
    const reference = this.#options.reference ?? this.#plan?.image.reference;
    if (reference === undefined) throw noImage(this.work);
    return reference;
  }
}

/** Opens the work directory, and reports what killed runs had left there. */
function openWork({ work, beside, reporter }: SessionOptions): WorkDir {
  if (work === undefined) {
    reportSwept(beside, (text) => reporter.info(text));
    return WorkDir.temporary(beside);
  }
  const opened = WorkDir.open(work);
  for (const name of opened.leftovers)
    reporter.info(`Removed \`${opened.file(name)}\`, left by a run that was killed`);
  return opened;
}

/** Folders of a list that are named; there may be hundreds of mounts. */
const NAMED = 5;

function leftOutText(folders: readonly BytePath[]): string {
  const named = folders.slice(0, NAMED).map((path) => `\`${displayPath(path)}\``);
  const more = folders.length > NAMED ? ` and ${folders.length - NAMED} more` : "";
  return `Other file systems are mounted on ${named.join(", ")}${more}; their content is left out`;
}

function noImage(work: WorkDir): PlatterError {
  return new PlatterError({
    code: "E_NO_IMAGE",
    kind: "usage",
    message: work.kept
      ? `Cannot make a plan: no image given, and \`${work.path}\` has no plan`
      : "Cannot make a plan: no image given",
    hint: "Name an image, such as `oci:DIR` or `containers-storage:REF`, or a --work directory that `platter inspect` filled.",
  });
}
