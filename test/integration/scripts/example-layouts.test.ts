import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { parsePlan } from "../../../internal/contract/plan/plan.ts";
import { ARTIFACTS } from "../../../internal/pipeline/work/work-dir.ts";
import { type ExampleLayout, exampleLayout, LAYOUTS } from "../../helpers/images/example-layout.ts";
import { Scene } from "../../helpers/scene.ts";

/** The initramfs is the small live image's: it has an init of its own, and modules of the kernel that is really there. */
const KNOWN = ["F_INITRAMFS_KERNEL"];

let scene: Scene;
beforeAll(() => {
  scene = new Scene("layouts");
});
afterAll(() => scene[Symbol.dispose]());

for (const [name, expected] of Object.entries(LAYOUTS) as [
  ExampleLayout,
  (typeof LAYOUTS)[ExampleLayout],
][]) {
  describe(`an image with the layout of ${name}`, () => {
    const work = () => scene.at(`work-${name}`);

    test("becomes an ISO that is sound, with all the pieces where that system has them", async () => {
      const image = exampleLayout(scene, name);
      const iso = scene.at(`out/${name}.iso`);
      const ran = await scene.succeed(["build", `dir:${image}`, "-o", iso, "--work", work()]);
      const warned = [...ran.stderr.matchAll(/^warning\[(\w+)\]: /gm)].map(([, code]) => code);
      expect(warned).toEqual(KNOWN);
      await scene.succeed(["verify", iso, "--against", work()]);
      const plan = parsePlan(readFileSync(`${work()}/plan.json`, "utf8"), "plan.json");
      expect<string>(plan.label).toBe(expected.label);
      expect(plan.kernel?.version).toBe(expected.kernel);
      expect(plan.efi?.shim.source).toBe(expected.shim);
      expect(plan.efi?.grub.source).toBe(expected.grub);
      const grave = plan.findings.filter(({ severity }) => severity !== "note").map(({ code }) => code);
      expect<string[]>(grave).toEqual(KNOWN);
    });

    test("has the menu that the example's iso.yaml describes", () => {
      for (const config of [ARTIFACTS.efiConfig, ARTIFACTS.biosConfig]) {
        const menu = readFileSync(`${work()}/${config}`, "utf8");
        const titles = [...menu.matchAll(/^menuentry '([^']*)'/gm)].map(([, title]) => title);
        expect(titles).toEqual([...expected.menu]);
        const kernels = [...menu.matchAll(/^ +linux .*$/gm)].map(([line]) => line);
        expect(kernels).toHaveLength(titles.length);
        for (const line of kernels) expect(line).toContain(`root=live:CDLABEL=${expected.label} `);
      }
    });
  });
}
