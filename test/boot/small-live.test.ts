import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { ALL_WAYS, type BootResult, wayName } from "../../internal/boot/boot-result.ts";
import { bootMatrix } from "../../internal/boot/matrix.ts";
import { showsMenu } from "../../internal/boot/menu-picture.ts";
import { bootOnce } from "../../internal/boot/run.ts";
import { runTool } from "../../internal/process/run.ts";
import { expectLive, ROOT_OK } from "../helpers/boot/live-line.ts";
import { request } from "../helpers/boot/machine-request.ts";
import { readPng } from "../helpers/boot/read-png.ts";
import { smallLive } from "../helpers/images/small-live.ts";
import { Scene } from "../helpers/scene.ts";

/** Emulated machines on two cores: about 30 s each. */
const MINUTES = 60_000;

let scene: Scene;
let results: BootResult[];

beforeAll(async () => {
  scene = new Scene("boot");
  const iso = `${scene.out}/small-live.iso`;
  await scene.succeed(["build", `oci:${smallLive().oci}`, "-o", iso]);
  const world = { run: runTool, now: () => performance.now() };
  const boot = (way: (typeof ALL_WAYS)[number], signal: AbortSignal) =>
    bootOnce(request(way, { iso, until: ROOT_OK, keepIn: scene.at(wayName(way)) }), { ...world, signal });
  results = await bootMatrix(ALL_WAYS, { boot, atOnce: 2, signal: new AbortController().signal });
}, 15 * MINUTES);

afterAll(() => scene[Symbol.dispose]());

describe("the small live image boots", () => {
  for (const [index, way] of ALL_WAYS.entries()) {
    test(wayName(way), () => {
      const result = results[index]!;
      expect(result.failure).toBeUndefined();
      expect(result.reached).toMatch(ROOT_OK);
      expectLive(result.serialLog, way, { kver: smallLive().kver, cdBus: "ata" });
      expect(showsMenu(readPng(readFileSync(result.menuScreenshot ?? "")))).toBe(true);
    });
  }
});
