import { CHAINS, type Chain } from "./chains.ts";
import { type Cost, median } from "./meter.ts";

export type Run = Cost & { size: number };
export type Runs = Readonly<Record<Chain, readonly Run[]>>;

const MB = 1e6;
const ROWS: readonly { name: string; of: (run: Run) => number; show: (value: number) => string }[] = [
  { name: "wall, s", of: ({ wall }) => wall, show: (value) => value.toFixed(1) },
  { name: "processor, s", of: ({ processor }) => processor, show: (value) => value.toFixed(1) },
  { name: "peak disk, MB", of: ({ disk }) => disk, show: megabytes },
  { name: "peak memory, MB", of: ({ memory }) => memory, show: megabytes },
  { name: "read, MB", of: ({ read }) => read, show: megabytes },
  { name: "written, MB", of: ({ written }) => written, show: megabytes },
  { name: "output, MB", of: ({ size }) => size, show: megabytes },
];

function megabytes(bytes: number): string {
  return (bytes / MB).toFixed(0);
}

/** Medians as a Markdown table, with what each is of the reference's in brackets. */
export function renderTable(runs: Runs): string {
  const middle = (chain: Chain, of: (run: Run) => number) => median(runs[chain].map(of));
  const lines = ROWS.map(({ name, of, show }) => {
    const reference = middle("reference", of);
    const cells = CHAINS.map((chain) => {
      const value = middle(chain, of);
      return chain === "reference" ? show(value) : `${show(value)} (${(value / reference).toFixed(2)})`;
    });
    return [name, ...cells];
  });
  const rows = [["", ...CHAINS], ["---", ...CHAINS.map(() => "--:")], ...lines];
  return rows.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** What whole builds take beyond mksquashfs alone. */
export function renderOverhead(runs: Runs): string {
  return (["platter, folder", "platter, OCI archive"] as const)
    .flatMap((chain) =>
      (["wall", "processor"] as const).map((what) => {
        // Of neighbours in time, since a machine is not equally fast all the time.
        const ratios = runs[chain].map((run, i) => run[what] / runs["mksquashfs alone"][i]![what]);
        return `${chain}, ${what} time beside mksquashfs alone: ${median(ratios).toFixed(2)} (${ratios.map((each) => each.toFixed(2)).join(", ")})`;
      }),
    )
    .join("\n");
}
