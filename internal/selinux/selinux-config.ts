/** The settings in `/etc/selinux/config`, as libselinux reads them (selinux_config(5)). */
export interface SelinuxConfig {
  /** Undefined if the file does not set it. */
  mode: "enforcing" | "permissive" | "disabled" | undefined;
  /** Name of the policy's folder, one byte a character. */
  type: string;
}

/** libselinux's default. */
const DEFAULT_TYPE = "targeted";

/** Reads the text of the file, one byte a character. */
export function parseSelinuxConfig(text: string): SelinuxConfig {
  const lines = text.split("\n").map((line) => line.split("\0", 1)[0]!);
  let type = DEFAULT_TYPE;
  for (const line of lines) {
    const value = /^[ \t\v\f\r]*SELINUXTYPE=[ \t\v\f\r]*(.*?)[\0- \x7f]*$/i.exec(line)?.[1];
    if (value !== undefined) type = value;
  }
  const modes = lines.flatMap(
    (line) => /^SELINUX=[ \t\v\f\r]*(enforcing|permissive|disabled)/i.exec(line) ?? [],
  );
  const mode = modes[1]?.toLowerCase() as SelinuxConfig["mode"];
  return { mode, type };
}
