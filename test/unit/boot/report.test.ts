import { describe, expect, test } from "bun:test";
import { setImmediate } from "node:timers/promises";
import {
  ALL_WAYS,
  type BootResult,
  type BootWay,
  failureLine,
  wayName,
  waysOn,
} from "../../../internal/boot/boot-result.ts";
import { encodePng, parsePpm } from "../../../internal/boot/control/png.ts";
import { bootMatrix } from "../../../internal/boot/matrix.ts";
import { junitReport } from "../../../internal/boot/report.ts";
import { bootDocument, bootSchema } from "../../../internal/documents/boot-document.ts";
import { bootResult } from "../../helpers/boot/boot-result.ts";

const UP = bootResult();
const DOWN: BootResult = {
  ...UP,
  firmware: "secure-boot",
  media: "usb",
  reached: undefined,
  failure: {
    phase: "shim",
    code: "B_SECURE_BOOT_VIOLATION",
    message: 'shim "refused" <GRUB> & the kernel',
    hint: "Sign them.",
    line: "Security Violation",
    lastLines: ["one ]]> \x1b[31m", "two & three \ud800"],
  },
  serialLog: "/logs/secure-boot-usb.serial.log",
  screenshot: "/logs/secure-boot-usb.png",
  menuScreenshot: "/logs/secure-boot-usb.menu.png",
};
const SUBJECT = { iso: 'a "b" & <c>.iso', time: "2026-01-02T03:04:05.000Z" };

test("the ways of aarch64: all but BIOS", () => {
  expect(waysOn("aarch64").map(wayName)).toEqual([
    "uefi-cd",
    "uefi-usb",
    "secure-boot-cd",
    "secure-boot-usb",
  ]);
  expect(waysOn("x86_64")).toHaveLength(6);
});

describe("reports", () => {
  test("JSON has everything, and counts", () => {
    const report = bootDocument([UP, DOWN], SUBJECT);
    expect(report).toMatchObject({ version: 1, iso: SUBJECT.iso, time: SUBJECT.time, passed: 1, failed: 1 });
    expect(report.results).toHaveLength(2);
    expect(report.results[1]!.failure!.code).toBe("B_SECURE_BOOT_VIOLATION");
    // A field that the schema does not have is an error.
    const printed = JSON.parse(JSON.stringify(report));
    expect(bootSchema().parse(printed)).toEqual(printed);
  });

  test("JUnit: one case a way, with the phases' times, the failure and the files", () => {
    const text = junitReport([UP, DOWN], SUBJECT);
    expect(text).toContain('tests="2" failures="1" errors="0" skipped="0" time="29.000"');
    expect(text).toContain('<testcase classname="platter.boot" name="bios-cd" time="14.500">');
    expect(text).toContain('<property name="seconds.grub" value="13"/>');
    expect(text).toContain("[[ATTACHMENT|/logs/secure-boot-usb.png]]");
    expect(text).toContain(
      '<failure type="B_SECURE_BOOT_VIOLATION" message="shim: shim &quot;refused&quot; &lt;GRUB&gt; &amp; the kernel">',
    );
  });

  test("JUnit is well-formed XML whatever a console says", async () => {
    const python =
      "import sys, xml.etree.ElementTree as t; r = t.fromstring(sys.stdin.buffer.read()); print(len(r.findall('.//testcase')), r[0].get('name'), r.find('.//failure').text)";
    const child = Bun.spawn(["python3", "-c", python], {
      stdin: new Blob([junitReport([UP, DOWN], SUBJECT)]),
      stderr: "pipe",
    });
    expect(await new Response(child.stderr).text()).toBe("");
    expect(await new Response(child.stdout).text()).toBe(
      `2 ${SUBJECT.iso} Sign them.\n\none ]]> \\x1b[31m\ntwo & three \\ud800\n`,
    );
  });

  test("a log that was not kept is not named", () => {
    const { serialLog: _, ...unkept } = UP;
    expect(bootDocument([unkept], SUBJECT).results[0]).not.toHaveProperty("serialLog");
    const text = junitReport([unkept], SUBJECT);
    expect(text).not.toContain("ATTACHMENT");
    expect(text).not.toContain("system-out");
  });

  test("a failure in a line for a person", () => {
    expect(failureLine(DOWN, DOWN.failure!)).toBe(
      'secure-boot-usb: failed in the shim phase: shim "refused" <GRUB> & the kernel [B_SECURE_BOOT_VIOLATION]',
    );
  });
});

