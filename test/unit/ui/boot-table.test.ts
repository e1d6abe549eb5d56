import { describe, expect, test } from "bun:test";
import type { Reporter } from "../../../internal/base/progress.ts";
import { BootProgress, drawRepeatedly } from "../../../internal/ui/boot-progress.ts";
import { type BootRow, bootTable, finishedRow } from "../../../internal/ui/boot-table.ts";
import { bootResult } from "../../helpers/boot/boot-result.ts";
import { SILENT } from "../../helpers/reporter.ts";
import { until } from "../../helpers/until.ts";

const BIOS = { firmware: "bios", media: "cd" } as const;
const UEFI = { firmware: "uefi", media: "cd" } as const;
const SECURE = { firmware: "secure-boot", media: "usb" } as const;

const ROWS: readonly BootRow[] = [
  {
    way: BIOS,
    phases: [
      { phase: "firmware", start: 0, seconds: 0.61 },
      { phase: "grub", start: 0.61, seconds: 129.7 },
      { phase: "kernel", start: 130.31, seconds: 8.2 },
      { phase: "user-space", start: 138.51, seconds: 0.8 },
    ],
    state: "booted",
  },
  {
    way: UEFI,
    phases: [
      { phase: "firmware", start: 0, seconds: 8.5 },
      { phase: "grub", start: 8.5, seconds: 3 },
    ],
    state: "running",
  },
  { way: SECURE, phases: [], state: "waiting" },
];

describe("bootTable", () => {
  test("a column for each phase, a row for each machine, at most 79 characters", () => {
    expect(bootTable(ROWS, { width: 79 })).toEqual([
      "                 firmware   GRUB  kernel  initramfs  user space",
      "bios-cd             0.6 s  130 s   8.2 s                  0.8 s  booted 139 s",
      "uefi-cd             8.5 s  3.0 s                                 11.5 s so far",
      "secure-boot-usb                                                  waiting",
    ]);
  });

  test("a column for shim if it printed a message", () => {
    const failed: BootRow = {
      way: SECURE,
      phases: [
        { phase: "firmware", start: 0, seconds: 8.5 },
        { phase: "shim", start: 8.5, seconds: 1 },
      ],
      state: "failed",
    };
    expect(bootTable([failed])).toEqual([
      "                 firmware   shim  GRUB  kernel  initramfs  user space",
      "secure-boot-usb     8.5 s  1.0 s                                       failed 9.5 s",
    ]);
  });

  test("on a narrow terminal a line for each machine", () => {
    expect(bootTable(ROWS, { width: 60 })).toEqual([
      "bios-cd: booted 139 s",
      "uefi-cd: GRUB 3.0 s, 11.5 s so far",
      "secure-boot-usb: waiting",
    ]);
  });
});

const RESULT = bootResult({
  seconds: 7,
  phases: [
    { phase: "firmware", start: 0, seconds: 3 },
    { phase: "grub", start: 3, seconds: 4 },
  ],
});

/** A reporter that records its rows and lines. */
function recorder(width: number | undefined) {
  const rows: (readonly string[])[] = [];
  const lines: string[] = [];
  const task = () => {
    throw new Error("no task is expected");
  };
  const reporter: Reporter = {
    ...SILENT,
    width,
    rows: (drawn) => void rows.push(drawn),
    task,
    info: (text) => void lines.push(text),
    warn: task,
    verbose: task,
  };
  return { reporter, rows, lines };
}

/** A clock that the test moves. */
function follow(progress: BootProgress, time: { now: number }): void {
  progress.begin(BIOS, "firmware");
  time.now = 3000;
  progress.begin(BIOS, "grub");
  time.now = 7000;
  progress.end(RESULT);
}

describe("BootProgress", () => {
  test("without a terminal: a line for each phase that has ended", () => {
    const { reporter, rows, lines } = recorder(undefined);
    const time = { now: 0 };
    using progress = new BootProgress([BIOS, UEFI], { reporter, clock: () => time.now });
    follow(progress, time);
    expect(lines).toEqual(["bios-cd: firmware 3.0 s", "bios-cd: GRUB 4.0 s, booted after 7.0 s"]);
    expect(rows).toEqual([]);
  });

  test("on a terminal: rows from the first moment, drawn again, and removed at the end", async () => {
    const { reporter, rows, lines } = recorder(79);
    const time = { now: 0 };
    {
      using progress = new BootProgress([BIOS, UEFI], { reporter, clock: () => time.now });
      expect(rows).toEqual([bootTable([BIOS, UEFI].map((way) => ({ way, phases: [], state: "waiting" })))]);
      progress.begin(BIOS, "firmware");
      time.now = 2000;
      await until(() => rows.length >= 2);
      expect(rows[1]?.[1]).toMatch(/^bios-cd +2\.0 s +2\.0 s so far$/);
      progress.end(RESULT);
      await until(() => rows.length >= 3);
      expect(rows[2]?.slice(0, 2)).toEqual(bootTable([finishedRow(RESULT)]));
    }
    expect(rows.at(-1)).toEqual([]);
    expect(lines).toEqual([]);
  });

  test("drawRepeatedly: the seconds since the start, and nothing without a terminal", () => {
    const { reporter, rows } = recorder(undefined);
    drawRepeatedly({ reporter, clock: () => 0 }, () => ["a"])[Symbol.dispose]();
    expect(rows).toEqual([]);
  });
});
