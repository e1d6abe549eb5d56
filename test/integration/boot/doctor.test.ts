/** `platter doctor`: what the machine can do, with programs that are there and others that are not. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

let scene: Scene;
beforeAll(() => {
  scene = new Scene("doctor");
});
afterAll(() => scene[Symbol.dispose]());

interface Ability {
  task: string;
  ready: boolean;
  detail: string;
  hint: string | null;
}

/** The abilities by their tasks. */
async function abilities(path: string): Promise<Record<string, Ability>> {
  const { stdout } = await scene.succeed(["doctor", "--json"], { path });
  const found: Ability[] = JSON.parse(stdout).abilities;
  return Object.fromEntries(found.map((ability) => [ability.task, ability]));
}

test("doctor: programs that are there are named with their paths", async () => {
  const path = scene.only("podman", "qemu-system-x86_64");
  const docker = scene.fake("docker", "exit 1");
  const erofs = scene.fake("mkfs.erofs", 'echo "mkfs.erofs (erofs-utils) 1.8.2"');
  const found = await abilities(path);
  const ready = (task: string, detail: string) =>
    expect(found[task]).toEqual({ task, ready: true, detail, hint: null });
  ready("build from a file, a folder or standard input", "needs no other program");
  ready("build from podman's storage", `${path}/podman`);
  ready("build from a registry", `${path}/podman`);
  ready("build from Docker's daemon", docker);
  ready("build with --rootfs erofs", `${erofs} 1.8.2`);
  ready("boot an ISO for x86_64 with BIOS", `${path}/qemu-system-x86_64`);
  expect(found["boot an ISO for x86_64 with Secure Boot"]!.detail).toContain("OVMF");
});

test("doctor: programs that are missing or too old are named with a cure, and the exit code is 0", async () => {
  using other = new Scene("doctor-missing");
  other.fake("mkfs.erofs", 'echo "mkfs.erofs 1.5"');
  const { code, stdout } = await other.run(["doctor"], { path: other.only() });
  expect(code).toBe(0);
  expect(stdout).toContain("✓ build from a file, a folder or standard input  needs no other program\n");
  expect(stdout).toMatch(/✗ build from podman's storage +`podman` is missing\n +Install `podman`\./);
  expect(stdout).toMatch(/✗ build from a registry +`skopeo` or `podman` is missing\n/);
  expect(stdout).toMatch(/✗ build with --rootfs erofs +Cannot use `mkfs\.erofs` 1\.5: .*\n +Install a newer/);
  expect(stdout).toMatch(
    /✗ boot an ISO for x86_64 with UEFI +Cannot run QEMU: .*\n +Install `qemu-system-x86`/,
  );
});
