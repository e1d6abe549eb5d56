import type { Chain } from "./chains.ts";
import { type Cost, median } from "./meter.ts";

export type Run = Cost & { size: number };
/** The runs of each column. The others are compared with the first one. */
export type Runs<Column extends string = string> = ReadonlyMap<Column, readonly Run[]>;

const MB = 1e6;
const ROWS: readonly { name: string; of: (run: Run) => number; show: (value: number) => string }[] = [
  { name: "wall, s", of: ({ wall }) => wall, show: (value) => value.toFixed(1) },
  { name: "processor, s", of: ({ processor }) => processor, show: (value) => value.toFixed(1) },
  { name: "peak disk, MB", of: ({ disk }) => disk, show: megabytes },
  { name: "peak memory, MB", of: ({ memory }) => memory, show: megabytes },
  { name: "read, MB", of: ({ read }) => read, show: megabytes },
  { name: "written, MB", of: ({ written }) => written, show: megabytes },
  { name: "written to disk, MB", of: ({ stored }) => stored, show: megabytes },
  { name: "output, MB", of: ({ size }) => size, show: megabytes },
];

function megabytes(bytes: number): string {
  return (bytes / MB).toFixed(0);
}

/** Medians as a Markdown table, with their ratio to the first chain's in brackets. */
export function renderTable(runs: Runs): string {
  const columns = [...runs];
  const lines = ROWS.map(({ name, of, show }) => {
    const medians = columns.map(([, figures]) => median(figures.map(of)));
    const cells = medians.map((value, i) =>
      i === 0 ? show(value) : `${show(value)} (${(value / medians[0]!).toFixed(2)})`,
    );
    return [name, ...cells];
  });
  const rows = [["", ...runs.keys()], ["---", ...columns.map(() => "--:")], ...lines];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Ratios of whole builds: to mksquashfs alone, and of disk and written bytes to the ISO's size. */
export function renderRatios(runs: Runs<Chain>): string {
  const alone = runs.get("mksquashfs alone")!;
  const line = (name: string, ratios: readonly number[]) =>
    `${name}: ${median(ratios).toFixed(2)} (${ratios.map((each) => each.toFixed(2)).join(", ")})`;
  return (["platter, folder", "platter, OCI archive"] as const)
    .flatMap((chain) => {
      const figures = runs.get(chain)!;
      // Neighbours in time are compared, since a machine is not equally fast all the time.
      const times = (["wall", "processor"] as const).map((what) =>
        line(
          `${chain}, ${what} time by mksquashfs alone`,
          figures.map((run, i) => run[what] / alone[i]![what]),
        ),
      );
      const ofDisk = [
        ["disk", "peak disk"],
        ["stored", "written to disk"],
      ] as const;
      const sizes = ofDisk.map(([what, name]) =>
        line(
          `${chain}, ${name} by the ISO's size`,
          figures.map((run) => run[what] / run.size),
        ),
      );
      return [...times, ...sizes];
    })
    .join("\n");
}
