/** Variants of the small live image, made once and kept. */
import { resolve } from "node:path";
import type { Scene } from "../scene.ts";

const PROJECT = resolve(import.meta.dir, "../../..");

/** Makes the image with these options of test/fixtures/small-live.sh, and its ISO in the scene. */
export async function variantIso(scene: Scene, name: string, options: readonly string[]): Promise<string> {
  const place = resolve(PROJECT, ".cache/test", `small-live-${name}`);
  const made = Bun.spawnSync([resolve(PROJECT, "test/fixtures/small-live.sh"), place, ...options], {
    stderr: "pipe",
  });
  if (made.exitCode !== 0) throw new Error(`small-live.sh: ${made.stderr.toString()}`);
  const iso = `${scene.out}/${name}.iso`;
  await scene.succeed(["build", `oci:${place}/oci`, "-o", iso]);
  return iso;
}
