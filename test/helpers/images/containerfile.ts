/** Containerfiles as instructions, and rules that those of this project keep (in the spirit of hadolint's). */

export interface Instruction {
  name: string;
  /** Without the continuations of lines. */
  text: string;
  /** Counted from 1. */
  line: number;
}

/** Splits a Containerfile (docs.docker.com/reference/dockerfile, section Format): comments, continuations. */
export function parseContainerfile(text: string): Instruction[] {
  const instructions: Instruction[] = [];
  let open: Instruction | undefined;
  for (const [index, raw] of text.split("\n").entries()) {
    if (/^\s*#/.test(raw) || raw.trim() === "") continue;
    const continues = raw.endsWith("\\");
    const part = (continues ? raw.slice(0, -1) : raw).trim();
    if (open === undefined) {
      const [, name = "", rest = ""] = /^([A-Za-z]+)\s*(.*)$/.exec(part) ?? [];
      open = { name: name.toUpperCase(), text: rest, line: index + 1 };
      instructions.push(open);
    } else open.text += ` ${part}`;
    if (!continues) open = undefined;
  }
  return instructions;
}

/** What is wrong with a Containerfile: `LINE RULE`, in order of the lines. */
export function lintContainerfile(text: string): string[] {
  const instructions = parseContainerfile(text);
  const found: string[] = [];
  // `scratch` stands for an empty root.
  const stages = new Set(["scratch"]);
  let pipefail = false;
  for (const { name, text: said, line } of instructions) {
    const report = (rule: string, broken: boolean) => {
      if (broken) found.push(`${line} ${rule}`);
    };
    report("unknown-instruction", !INSTRUCTIONS.has(name));
    if (name === "FROM") {
      const [, image = "", stage] = /^(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?$/i.exec(said) ?? [];
      report(
        "from-not-qualified",
        !stages.has(image) && !/^(?:localhost|[\w-]+(?:\.[\w-]+)+)(?::\d+)?\/\S+$/.test(image),
      );
      // An image that was just made on this machine does not change.
      const isLocal = image.startsWith("localhost/");
      report(
        "from-without-tag",
        !stages.has(image) && !isLocal && !/(?::(?!latest$)[\w.-]+|@sha256:[0-9a-f]{64})$/.test(image),
      );
      if (stage !== undefined) stages.add(stage);
      pipefail = false;
    }
    if (name === "SHELL") pipefail = /pipefail/.test(said);
    if (name === "ADD") report("add-from-network", /https?:/.test(said));
    if (name === "WORKDIR") report("workdir-not-absolute", !said.startsWith("/"));
    if (name === "ENTRYPOINT" || name === "CMD") report("not-json", !isJsonList(said));
    if (name === "COPY" || name === "ADD") report("hard-coded-esp", /\/boot\/efi/.test(said));
    if (name === "MAINTAINER") report("maintainer-is-deprecated", true);
    if (name === "RUN") for (const rule of lintRun(said, pipefail ? "pipefail" : "plain")) report(rule, true);
  }
  if (instructions[0]?.name !== "FROM" && instructions[0]?.name !== "ARG") found.unshift("1 no-from");
  return found;
}

const INSTRUCTIONS = new Set(
  "ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR".split(
    " ",
  ),
);

function isJsonList(said: string): boolean {
  try {
    return Array.isArray(JSON.parse(said));
  } catch {
    return false;
  }
}

/** Rules about one RUN. What follows `&&` counts only if it is after the command that it cleans up. */
function lintRun(said: string, shell: "pipefail" | "plain"): string[] {
  const broken: string[] = [];
  const rule = (name: string, isBroken: boolean) => {
    if (isBroken) broken.push(name);
  };
  const commands = said
    .replace(/^(?:--\S+\s+)*/, "")
    .split(/&&|\|\||;/)
    .map((command) => command.trim());
  const at = (pattern: RegExp) => commands.findIndex((command) => pattern.test(command));
  rule("pipe-without-pipefail", shell === "plain" && /(?<!\|)\|(?!\|)/.test(said));
  rule("script-from-network", /(?:curl|wget)[^|]*\|\s*(?:ba)?sh\b/.test(said));
  rule(
    "sudo",
    commands.some((command) => /^sudo\s/.test(command)),
  );
  rule(
    "cd",
    commands.some((command) => /^cd\s/.test(command)),
  );
  rule("world-writable", /chmod\s+(?:-\S+\s+)*0?777\b/.test(said));
  rule(
    "apt-is-for-people",
    commands.some((command) => /(?:^|\s)apt\s/.test(command)),
  );
  const apt = at(/apt-get .*\binstall\b/);
  if (apt !== -1) {
    const install = commands[apt] ?? "";
    const update = at(/apt-get update/);
    rule("apt-without-yes", !/\s(?:-y|--yes)\b/.test(install));
    rule("apt-with-recommends", !install.includes("--no-install-recommends"));
    rule("apt-asks-questions", !install.includes("DEBIAN_FRONTEND=noninteractive"));
    rule("apt-without-update", update === -1 || update > apt);
    rule("apt-lists-stay", at(/rm -rf .*\/var\/lib\/apt\/lists/) < apt);
  }
  const dnf = at(/\bdnf5?\b.*\binstall\b/);
  if (dnf !== -1) {
    rule("dnf-without-yes", !/\s(?:-y|--assumeyes)\b/.test(commands[dnf] ?? ""));
    rule("dnf-cache-stays", at(/dnf5? clean all/) < dnf);
  }
  return broken;
}
