import type { Unused } from "./refuse-unused.ts";

/** Options that have no effect in a run with these flags. */
export function unusedInBoot(flags: { all: boolean; interactive: boolean }): Unused[] {
  return [
    {
      when: flags.interactive,
      options: [
        "--all",
        "--until",
        "--timeout",
        "--jobs",
        "--no-menu",
        "--keep",
        "--junit",
        "--html",
        "--json",
      ],
      reason: "`--interactive` gives the machine to you, and platter watches and records nothing",
      hint: "Leave out --interactive or the other option.",
    },
    {
      when: flags.all,
      options: ["--firmware", "--media"],
      reason: "`--all` boots with every firmware from each medium",
      hint: "Leave --all out to boot in one way.",
    },
    {
      when: !flags.all,
      options: ["--jobs"],
      reason: "only one machine runs without `--all`",
      hint: "Leave --jobs out, or add --all.",
    },
  ];
}
