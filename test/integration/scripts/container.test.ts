import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { smallLive } from "../../helpers/images/small-live.ts";
import { type OrdinaryUser, ordinaryUser } from "../../helpers/ordinary-user.ts";
import { podmanRun, USER_STORAGE } from "../../helpers/podman-run.ts";
import { Scene } from "../../helpers/scene.ts";

const PROJECT = resolve(import.meta.dir, "../../..");
const IMAGE = "localhost/platter-test/platter";
const WITH_STORAGE = "localhost/platter-test/with-storage";
const SMALL = "localhost/platter-test/small-live:latest";
const MINUTES = 60_000;
/** What the Containerfile says. */
const USER = "65532";

function run(argv: readonly string[], user?: OrdinaryUser): string {
  const env = { ...process.env, ...user?.env };
  const command = [...(user?.prefix ?? []), ...argv];
  const done = Bun.spawnSync(command, { cwd: PROJECT, env, stderr: "pipe", maxBuffer: 2 ** 26 });
  if (done.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${done.stderr.toString().slice(-2000)}`);
  return done.stdout.toString();
}

/** Runs a container to its end, and reports its output if it failed. */
function failureOf(args: readonly string[], user?: OrdinaryUser): string {
  const env = { ...process.env, ...user?.env };
  const child = Bun.spawnSync(podmanRun(["--rm", ...args], user), { env, stderr: "pipe" });
  return child.exitCode === 0 ? "" : child.stderr.toString();
}

// Making the base image and the container takes minutes.
if (process.env.PLATTER_TEST === "full") {
  test(
    "platter's container makes the ISO without a privilege, and it is the one that the host makes",
    async () => {
      run(["scripts/offline-base", "Containerfile"]);
      run(["podman", "build", "--isolation", "chroot", "--network", "host", "--tag", IMAGE, "."]);
      const [config] = JSON.parse(run(["podman", "image", "inspect", IMAGE]));
      expect(config.Config).toMatchObject({
        User: `${USER}:${USER}`,
        Entrypoint: ["/usr/local/bin/platter"],
        WorkingDir: "/out",
      });

      using scene = new Scene("container");
      const archive = scene.at("img.oci");
      run(["tar", "-C", smallLive().oci, "-cf", archive, "."]);
      for (const path of [scene.path, scene.out]) run(["chmod", "755", path]);
      // Folders of ordinary users, which nobody else may write to; and the second one's is all that it has.
      run(["chown", USER, scene.out]);
      run(["chown", "4711:4711", scene.folder("other")]);
      const volumes = (out: string) => ["-v", `${out}:/out`, "-v", `${archive}:/img.oci:ro`];
      const build = ["build", "oci-archive:/img.oci", "-o", "/out/x.iso"];
      expect(failureOf([...volumes(scene.out), IMAGE, ...build])).toBe("");
      const shut = ["--cap-drop", "all", "--read-only", "--tmpfs", "/tmp", "--network", "none"];
      const other = ["--user", "4711:4711", ...volumes(scene.at("other"))];
      expect(failureOf([...shut, ...other, IMAGE, ...build])).toBe("");
      const root = run(["podman", "image", "mount", IMAGE]).trim();
      const programs = run(["find", root, "-type", "f", "-perm", "/111", "-not", "-path", `${root}/lib*/*`]);
      run(["podman", "image", "unmount", IMAGE]);
      expect(programs.trim().split("\n")).toEqual([`${root}/usr/local/bin/platter`]);
      await scene.succeed(["build", `oci-archive:${archive}`, "-o", "host.iso"]);
      const made = readFileSync(scene.at("out/x.iso"));
      expect(statSync(scene.at("out/x.iso")).uid).toBe(Number(USER));
      expect(statSync(scene.at("other/x.iso")).uid).toBe(4711);
      for (const one of [made, readFileSync(scene.at("other/x.iso"))])
        expect(Bun.hash(one)).toBe(Bun.hash(readFileSync(scene.at("host.iso"))));
      await scene.succeed(["verify", "out/x.iso"]);
      expect(readdirSync(scene.out)).toEqual(["x.iso"]);
    },
    20 * MINUTES,
  );

  test(
    "podman without root runs it, and the ISO belongs to its user",
    async () => {
      run(["scripts/offline-base", "Containerfile"]);
      run(["podman", "build", "--isolation", "chroot", "--network", "host", "--tag", IMAGE, "."]);
      using scene = new Scene("container");
      run(["tar", "-C", smallLive().oci, "-cf", scene.at("img.oci"), "."]);
      run(["podman", "save", "-q", "--format", "oci-archive", "-o", scene.at("platter.oci"), IMAGE]);
      for (const file of ["img.oci", "platter.oci"]) run(["chmod", "644", scene.at(file)]);
      const user = ordinaryUser(scene);
      // Each call leaves a process. The next call would join its namespaces, and see its mounts.
      const podman = (...args: readonly string[]) => {
        run(["podman", ...USER_STORAGE, ...args], user);
        run(["podman", ...USER_STORAGE, "system", "migrate"], user);
      };
      podman("load", "-q", "-i", scene.at("platter.oci"));
      const volumes = ["-v", `${scene.out}:/out`, "-v", `${scene.at("img.oci")}:/img.oci:ro`];
      const shut = ["--network", "none", `--userns=keep-id:uid=${USER},gid=${USER}`];
      const build = ["build", "oci-archive:/img.oci", "-o", "/out/x.iso"];
      expect(failureOf([...shut, ...volumes, IMAGE, ...build], user)).toBe("");
      expect(statSync(scene.at("out/x.iso")).uid).toBe(statSync(scene.out).uid);
      expect(statSync(scene.out).uid).not.toBe(0);
      await scene.succeed(["verify", "out/x.iso"]);
      // What belongs to its subordinate ids can be removed by it alone.
      podman("rmi", "--all");
    },
    20 * MINUTES,
  );

  test(
    "its second form makes the ISO out of the host's storage, and leaves that as it was",
    async () => {
      run(["scripts/offline-base", "Containerfile"]);
      const target = ["--target", "with-storage", "--tag", WITH_STORAGE];
      run(["podman", "build", "--isolation", "chroot", "--network", "host", ...target, "."]);
      run(["skopeo", "copy", "-q", `oci:${smallLive().oci}`, `containers-storage:${SMALL}`]);
      using scene = new Scene("container");
      const storage = "/var/lib/containers/storage";
      const format = ["--no-trunc", "--format", "{{.ID}} {{.Digest}} {{.Names}}"];
      const state = () => [
        run(["podman", "images", ...format]),
        run(["podman", "image", "mount"]),
        ...readdirSync(storage).sort(),
      ];
      const before = state();
      const volumes = ["-v", `${storage}:${storage}`, "-v", `${scene.out}:/out`];
      const build = ["build", SMALL, "-o", "/out/x.iso"];
      expect(failureOf(["--privileged", ...volumes, WITH_STORAGE, ...build])).toBe("");
      expect(state()).toEqual(before);
      await scene.succeed(["verify", "out/x.iso"]);
      run(["podman", "rmi", SMALL]);
    },
    20 * MINUTES,
  );
}
