import sandboxScript from "../../templates/sandbox.sh" with { type: "text" };
import { PlatterError } from "../error.ts";
import { findProgram } from "./find.ts";

export { sandboxScript };

export interface Enclosure {
  /** Host folder with the program and its libraries; seen read-only as `/tool`. */
  tool: string;
  /** Host folder that is seen read-only as `/work`. */
  work: string;
  /** Host folder that is seen, writable, as `/out`. */
  out: string;
  /** An empty host folder, used as a mount point where bubblewrap is missing. */
  mountPoint: string;
  /** Host file that holds {@link sandboxScript}, used where bubblewrap is missing. */
  script: string;
}

/**
 * The command that runs `argv` shut in: no network, no processes, files or devices of the host but the three
 * folders, no capabilities outside. Uses bubblewrap, or else util-linux's unshare.
 * @throws PlatterError `E_SANDBOX_MISSING`
 */
export function enclosed(argv: readonly string[], enclosure: Enclosure): string[] {
  const { tool, work, out, mountPoint, script } = enclosure;
  const bwrap = findProgram("bwrap");
  if (bwrap !== undefined) {
    const options = [
      "--unshare-all",
      "--unshare-user",
      "--die-with-parent",
      "--new-session",
      "--cap-drop",
      "ALL",
    ];
    const folders = ["--ro-bind", tool, "/tool", "--ro-bind", work, "/work", "--bind", out, "/out"];
    return [bwrap, ...options, ...folders, "--tmpfs", "/tmp", "--dev", "/dev", "--chdir", "/", "--", ...argv];
  }
  const unshare = findProgram("unshare");
  if (unshare !== undefined) {
    const options = [
      "--user",
      "--map-root-user",
      "--mount",
      "--net",
      "--ipc",
      "--uts",
      "--pid",
      "--fork",
      "--kill-child",
    ];
    return [unshare, ...options, "--", "/bin/sh", script, mountPoint, tool, work, out, ...argv];
  }
  throw new PlatterError({
    code: "E_SANDBOX_MISSING",
    kind: "tool",
    message:
      "The image's own tools are only run shut in, and neither `bwrap` nor `unshare` was found on the host",
    hint: "Install `bubblewrap`, or use the host's tools with --tools host.",
  });
}
