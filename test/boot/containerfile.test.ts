import { expect, test } from "bun:test";
import { resolve } from "node:path";
import { BINARY, Scene } from "../helpers/scene.ts";

const OFFLINE_BASE = resolve(import.meta.dir, "../../scripts/offline-base");
const BASES = [
  "docker.io/library/debian:12",
  "docker.io/library/debian:13",
  "docker.io/library/ubuntu:24.04",
] as const;
/** Where podman may not start containers. */
const BUILD = ["podman", "build", "--isolation", "chroot", "--network", "host"];
const MADE = "localhost/platter-test/made-live";
/** Without Secure Boot: its revocations refuse the GRUB of Ubuntu 24.04 without updates, which mmdebstrap leaves out. */
const WAYS = ["--firmware bios --media cd", "--firmware uefi --media usb"];
const MINUTES = 60_000;

/** Runs a program that must succeed, and returns what it prints. */
function succeed(argv: string[], input?: string): string {
  const ran = Bun.spawnSync(argv, { stdin: Buffer.from(input ?? ""), stderr: "pipe" });
  expect(ran.exitCode === 0 ? "" : `${argv.join(" ")}: ${ran.stderr.toString().slice(-2000)}`).toBe("");
  return ran.stdout.toString();
}

// The base, the packages and the boots take several minutes each.
if (process.env.PLATTER_TEST === "full") {
  test.each(BASES)(
    "containerfile: a plain %s becomes an image whose ISO boots to its login",
    (base) => {
      using scene = new Scene("containerfile");
      succeed([OFFLINE_BASE, scene.write("Containerfile", `FROM ${base}\n`)]);
      const text = succeed([BINARY, "containerfile", base]);
      expect(text).toContain(`\nFROM ${base}\n`);
      succeed([...BUILD, "-t", MADE, "-"], text);
      expect(succeed([BINARY, "containerfile", MADE])).toStartWith(
        "# Nothing is missing that platter could add.\n",
      );
      const iso = scene.at("out/live.iso");
      succeed([BINARY, "build", MADE, "-o", iso]);
      for (const way of WAYS) {
        succeed([BINARY, "boot", iso, ...way.split(" "), "--timeout", "1800", "--until", " login:"]);
      }
    },
    120 * MINUTES,
  );
}
