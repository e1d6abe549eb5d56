/** What a tool of the image can see and do: through bubblewrap, and through unshare where that is missing. */
import { afterAll, afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import type { ToolName } from "../../internal/tool/find.ts";
import { runTool } from "../../internal/tool/run.ts";
import { type Enclosure, enclosed, sandboxScript } from "../../internal/tool/sandbox.ts";
import { type KeptTool, Toolbox } from "../../internal/tool/toolbox.ts";
import { Scene, until } from "../helpers/scene.ts";
import { smallLive } from "../helpers/small-live.ts";

setDefaultTimeout(60_000);

const hostPath = process.env.PATH;
afterAll(() => {
  process.env.PATH = hostPath;
});

const KEEPERS = {
  bubblewrap: ["bwrap"],
  unshare: ["unshare", "mount", "mkdir", "setpriv", "chroot"],
};

describe.each(["bubblewrap", "unshare"] as const)("shut in by %s", (keeper) => {
  let scene: Scene;
  let folders: Enclosure;
  beforeEach(() => {
    scene = new Scene("enclosure");
    folders = {
      tool: scene.folder("work/image/tools/x"),
      work: scene.folder("work"),
      out: scene.folder("work/out"),
      mountPoint: scene.folder("work/root"),
      script: scene.write("enclose.sh", sandboxScript),
    };
    copyFileSync(`${smallLive().rootfs}/usr/bin/busybox`, `${folders.tool}/busybox`);
    scene.write("work/plan.json", "the plan");
    scene.write("secret", "a file of the host");
    process.env.PATH = `${scene.only(...KEEPERS[keeper])}:${scene.bin}`;
  });
  afterEach(() => {
    process.env.PATH = hostPath;
    scene[Symbol.dispose]();
  });

  /** Runs a shell script shut in, with busybox's programs. */
  async function run(script: string) {
    const argv = enclosed(["/tool/busybox", "sh", "-c", script], folders);
    expect(argv[0]).toEndWith(`/${KEEPERS[keeper][0]}`);
    const signal = new AbortController().signal;
    return runTool({ argv, signal, accept: Array.from({ length: 256 }, (_, code) => code) });
  }

  test("it sees the three folders and nothing else of the host", async () => {
    const { stdout, stderr } = await run(
      "b=/tool/busybox; $b cat /work/plan.json; echo; $b find / -path /tool -prune -o -path /work -prune -o -path /dev -prune -o -print",
    );
    const [plan, ...found] = stdout.trim().split("\n");
    expect({ plan, found: found.sort(), stderr }).toEqual({
      plan: "the plan",
      found: ["/", "/out", "/tmp"],
      stderr: "",
    });
    const devices = (await run("/tool/busybox find /dev -type b -o -type c")).stdout.trim().split("\n");
    expect(devices).toEqual(
      expect.arrayContaining(["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"]),
    );
    expect(
      devices.filter((name) => !/^\/dev\/(?:null|zero|full|u?random|tty|console|pts\/ptmx)$/.test(name)),
    ).toEqual([]);
    for (const path of [
      scene.at("secret"),
      "/etc/passwd",
      "/proc/1/environ",
      "/../etc/passwd",
      "/usr/bin/env",
    ])
      expect((await run(`/tool/busybox cat ${path}`)).exitCode).not.toBe(0);
  });

  test("it has no network, and sees no processes but its own", async () => {
    using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("the host") });
    const url = `http://127.0.0.1:${server.port}/`;
    expect(await (await fetch(url)).text()).toBe("the host");
    const asked = await run(`/tool/busybox wget -T 2 -q -O - ${url} || echo none`);
    expect(asked.stdout).toBe("none\n");
    expect((await run(`/tool/busybox kill -0 ${process.pid} || echo none`)).stdout).toBe("none\n");
  });

  test("it can write in /out and /tmp, and in no other folder of the host", async () => {
    const { stdout } = await run(
      `for folder in /out /tmp /tool /work /work/out /work/image /work/image/tools/x; do
         if echo x >$folder/written; then echo $folder; fi
       done
       if echo x >/work/plan.json; then echo plan; fi`,
    );
    expect(stdout).toBe("/out\n/tmp\n");
    expect(readdirSync(folders.out)).toEqual(["written"]);
    expect(readFileSync(scene.at("work/plan.json"), "utf8")).toBe("the plan");
    expect(readdirSync(folders.tool)).toEqual(["busybox"]);
  });

  test.each([
    "mount -o remount,bind,rw /work /work",
    "mount -o remount,bind,rw /tool /tool; cp /tool/busybox /tool/written",
    "mkdir /tmp/m; $b mount --bind /work /tmp/m; $b mount -o remount,bind,rw /tmp/m /tmp/m; echo x >/tmp/m/written",
    "mkdir /tmp/m; $b mount --move /work /tmp/m; echo x >/tmp/m/written",
    "umount -l /work; mkdir -p /work; $b mount -o remount,bind,rw / /",
    "umount -l /; cd /..",
    "mkdir /tmp/p; $b mount -t proc proc /tmp/p; $b cat /tmp/p/1/environ",
    "mknod /tmp/null c 1 3; echo x >/tmp/null",
    "unshare -U -m $b sh -c '/tool/busybox mount -o remount,bind,rw /work /work; echo x >/work/written'",
  ])("root of its own namespaces cannot: %s", async (attack) => {
    const { stdout } = await run(
      `b=/tool/busybox; $b ${attack}; echo x >/work/written; echo x >/work/plan.json; read -r line </etc/passwd && echo "$line"`,
    );
    expect(stdout).toBe("");
    expect(readdirSync(folders.work).sort()).toEqual(["image", "out", "plan.json", "root"]);
    expect(readdirSync(folders.tool)).toEqual(["busybox"]);
    expect(readFileSync(scene.at("work/plan.json"), "utf8")).toBe("the plan");
    expect(await scene.leftovers()).toEqual([]);
  });

  test("it leaves no mount, and no process that it put into the background", async () => {
    await run("/tool/busybox sleep 600 & /tool/busybox setsid /tool/busybox sleep 600 & exit 0");
    expect(await scene.leftovers()).toEqual([]);
  });

  test("an interruption ends it, and what it started", async () => {
    const controller = new AbortController();
    const script =
      "trap '' TERM INT HUP; /tool/busybox setsid /tool/busybox sleep 600 & echo >/out/ready; /tool/busybox sleep 600";
    const argv = enclosed(["/tool/busybox", "sh", "-c", script], folders);
    const running = runTool({ argv, signal: controller.signal }).catch((error: unknown) => error);
    await until(() => existsSync(`${folders.out}/ready`), "the tool to start");
    controller.abort();
    expect(await running).toMatchObject({ code: "E_INTERRUPTED" });
    expect(await scene.leftovers()).toEqual([]);
  });

  describe("through the toolbox", () => {
    /** A toolbox whose grub-mkimage is this script, run by the image's busybox. */
    function toolboxOf(script: string): Toolbox {
      writeFileSync(`${folders.tool}/script`, script);
      const kept: KeptTool = {
        source: "/usr/bin/x",
        folder: folders.tool,
        program: "busybox",
        loader: undefined,
      };
      return new Toolbox({
        choice: "image",
        work: folders.work,
        signal: new AbortController().signal,
        run: (call) => {
          // busybox goes by the name of an applet, which the toolbox does not give.
          const at = call.argv.indexOf("/tool/busybox");
          const rest = call.argv.slice(at + 1);
          return runTool({ ...call, argv: [...call.argv.slice(0, at + 1), "sh", "/tool/script", ...rest] });
        },
        onFound: () => undefined,
        onSubstitute: () => undefined,
        kept: async (name: ToolName) => (name === "grub-mkimage" ? kept : undefined),
      });
    }
    const VERSION = 'if [ "$1" = --version ]; then echo "grub-mkimage (GRUB) 2.12"; exit; fi\n';
    const use = (toolbox: Toolbox) =>
      toolbox.use(
        "grub-mkimage",
        (path) => [path(`${folders.work}/plan.json`), path(`${folders.work}/made`)],
        {
          output: `${folders.work}/made`,
        },
      );

    test("what it made comes out as a plain file", async () => {
      const toolbox = toolboxOf(`${VERSION}/tool/busybox cat "$1" >"$2"; /tool/busybox chmod 4777 "$2"`);
      await use(toolbox);
      expect(readFileSync(`${folders.work}/made`, "utf8")).toBe("the plan");
      expect(statSync(`${folders.work}/made`).mode & 0o7777).toBe(0o644);
      expect((await toolbox.find("grub-mkimage")).version).toBe("2.12");
      expect(readdirSync(folders.work).filter((name) => name.startsWith(".enclosed"))).toEqual([]);
    });

    test.each([
      ["a symlink to a file of the host", 'ln -s /etc/shadow "$2"'],
      ["a folder", 'mkdir "$2"'],
      ["a FIFO", 'mkfifo "$2"'],
      ["nothing", 'true "$2"'],
    ])("%s does not", async (_, made) => {
      await expect(use(toolboxOf(`${VERSION}/tool/busybox ${made}`))).rejects.toMatchObject({
        code: "E_TOOL_FAILED",
        message: expect.stringContaining("made no file"),
      });
      expect(lstatSync(`${folders.work}/made`, { throwIfNoEntry: false })).toBeUndefined();
    });
  });
});

test("without either the image's tools are not run at all", () => {
  using scene = new Scene("enclosure");
  process.env.PATH = scene.only("sh");
  try {
    expect(() =>
      enclosed(["/tool/x"], { tool: "/t", work: "/w", out: "/o", mountPoint: "/m", script: "/s" }),
    ).toThrow(
      expect.objectContaining({ code: "E_SANDBOX_MISSING", hint: expect.stringContaining("bubblewrap") }),
    );
  } finally {
    process.env.PATH = hostPath;
  }
});
