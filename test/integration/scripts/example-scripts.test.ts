import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Scene } from "../../helpers/scene.ts";

const SCRIPTS = resolve(import.meta.dir, "../../../scripts");

let scene: Scene;
beforeEach(() => {
  scene = new Scene("scripts");
  const log = scene.at("calls");
  scene.fake("podman", `echo "podman $*" >>${log}; [ "$1 $2" != "image exists" ] || [ "$3" = "$HAVE" ]`);
  scene.fake("mmdebstrap", `echo "mmdebstrap $*" >>${log}; for last; do :; done; echo tar >"$last"`);
});
afterEach(() => scene[Symbol.dispose]());

function run(script: string, args: readonly string[], variables: Record<string, string> = {}) {
  const done = Bun.spawnSync([`${SCRIPTS}/${script}`, ...args], {
    env: {
      PATH: `${scene.bin}:${process.env.PATH}`,
      PLATTER_DOWNLOADS: scene.at("cache"),
      HAVE: "",
      ...variables,
    },
    stderr: "pipe",
  });
  const calls = existsSync(scene.at("calls"))
    ? readFileSync(scene.at("calls"), "utf8").trimEnd().split("\n")
    : [];
  return { code: done.exitCode, stderr: done.stderr.toString(), calls };
}

describe("scripts/offline-base", () => {
  const DEBIAN = "docker.io/library/debian:trixie-slim";
  const cached = () => scene.at("cache/offline-base/trixie.tar");

  test("makes each image that a Containerfile begins with, once, and none for a stage", () => {
    const file = scene.write(
      "Containerfile",
      `FROM ${DEBIAN} AS one\nFROM --platform=x one as two\nFROM two\n`,
    );
    const ran = run("offline-base", [file]);
    expect(ran.code).toBe(0);
    expect(ran.calls).toEqual([
      `podman image exists ${DEBIAN}`,
      expect.stringMatching(new RegExp(`^mmdebstrap .*--components=main .*trixie ${cached()}.partial$`)),
      `podman import --change CMD ["/bin/bash"] ${cached()} ${DEBIAN}`,
    ]);
  });

  test("takes Ubuntu's universe along, and what was made before", () => {
    const file = scene.write("Containerfile", "FROM docker.io/library/ubuntu:24.04\n");
    const env = { PLATTER_UBUNTU_KEYS: scene.write("keys.gpg", "keys") };
    expect(run("offline-base", [file], env).calls[1]).toMatch(
      /--components=main,universe --keyring=\S*keys.gpg .* noble /,
    );
    const made = run("offline-base", [file], env).calls.filter((call) => call.startsWith("mmdebstrap"));
    expect(made).toHaveLength(1);
  });

  test("takes Ubuntu's keys from a package of Debian if the machine does not have them", () => {
    const keys = scene.write("root/usr/share/keyrings/ubuntu-archive-keyring.gpg", "keys");
    const pack = `tar -C ${scene.at("root")} -cf "$last" ./usr`;
    const log = scene.at("calls");
    scene.fake(
      "mmdebstrap",
      `echo "mmdebstrap $*" >>${log}; for last; do :; done; case $* in *=extract*) ${pack} ;; *) echo tar >"$last" ;; esac`,
    );
    const file = scene.write("Containerfile", "FROM docker.io/library/ubuntu:24.04\n");
    const { calls } = run("offline-base", [file], { PLATTER_UBUNTU_KEYS: scene.at("missing") });
    const cached = scene.at("cache/offline-base/ubuntu-keys.gpg");
    expect(calls[1]).toMatch(/^mmdebstrap --variant=extract --include=ubuntu-archive-keyring .* trixie /);
    expect(calls[2]).toContain(`--keyring=${cached} `);
    expect(readFileSync(cached, "utf8")).toBe(readFileSync(keys, "utf8"));
  });

  test("leaves an image alone that podman has", () => {
    const file = scene.write("Containerfile", `FROM ${DEBIAN}\n`);
    expect(run("offline-base", [file], { HAVE: DEBIAN })).toEqual({
      code: 0,
      stderr: "",
      calls: [`podman image exists ${DEBIAN}`],
    });
  });

  test("says which image it cannot make", () => {
    const file = scene.write("Containerfile", "FROM quay.io/fedora/fedora-bootc:44\n");
    const ran = run("offline-base", [file]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain("quay.io/fedora/fedora-bootc:44 is not a Debian or Ubuntu");
    expect(ran.calls).toHaveLength(1);
  });
});

describe("scripts/example", () => {
  test.each([
    [[]],
    [["nonsense"]],
    [["debian", "ubuntu"]],
    [["debian", "--unknown"]],
    [["debian", "-o"]],
  ])("says how it is called for %j", (args) => {
    const ran = run("example", args);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("scripts/example NAME [--offline-base] [-o ISO]");
    expect(ran.stderr).toContain("debian fedora-payload");
    expect(ran.calls).toEqual([]);
  });
});
