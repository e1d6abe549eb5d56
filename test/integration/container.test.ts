import { expect, test } from "bun:test";
import { copyFileSync, readdirSync, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { hostProgram, Scene } from "../helpers/scene.ts";
import { smallLive } from "../helpers/small-live.ts";

const PROJECT = resolve(import.meta.dir, "../..");
const IMAGE = "localhost/platter-test/platter";
const MINUTES = 60_000;
/** What the Containerfile says. */
const USER = "65532";

function run(argv: readonly string[]): string {
  const done = Bun.spawnSync([...argv], { cwd: PROJECT, stderr: "pipe", maxBuffer: 2 ** 26 });
  if (done.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${done.stderr.toString().slice(-2000)}`);
  return done.stdout.toString();
}

/** As `podman run --read-only --cap-drop all --network none` shuts a container in, on machines where that works not. */
function inContainer(
  root: string,
  about: { out: string; archive: string; argv: readonly string[] },
): string[] {
  return [
    hostProgram("setpriv"),
    ...["--reuid", USER, "--regid", USER, "--clear-groups", "--no-new-privs", "--inh-caps=-all"],
    hostProgram("bwrap"),
    ...[
      "--unshare-all",
      "--unshare-user",
      "--uid",
      USER,
      "--gid",
      USER,
      "--cap-drop",
      "ALL",
      "--die-with-parent",
    ],
    ...["--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
    ...["--bind", about.out, "/out", "--ro-bind", about.archive, "/img.oci", "--chdir", "/out"],
    ...["--clearenv", "--setenv", "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
    ...["--setenv", "PLATTER_TOOLS", "host", "--", ...about.argv],
  ];
}

// Making the base image and the container takes minutes.
if (process.env.PLATTER_TEST === "full") {
  test(
    "platter's container makes the ISO as a user without any right, and it is the one that the host makes",
    async () => {
      run(["scripts/offline-base", "Containerfile"]);
      run(["podman", "build", "--isolation", "chroot", "--network", "host", "--tag", IMAGE, "."]);
      const [config] = JSON.parse(run(["podman", "image", "inspect", IMAGE]));
      expect(config.Config).toMatchObject({
        User: `${USER}:${USER}`,
        Entrypoint: ["/usr/local/bin/platter"],
        WorkingDir: "/out",
      });
      expect(config.Config.Env).toContain("PLATTER_TOOLS=host");

      using scene = new Scene("container");
      const archive = scene.at("img.oci");
      run(["tar", "-C", smallLive().oci, "-cf", archive, "."]);
      // An ordinary user's folder, which nobody else may write to.
      for (const path of [scene.path, scene.out]) run(["chmod", "755", path]);
      run(["chown", USER, scene.out]);
      // Only root may look into podman's storage; and a container engine makes the mount points.
      const root = scene.at("root");
      run(["cp", "-a", run(["podman", "image", "mount", IMAGE]).trim(), root]);
      run(["podman", "image", "unmount", IMAGE]);
      scene.folder("root/out");
      scene.write("root/img.oci", "");
      const argv = [...config.Config.Entrypoint, ...["build", "oci-archive:/img.oci", "-o", "/out/x.iso"]];
      const shut = inContainer(root, { out: scene.out, archive, argv });
      const child = Bun.spawnSync(shut, { stderr: "pipe" });
      expect(child.exitCode === 0 ? "" : child.stderr.toString()).toBe("");
      // The container's own tools work outside of it too, by its loader: so the versions are the same.
      copyFileSync(`${root}/usr/local/bin/platter`, scene.at("platter"));
      for (const tool of ["mksquashfs", "xorriso", "grub-mkimage"]) {
        const libraries = `${root}/usr/lib/x86_64-linux-gnu`;
        scene.fake(
          tool,
          `exec ${libraries}/ld-linux-x86-64.so.2 --library-path ${libraries} ${root}/usr/bin/${tool} "$@"`,
        );
      }
      await scene.succeed(["build", `oci-archive:${archive}`, "-o", "host.iso", "--tools", "host"]);
      const made = readFileSync(scene.at("out/x.iso"));
      expect(statSync(scene.at("out/x.iso")).uid).toBe(Number(USER));
      expect(Bun.hash(made)).toBe(Bun.hash(readFileSync(scene.at("host.iso"))));
      await scene.succeed(["verify", "out/x.iso"]);
      expect(readdirSync(scene.out)).toEqual(["x.iso"]);
    },
    20 * MINUTES,
  );
}
