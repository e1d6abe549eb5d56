import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { ALL_WAYS, type BootResult, type BootWay, wayName } from "../../internal/boot/boot-result.ts";
import { bootMatrix } from "../../internal/boot/matrix.ts";
import { bootOnce } from "../../internal/boot/run.ts";
import { isoHasSerialConsole } from "../../internal/boot/serial-console.ts";
import { runTool } from "../../internal/process/run.ts";
import { request } from "../helpers/boot/machine-request.ts";
import { type ExampleLayout, exampleLayout, LAYOUTS } from "../helpers/images/example-layout.ts";
import { Scene } from "../helpers/scene.ts";

const MINUTES = 60_000;
/** One machine in every run; all of them are some thirty. */
const BOOTS: readonly (readonly [ExampleLayout, readonly BootWay[]])[] =
  process.env.PLATTER_TEST === "full"
    ? (Object.keys(LAYOUTS) as ExampleLayout[]).map((name) => [name, ALL_WAYS] as const)
    : [["kinoite", [{ firmware: "secure-boot", media: "cd" }]]];

for (const [name, ways] of BOOTS) {
  describe(`an image with the layout of ${name} boots`, () => {
    let scene: Scene;
    let results: BootResult[];

    beforeAll(async () => {
      scene = new Scene("layouts");
      const iso = scene.at(`out/${name}.iso`);
      await scene.succeed(["build", `dir:${exampleLayout(scene, name)}`, "-o", iso]);
      const menu = (await isoHasSerialConsole(iso)) ? "leave-alone" : "add-console";
      results = await bootMatrix(ways, {
        atOnce: 2,
        signal: new AbortController().signal,
        boot: (way, signal) => {
          const own = { iso, until: /PLATTER-ROOT-OK/, keepIn: scene.at(wayName(way)), menu } as const;
          return bootOnce(request(way, own), { run: runTool, signal, now: () => performance.now() });
        },
      });
    }, 30 * MINUTES);

    afterAll(() => scene[Symbol.dispose]());

    for (const [index, way] of ways.entries()) {
      test(wayName(way), () => {
        const result = results[index]!;
        expect(result.failure).toBeUndefined();
        const log = readFileSync(result.serialLog, "utf8").replaceAll("\r", "");
        expect(log).toContain(`PLATTER-LIVE-OK label=${LAYOUTS[name].label} `);
        expect(log).toMatch(/PLATTER-LIVE-OK .* checks=ok$/m);
      });
    }
  });
}
