/** Completions in the shells themselves: what a user gets who presses the key. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { createProgram } from "../../../cmd/program.ts";
import type { World } from "../../../cmd/world.ts";
import { hostProgram, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

const COMMANDS = createProgram({ worldFor: () => ({}) as World, writeOut: () => undefined })
  .commands.map((each) => each.name())
  .sort();
const TRANSPORTS = [
  "containers-storage:",
  "dir:",
  "docker-archive:",
  "docker://",
  "oci-archive:",
  "oci:",
  "tar:",
];

let scene: Scene;
beforeAll(async () => {
  scene = new Scene("completion");
  scene.write("home/some-iso.yaml", "");
  scene.write("home/some folder/os.tar", "");
  scene.folder("home/oci-layout");
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout } = await scene.succeed(["completion", shell]);
    scene.write(`completion.${shell}`, stdout);
  }
  // Ctrl-X A puts everything onto the line that the shell would list, and the line is then run.
  const record = `platter() { printf '%s\\n' "$@" > ${scene.at("words")}; }`;
  scene.write(
    "bashrc",
    `PS1='$ '; bind '"\\C-xa": insert-completions'; source ${scene.at("completion.bash")}\n${record}\n`,
  );
  scene.write(
    "zdotdir/.zshrc",
    `PS1='$ '; autoload -U compinit; compinit -u -d ${scene.at("zcompdump")}
source ${scene.at("completion.zsh")}
zstyle ':completion:*' list-prompt ''; unsetopt BEEP LIST_BEEP; LISTMAX=1000000
_all() { _main_complete; compstate[insert]=all; compstate[list]=; }
zle -C insert-all complete-word _all; bindkey '^Xa' insert-all
${record}
`,
  );
});
afterAll(() => scene[Symbol.dispose]());

/** The words of a line, after everything that fits was put in the place of its last word. */
type Complete = (line: string) => string[];

function onTerminal(argv: readonly string[], env: Record<string, string>): Complete {
  return (line) => {
    scene.write("words", "");
    // util-linux's script gives the shell a terminal.
    const done = Bun.spawnSync([hostProgram("script"), "-qec", argv.join(" "), "/dev/null"], {
      cwd: scene.at("home"),
      env: { PATH: process.env.PATH ?? "", TERM: "dumb", HOME: scene.at("home"), SHELL: "/bin/bash", ...env },
      stdin: new TextEncoder().encode(`${line}\x18a\nexit\n`),
      stderr: "pipe",
    });
    if (done.exitCode !== 0) throw new Error(done.stdout.toString() + done.stderr.toString());
    return readFileSync(scene.at("words"), "utf8").split("\n").slice(0, -1);
  };
}

const inFish: Complete = (line) => {
  const script = `source ${scene.at("completion.fish")}; complete -C $argv[1] | string split -f 1 \\t`;
  const done = Bun.spawnSync([hostProgram("fish"), "--no-config", "-c", script, line], {
    cwd: scene.at("home"),
    env: { PATH: process.env.PATH ?? "", HOME: scene.at("home") },
    stderr: "pipe",
  });
  expect(done.stderr.toString()).toBe("");
  const before = line.split(" ").slice(1, -1);
  return [...before, ...done.stdout.toString().split("\n").slice(0, -1)];
};

const SHELLS: Record<string, () => Complete> = {
  bash: () => onTerminal(["bash", "--rcfile", scene.at("bashrc"), "-i"], {}),
  zsh: () => onTerminal(["zsh", "-i"], { ZDOTDIR: scene.at("zdotdir") }),
  fish: () => inFish,
};

describe.each(Object.keys(SHELLS))("%s", (shell) => {
  const complete: Complete = (line) => SHELLS[shell]!()(line);

  test("commands", () => {
    expect(complete("platter ").sort()).toEqual(COMMANDS);
    expect(complete("platter -q ver").sort()).toEqual(["-q", "verify", "version"]);
    expect(complete("platter help ins")).toEqual(["help", "inspect"]);
  });

  test("options of the command, and of every command", () => {
    expect(complete("platter verify --re")).toEqual(["verify", "--require"]);
    expect(complete("platter build --comp")).toEqual(["build", "--compression"]);
    expect(complete("platter boot --verb")).toEqual(["boot", "--verbose"]);
  });

  test("values of an option", () => {
    expect(complete("platter build --rootfs ").sort()).toEqual(["--rootfs", "build", "erofs", "squashfs"]);
    expect(complete("platter boot --firmware b")).toEqual(["boot", "--firmware", "bios"]);
    expect(complete("platter build --arch ").sort()).toEqual(["--arch", "aarch64", "build", "x86_64"]);
    expect(complete("platter inspect --ignore F_INITRAMFS_NO_L")).toEqual([
      "inspect",
      "--ignore",
      "F_INITRAMFS_NO_LIVE",
    ]);
    expect(complete("platter build --rootfs=ero")).toEqual(["build", "--rootfs=erofs"]);
  });

  test("values of an argument", () => {
    expect(complete("platter explain gpt-header-c")).toEqual(["explain", "gpt-header-crc"]);
    expect(complete("platter explain E_NOT_BOO")).toEqual(["explain", "E_NOT_BOOTED"]);
    expect(complete("platter completion ").sort()).toEqual(["bash", "completion", "fish", "zsh"]);
  });

  test("files and folders", () => {
    expect(complete("platter build --config some-")).toEqual(["build", "--config", "some-iso.yaml"]);
    const [command, option, ...folders] = complete("platter build --work ");
    expect([command, option]).toEqual(["build", "--work"]);
    expect(folders.map((name) => name.replace(/[\\/]/g, "")).sort()).toEqual(["oci-layout", "some folder"]);
    expect(complete("platter verify some-i")).toEqual(["verify", "some-iso.yaml"]);
  });

  test("images: transports, and the paths after them", () => {
    expect(complete("platter build doc").sort()).toEqual([
      "build",
      "docker-archive:",
      "docker-daemon:",
      "docker://",
    ]);
    expect(complete("platter inspect ")).toEqual(expect.arrayContaining(TRANSPORTS));
    expect(complete("platter build oci:oci-l").map((word) => word.replace(/\/$/, ""))).toEqual([
      "build",
      "oci:oci-layout",
    ]);
    expect(complete("platter build x --payload oci-archive:some-").at(-1)).toBe("oci-archive:some-iso.yaml");
  });
});

test("a shell that platter has no completions for", async () => {
  const { code, stderr } = await scene.run(["completion", "tcsh"]);
  expect(stderr).toContain("Allowed choices are bash, zsh, fish.");
  expect(code).toBe(2);
});

test("zsh: also as a file of fpath", () => {
  scene.folder("fpath");
  const script = readFileSync(scene.at("completion.zsh"), "utf8");
  scene.write("fpath/_platter", script);
  scene.write(
    "zdotdir-fpath/.zshrc",
    readFileSync(scene.at("zdotdir/.zshrc"), "utf8")
      .replace(`source ${scene.at("completion.zsh")}\n`, "")
      .replace("PS1='$ ';", `PS1='$ '; fpath=(${scene.at("fpath")} $fpath);`),
  );
  const complete = onTerminal(["zsh", "-i"], { ZDOTDIR: scene.at("zdotdir-fpath") });
  expect(complete("platter build --rootfs ero")).toEqual(["build", "--rootfs", "erofs"]);
});