describe("bootMatrix", () => {
  const signal = new AbortController().signal;
  const result = (way: BootWay): BootResult => ({ ...UP, ...way });

  test("returns the results in the order of the ways, and never runs more machines together than allowed", async () => {
    let running = 0;
    let most = 0;
    const last = Promise.withResolvers<void>();
    const results = await bootMatrix(ALL_WAYS, {
      atOnce: 2,
      signal,
      boot: async (way) => {
        most = Math.max(most, ++running);
        // The first ends after all others.
        if (way === ALL_WAYS[0]) await last.promise;
        else await setImmediate();
        if (way === ALL_WAYS.at(-1)) last.resolve();
        running--;
        return result(way);
      },
    });
    expect(results.map(wayName)).toEqual(ALL_WAYS.map(wayName));
    expect(results.map(wayName)[5]).toBe("secure-boot-usb");
    expect(most).toBe(2);
  });

  test("an error stops what is under way and what has not begun, and is the one thrown", async () => {
    const started: string[] = [];
    const stopped: string[] = [];
    const boot = (way: BootWay, stop: AbortSignal) => {
      started.push(wayName(way));
      if (way === ALL_WAYS[1]) return Promise.reject(new Error("no QEMU"));
      return new Promise<BootResult>((_resolve, reject) =>
        stop.addEventListener("abort", () => {
          stopped.push(wayName(way));
          reject(new Error("stopped"));
        }),
      );
    };
    await expect(bootMatrix(ALL_WAYS, { boot, atOnce: 2, signal })).rejects.toThrow("no QEMU");
    expect(started).toEqual(["bios-cd", "bios-usb"]);
    expect(stopped).toEqual(["bios-cd"]);
  });
});

describe("screenshots", () => {
  const ppm = (width: number, height: number, pixels: number[]) =>
    Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), Buffer.from(pixels)]);

  test("a portable pixmap becomes a PNG that other programs read", async () => {
    const pixels = [255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30, 40, 50, 60, 70, 80, 90];
    const png = encodePng(parsePpm(ppm(3, 2, pixels)));
    const python =
      "import sys, struct, zlib; d = sys.stdin.buffer.read(); p = 8; out = {}\nwhile p < len(d):\n  n, t = struct.unpack('>I4s', d[p:p+8]); b = d[p+8:p+8+n]; assert zlib.crc32(t + b) == struct.unpack('>I', d[p+8+n:p+12+n])[0]; out[t] = b; p += 12 + n\nw, h = struct.unpack('>II', out[b'IHDR'][:8]); raw = zlib.decompress(out[b'IDAT']); print(w, h, list(out[b'IHDR'][8:]), [list(raw[y*(w*3+1):(y+1)*(w*3+1)]) for y in range(h)], list(out)[-1])";
    const child = Bun.spawn(["python3", "-c", python], { stdin: new Blob([png as Uint8Array<ArrayBuffer>]) });
    expect(await new Response(child.stdout).text()).toBe(
      "3 2 [8, 2, 0, 0, 0] [[0, 255, 0, 0, 0, 255, 0, 0, 0, 255], [0, 10, 20, 30, 40, 50, 60, 70, 80, 90]] b'IEND'\n",
    );
    expect([...png.subarray(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  });

  test.each([
    ["too short", ppm(3, 2, [1, 2, 3])],
    ["another format", Buffer.from("P5\n1 1\n255\n\0")],
    ["nothing", Buffer.alloc(0)],
  ])("%s is refused", (_name, bytes) => {
    expect(() => parsePpm(bytes)).toThrow(RangeError);
  });
});
