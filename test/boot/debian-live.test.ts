import { expect, test } from "bun:test";
import { resolve } from "node:path";
import type { BootWay } from "../../internal/boot/boot-result.ts";
import { bootMatrix } from "../../internal/boot/matrix.ts";
import { bootOnce } from "../../internal/boot/run.ts";
import type { Finding } from "../../internal/contract/findings/finding.ts";
import { runTool } from "../../internal/process/run.ts";
import { request } from "../helpers/boot/machine-request.ts";
import { Scene } from "../helpers/scene.ts";

const FIXTURE = resolve(import.meta.dir, "../fixtures/debian-live.sh");
const IMAGE = "containers-storage:localhost/platter-test/debian-live";
const WAYS: readonly BootWay[] = [
  { firmware: "bios", media: "cd" },
  { firmware: "uefi", media: "usb" },
  { firmware: "secure-boot", media: "cd" },
];
const MINUTES = 60_000;

/** The same image with an initramfs as dracut makes it when nobody asks for live support. */
const WITHOUT_LIVE = "localhost/platter-test/debian-without-live";
const WITHOUT_LIVE_FILE = `FROM localhost/platter-test/debian-live
RUN k=$(ls /usr/lib/modules) && dracut --force --no-hostonly --kver "$k" "/usr/lib/modules/$k/initramfs.img"
`;

/** What platter says about the initramfs of an image in podman's storage. */
function initramfsFindings(image: string, ...flags: string[]): Finding[] {
  const told = Bun.spawnSync([resolve("dist/platter"), "inspect", image, "--json", ...flags], {
    stderr: "pipe",
  });
  expect(told.exitCode === 0 ? "" : told.stderr.toString()).toBe("");
  const { findings }: { findings: Finding[] } = JSON.parse(told.stdout.toString());
  return findings.filter(({ code }) => code.startsWith("F_INITRAMFS_"));
}

// A full Debian with systemd takes several minutes to make and to boot.
if (process.env.PLATTER_TEST === "full") {
  test(
    "a full Debian live system, built out of podman's storage, boots to its login prompt",
    async () => {
      const made = Bun.spawnSync([FIXTURE], { stderr: "pipe" });
      expect(made.exitCode === 0 ? "" : made.stderr.toString().slice(-2000)).toBe("");
      using scene = new Scene("debian-live");
      const iso = `${scene.out}/debian-live.iso`;
      // podman looks for its storage where the user's settings say.
      const built = Bun.spawnSync([resolve("dist/platter"), "build", IMAGE, "-o", iso], { stderr: "pipe" });
      expect(built.exitCode === 0 ? "" : built.stderr.toString()).toBe("");
      expect(await scene.leftovers()).toEqual([]);
      const results = await bootMatrix(WAYS, {
        atOnce: 2,
        signal: new AbortController().signal,
        boot: (way, signal) =>
          bootOnce(
            // No pattern: what counts as booted without one is tried on a real system here.
            request(way, { iso, memoryMiB: 2048, timeout: 900, keepIn: scene.at("logs") }),
            { run: runTool, signal, now: () => performance.now() },
          ),
      });
      for (const result of results) {
        expect(result.failure).toBeUndefined();
        expect(result.reached).toMatch(/login:|Reached target/);
      }
    },
    60 * MINUTES,
  );

  test(
    "what its initramfs lacks is known before: dracut 059's argument, or dmsquash-live itself",
    () => {
      const made = Bun.spawnSync([FIXTURE], { stderr: "pipe" });
      expect(made.exitCode === 0 ? "" : made.stderr.toString().slice(-2000)).toBe("");
      using scene = new Scene("debian-initramfs");
      expect(initramfsFindings(IMAGE)).toEqual([]);
      const config = scene.write("iso.yaml", "label: DEBIAN_LIVE\n");
      expect(initramfsFindings(IMAGE, "--config", config)).toMatchObject([
        { code: "F_INITRAMFS_OVERLAY", severity: "warning", seen: expect.stringContaining("dracut 059-4") },
      ]);
      const context = scene.folder("context");
      scene.write("context/Containerfile", WITHOUT_LIVE_FILE);
      const build = [
        "podman",
        "build",
        "--isolation",
        "chroot",
        "--network",
        "host",
        "-t",
        WITHOUT_LIVE,
        context,
      ];
      const remade = Bun.spawnSync(build, { stderr: "pipe" });
      expect(remade.exitCode === 0 ? "" : remade.stderr.toString().slice(-2000)).toBe("");
      expect(initramfsFindings(`containers-storage:${WITHOUT_LIVE}`)).toMatchObject([
        {
          code: "F_INITRAMFS_ARGUMENT",
          severity: "warning",
          seen: expect.stringContaining(
            "dracut's module `dmsquash-live` is not in the initramfs, which dracut 059-4 made",
          ),
        },
      ]);
    },
    20 * MINUTES,
  );
}
