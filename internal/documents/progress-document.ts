import { z } from "zod";
import { DOCUMENT_VERSION, versionSchema } from "./document.ts";
import { errorSchema } from "./error-document.ts";

const task = () => ({
  id: z.int().describe("Number of the task in this run."),
  name: z.string().describe("Name of the task, such as `squash`."),
});

/** The fields of each kind of event, without those that all events have. */
const events = () => ({
  steps: {
    names: z.array(z.string()).describe("Names of the tasks that this run announces, in their order."),
  },
  start: task(),
  progress: {
    ...task(),
    done: z.number().describe("What is done, in the unit."),
    total: z.number().nullable().describe("The whole, in the unit. Null if it is unknown."),
    unit: z.literal("bytes").describe("Unit of `done` and `total`."),
  },
  end: {
    ...task(),
    outcome: z
      .enum(["done", "cached", "skipped"])
      .describe("`cached` if the result is from a cache, `skipped` if the task was not necessary."),
    detail: z.string().nullable().describe("A phrase about the result, such as its size."),
    seconds: z.number().describe("Seconds from the start of the task to its end."),
  },
  notice: {
    severity: z.enum(["error", "warning", "note"]).describe("Severity of the notice."),
    code: z.string().nullable().describe("Stable code. A code of a finding begins with `F_`."),
    message: z.string().describe("The notice, as a phrase."),
    lines: z
      .array(
        z.strictObject({
          label: z
            .enum(["where", "fix", "note", "hint"])
            .nullable()
            .describe("`where` and what was seen, `fix` or `hint` what to do, `note` why it matters."),
          text: z.string().describe("The text."),
        }),
      )
      .describe("Further lines. A line without a label is an excerpt of a file."),
  },
  message: {
    level: z.enum(["info", "verbose"]).describe("`verbose` only with --verbose."),
    text: z.string().describe("A text for people, which may have several lines."),
  },
  error: { error: errorSchema().describe("Why the command failed.") },
});

type Events = ReturnType<typeof events>;

function eventSchema<N extends keyof Events>(event: N) {
  return z.strictObject({
    version: versionSchema(),
    time: z.iso.datetime().describe("Time of the event, in ISO 8601."),
    event: z.literal(event).describe("Kind of the event."),
    ...(events()[event] as Events[N]),
  });
}

export const progressSchema = () =>
  z.discriminatedUnion("event", [
    eventSchema("steps"),
    eventSchema("start").describe("A task began."),
    eventSchema("progress").describe("A task went on. There are at most five of these events a second."),
    eventSchema("end").describe("A task ended. A task without this event failed, or was stopped."),
    eventSchema("notice").describe("A finding, or another warning or note."),
    eventSchema("message"),
    eventSchema("error").describe("The last line of a command that failed."),
  ]);

/** An event without the fields that all events have. */
export type ProgressEvent = Without<z.output<ReturnType<typeof progressSchema>>>;

type Without<E> = E extends unknown ? Omit<E, "version" | "time"> : never;

/** The line of an event for standard error. */
export function eventLine(event: ProgressEvent, time: Date): string {
  return `${JSON.stringify({ version: DOCUMENT_VERSION, time: time.toISOString(), ...event })}\n`;
}
