/** Headings of the options of a command, in the order of the help. */
export const OPTION_GROUPS = {
  output: "Output",
  input: "Input",
  boot: "Boot and menu",
  content: "Content of the root file system",
  rootfs: "Type and compression of the root file system",
  machine: "Machine",
  success: "Success",
  report: "Reports",
  findings: "Findings",
  work: "Work directory and cache",
  stages: "Stages",
  compatibility: "Compatibility",
} as const;

/** Headings of the commands, in the order of the help. */
export const COMMAND_GROUPS = {
  main: "Commands",
  stages: "Stages of a build, each as a command",
  other: "Other commands",
} as const;

/** Headings for options and commands without a group. */
export const UNGROUPED = { options: "Options", commands: COMMAND_GROUPS.other } as const;
