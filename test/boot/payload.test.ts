import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { bootOnce } from "../../internal/boot/run.ts";
import { runTool } from "../../internal/process/run.ts";
import { request } from "../helpers/boot/machine-request.ts";
import { Scene } from "../helpers/scene.ts";

const FIXTURE = resolve(import.meta.dir, "../fixtures/debian-payload.sh");
const IMAGE = "containers-storage:localhost/platter-test/debian-podman";
const PAYLOAD = "localhost/platter-test/payload";
const NAME = "quay.io/example/payload:1";
const MINUTES = 60_000;

// A full Debian with systemd takes several minutes to make and to boot.
if (process.env.PLATTER_TEST === "full") {
  test(
    "a booted Debian live system without network lists and runs the payload that it brought along",
    async () => {
      const made = Bun.spawnSync([FIXTURE], { stderr: "pipe" });
      expect(made.exitCode === 0 ? "" : made.stderr.toString().slice(-2000)).toBe("");
      using scene = new Scene("debian-payload");
      const iso = `${scene.out}/debian-payload.iso`;
      const args = ["build", IMAGE, "-o", iso, "--payload", `${PAYLOAD}=${NAME}`];
      const built = Bun.spawnSync([resolve("dist/platter"), ...args], { stderr: "pipe" });
      expect(built.exitCode === 0 ? "" : built.stderr.toString()).toBe("");
      const result = await bootOnce(
        request(
          { firmware: "bios", media: "cd" },
          { iso, memoryMiB: 3072, timeout: 2400, until: /payload-report: done/, keepIn: scene.at("logs") },
        ),
        { run: runTool, signal: new AbortController().signal, now: () => performance.now() },
      );
      expect(result.failure).toBeUndefined();
      const inspect = ["podman", "image", "inspect", "--format", "{{.Digest}}", PAYLOAD];
      const digest = Bun.spawnSync(inspect).stdout.toString().trim();
      const console = readFileSync(result.serialLog, "utf8");
      // The kernel may speak into a line, but not into the middle of what one write has put there.
      expect(console).toContain(`payload-report: image ${NAME} ${digest}`);
      // The payload removes /etc/issue, which is in its lower layer.
      const ran = /payload-report: run read from the payload (.*)/.exec(console)?.[1];
      expect(ran).toContain("'/etc/issue': No such file");
      expect(ran).toContain("/etc/passwd");
    },
    90 * MINUTES,
  );
}
