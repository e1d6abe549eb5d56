/** SELinux enforces its policy in a live system that platter labelled. Needs root and loop devices. */
import { expect, test } from "bun:test";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bootOnce } from "../../internal/boot/run.ts";
import { runTool } from "../../internal/process/run.ts";
import { request } from "../helpers/boot/machine-request.ts";
import { Scene } from "../helpers/scene.ts";

const FIXTURE = resolve(import.meta.dir, "../fixtures/debian-selinux.sh");
const IMAGE = "containers-storage:localhost/platter-test/debian-selinux";
const DONE = /selinux-report: done/;
const MINUTES = 60_000;
const DISK = 2 * 2 ** 30;
const LABELS = [
  "label system_u:object_r:root_t:s0 /",
  "label system_u:object_r:etc_t:s0 /etc",
  "label system_u:object_r:passwd_exec_t:s0 /usr/bin/passwd",
  "label system_u:object_r:var_lib_t:s0 /var/lib/containers",
];

function run(...argv: string[]): void {
  const done = Bun.spawnSync(argv, { stderr: "pipe" });
  expect(done.exitCode === 0 ? "" : done.stderr.toString().slice(-2000)).toBe("");
}

/** The lines of the report on a console. */
function reported(console: string): string[] {
  return [...console.matchAll(/selinux-report: (.*?)\r?$/gm)].map(([, line = ""]) => line);
}

/** Starts the same root file system from a disk, as an installed system, and returns its console. */
async function bootInstalled(scene: Scene, iso: string): Promise<string> {
  const [tree, disk, point] = [scene.folder("iso"), scene.at("disk.img"), scene.folder("disk")];
  run("bsdtar", "-C", tree, "-xf", iso, "LiveOS", "images");
  writeFileSync(disk, "");
  truncateSync(disk, DISK);
  run("mkfs.ext4", "-q", "-L", "installed", disk);
  const root = scene.folder("root");
  scene.mount(root, "-t", "squashfs", "-o", "loop,ro", join(tree, "LiveOS/squashfs.img"));
  scene.mount(point, "-o", "loop", disk);
  run("cp", "-a", `${root}/.`, point);
  run("umount", point);
  const args =
    "root=LABEL=installed rw security=selinux selinux=1 enforcing=1 systemd.gpt_auto=no console=ttyS0";
  const machine = Bun.spawn(
    [
      ...[
        "qemu-system-x86_64",
        "-m",
        "2048",
        "-display",
        "none",
        "-monitor",
        "none",
        "-serial",
        "stdio",
        "-no-reboot",
      ],
      ...["-drive", `file=${disk},format=raw,if=ide`, "-kernel", join(tree, "images/pxeboot/vmlinuz")],
      ...["-initrd", join(tree, "images/pxeboot/initrd.img"), "-append", args],
    ],
    { stdout: "pipe", stderr: "inherit", stdin: "ignore" },
  );
  let console = "";
  const decoder = new TextDecoder();
  for await (const chunk of machine.stdout) {
    console += decoder.decode(chunk, { stream: true });
    if (DONE.test(console)) break;
  }
  machine.kill("SIGKILL");
  await machine.exited;
  return console;
}

// A full Debian with systemd takes several minutes to make and to boot, twice.
if (process.env.PLATTER_TEST === "full") {
  test(
    "a Debian live system enforces its policy, with the labels and denials of an installed one",
    async () => {
      run(FIXTURE);
      using scene = new Scene("debian-selinux");
      const iso = `${scene.out}/debian-selinux.iso`;
      run(resolve("dist/platter"), "build", IMAGE, "-o", iso);
      const result = await bootOnce(
        request(
          { firmware: "bios", media: "cd" },
          { iso, memoryMiB: 2048, timeout: 2400, until: DONE, keepIn: scene.at("logs") },
        ),
        { run: runTool, signal: new AbortController().signal, now: () => performance.now() },
      );
      expect(result.failure).toBeUndefined();
      const console = readFileSync(result.serialLog, "latin1");
      const live = reported(console);
      expect(live).toContain("mode Enforcing");
      expect(live).toEqual(expect.arrayContaining(LABELS));
      expect(console).toContain("login:");
      const installed = reported(await bootInstalled(scene, iso));
      expect(installed).toEqual(expect.arrayContaining(["mode Enforcing", ...LABELS]));
      const denials = live.filter((line) => line.startsWith("denied "));
      expect(denials.filter((line) => !installed.includes(line))).toEqual([]);
    },
    120 * MINUTES,
  );
}
