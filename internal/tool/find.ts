import { accessSync, constants, statSync } from "node:fs";
import { PlatterError } from "../error.ts";
import { lastLines, type RunTool } from "./run.ts";

/** The tools that platter calls for heavy work. */
export type ToolName = "mksquashfs" | "mkfs.erofs" | "grub-mkimage";

interface ToolFacts {
  /** Names the program goes by, the usual one first. */
  programs: readonly string[];
  versionArguments: readonly string[];
  versionPattern: RegExp;
  /** The oldest version that does what is needed, and what that is. */
  minimum: readonly number[];
  reason: string;
  packages: string;
}

export const TOOLS: Record<ToolName, ToolFacts> = {
  mksquashfs: {
    programs: ["mksquashfs"],
    versionArguments: ["-version"],
    versionPattern: /mksquashfs version (\d+(?:\.\d+)*)/,
    minimum: [4, 5],
    reason: "reads a tar stream (`-tar`)",
    packages: "`squashfs-tools`",
  },
  "mkfs.erofs": {
    programs: ["mkfs.erofs"],
    versionArguments: ["-V"],
    versionPattern: /(?:mkfs\.erofs|erofs-utils\)) v?(\d+(?:\.\d+)*)/,
    minimum: [1, 8],
    reason: "reads a tar stream (`--tar=f`) and keeps its times (`--mkfs-time`)",
    packages: "`erofs-utils`",
  },
  "grub-mkimage": {
    programs: ["grub2-mkimage", "grub-mkimage"],
    versionArguments: ["--version"],
    versionPattern: /\(GRUB\)\s*(\d+(?:\.\d+)*)/,
    minimum: [2, 2],
    reason: "writes `i386-pc-eltorito` images with GRUB2 boot info",
    packages: "`grub2-tools` (Fedora, CentOS) or `grub-common` (Debian, Ubuntu)",
  },
};

/** A tool as found, with its version. */
export interface FoundTool {
  name: ToolName;
  from: "host" | "image";
  /** Path of the program, on the host or inside the image. */
  path: string;
  /** As the tool prints it, such as `4.5.1`. */
  version: string;
}

const EXTRA_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/** Looks a program up in PATH and in the folders for administrators, which an ordinary user's PATH leaves out. */
export function findProgram(program: string): string | undefined {
  const folders = (process.env.PATH ?? "/usr/local/bin:/usr/bin:/bin")
    .split(":")
    .filter((f) => f.startsWith("/"));
  for (const folder of [...folders, ...EXTRA_FOLDERS]) {
    const path = `${folder}/${program}`;
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not here; look on.
    }
  }
  return undefined;
}

export function findOnHost(name: ToolName): string | undefined {
  for (const program of TOOLS[name].programs) {
    const path = findProgram(program);
    if (path !== undefined) return path;
  }
  return undefined;
}

export function toolMissing(name: ToolName, where: string): PlatterError {
  const { programs, packages } = TOOLS[name];
  return new PlatterError({
    code: "E_TOOL_MISSING",
    kind: "tool",
    message: `\`${name}\` was not found ${where} (looked for ${programs.map((p) => `\`${p}\``).join(", ")})`,
    hint: `Install ${packages}, or choose another place with --tools auto|image|host.`,
  });
}

/**
 * Asks a program for its version and refuses one that is too old.
 * @throws PlatterError `E_TOOL_VERSION`
 */
export async function checkVersion(
  name: ToolName,
  program: { argv: readonly string[]; run: RunTool; signal: AbortSignal },
): Promise<string> {
  const facts = TOOLS[name];
  const result = await program.run({
    argv: [...program.argv, ...facts.versionArguments],
    name,
    signal: program.signal,
    // mksquashfs 4.5 leaves with 1 after printing its version.
    accept: [0, 1],
  });
  const told = `${result.stdout}\n${result.stderr}`;
  const version = facts.versionPattern.exec(told)?.[1];
  const wanted = facts.minimum.join(".");
  if (version !== undefined && compareDotted(version, wanted) >= 0) return version;
  throw new PlatterError({
    code: "E_TOOL_VERSION",
    kind: "tool",
    message:
      version === undefined
        ? `\`${program.argv[0] ?? name}\` did not tell a version that platter understands`
        : `\`${name}\` ${version} is too old: ${wanted} or later is needed, since it ${facts.reason}`,
    // Where it did not even start, the reason stands here.
    detail: version === undefined ? lastLines(told) : [],
    hint: `Install a newer ${facts.packages}, or choose another place with --tools auto|image|host.`,
  });
}

/** Compares versions made of numbers and dots: negative, zero or positive. */
export function compareDotted(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
