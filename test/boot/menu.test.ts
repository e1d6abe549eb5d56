import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { type BootResult, type BootWay, wayName } from "../../internal/boot/boot-result.ts";
import { bootMatrix } from "../../internal/boot/matrix.ts";
import { showsMenu } from "../../internal/boot/menu-picture.ts";
import { bootOnce } from "../../internal/boot/run.ts";
import { isoHasSerialConsole } from "../../internal/boot/serial-console.ts";
import { runTool } from "../../internal/process/run.ts";
import { request } from "../helpers/boot/machine-request.ts";
import { readPng } from "../helpers/boot/read-png.ts";
import { variantIso } from "../helpers/boot/variant.ts";
import { Scene } from "../helpers/scene.ts";

/** One with GRUB's modules, one with its signed image; both draw their menu as a picture. */
const WAYS: readonly BootWay[] = [
  { firmware: "bios", media: "usb" },
  { firmware: "uefi", media: "cd" },
];
const MINUTES = 60_000;

let scene: Scene;
let iso: string;
let results: BootResult[];

beforeAll(async () => {
  scene = new Scene("menu");
  iso = await variantIso(scene, "no-serial", ["--no-serial"]);
  results = await bootMatrix(WAYS, {
    atOnce: 2,
    signal: new AbortController().signal,
    boot: (way, signal) => {
      const own = {
        iso,
        until: /PLATTER-ROOT-OK/,
        keepIn: scene.at(wayName(way)),
        menu: "add-console",
      } as const;
      return bootOnce(request(way, own), { run: runTool, signal, now: () => performance.now() });
    },
  });
}, 15 * MINUTES);

afterAll(() => scene[Symbol.dispose]());

describe("an ISO without a serial console", () => {
  test("is known for one", async () => {
    expect(await isoHasSerialConsole(iso)).toBe(false);
  });

  for (const [index, way] of WAYS.entries()) {
    test(`${wayName(way)}: gets one through GRUB's menu, for this boot`, () => {
      const result = results[index];
      expect(result?.menu).toEqual({ kind: "console-added" });
      expect(result?.failure).toBeUndefined();
      // On UEFI, GRUB's text terminal is only on the serial line.
      if (way.firmware === "bios")
        expect(showsMenu(readPng(readFileSync(result?.menuScreenshot ?? "")))).toBe(true);
      const log = readFileSync(result?.serialLog ?? "", "utf8");
      // The kernel prints the line twice. The first time it is taking over the port, which may lose a byte.
      expect(log).toMatch(/[Cc]ommand line: .*rd\.live\.image console=tty0 console=ttyS0/);
    });
  }
});
