import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { ConsoleWatcher, type Verdict } from "../../../internal/boot/console.ts";
import type { Phase } from "../../../internal/boot/phase.ts";
import { switchedOff, timedOut } from "../../../internal/boot/verdict.ts";

/** Frames come in code page 437, one byte each. */
const bytes = (text: string) => Buffer.from(text, "latin1");

const SEABIOS =
  "\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS (version 1.16.2-debian-1.16.2-1)\r\nBooting from DVD/CD...\r\n";
const OVMF =
  '\x1b[2J\x1b[01;01H\x1b[=3h\x1b[2J\x1b[01;01HBdsDxe: loading Boot0001 "UEFI QEMU DVD-ROM QM00011 " from PciRoot(0x0)/Pci(0x1F,0x2)/Sata(0x5,0xFFFF,0x0)\r\n' +
  'BdsDxe: starting Boot0001 "UEFI QEMU DVD-ROM QM00011 " from PciRoot(0x0)/Pci(0x1F,0x2)/Sata(0x5,0xFFFF,0x0)\r\n';
// As SeaBIOS really sends it: the cursor is put where it is, in the middle of a word.
const GRUB = "\x1b[0;30;47mWe\x1b[03;02H\x1b[03;03Hlcome to GRUB!\r\n\r\n\x1b[01;01H\x1b[0m\x1b[2J";
const KERNEL = [
  "\r\r\n[    0.000000] Linux version 6.1.0-56-amd64 (debian-kernel@lists.debian.org) (gcc-12 12.2.0) #1 SMP Debian",
  "[    0.000000] Command line: BOOT_IMAGE=/images/pxeboot/vmlinuz root=live:CDLABEL=X console=ttyS0",
  "[    2.000000] Run /init as init process\r\n",
].join("\r\n");
const DRACUT = [
  "[    3.1] systemd[1]: Running in initial RAM disk.",
  "\r\nWelcome to \x1b[0;1;31mDebian GNU/Linux 12 (bookworm) dracut-059-4 (Initramfs)\x1b[0m!\r\n",
  "[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mslices.target\x1b[0m - Slice Units.\r\n",
].join("\r\n");
const USER_SPACE = [
  "[    9.000000] systemd[1]: Switching root.",
  "Welcome to \x1b[1mDebian GNU/Linux 12 (bookworm)\x1b[0m!",
  "[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mnetwork.target\x1b[0m - Network.\r\n",
].join("\r\n");
const LOGIN = "\r\nDebian GNU/Linux 12 debian-live ttyS0\r\n\r\ndebian-live login: ";

/** Feeds each piece a second after the one before, then lets time go by. */
function watch(pieces: readonly string[], options: { until?: RegExp; expected?: ReadonlySet<string> } = {}) {
  const watcher = new ConsoleWatcher({ start: 0, ...options });
  let now = 0;
  for (const piece of pieces) {
    now += 1000;
    watcher.tick(now);
    watcher.feed(bytes(piece), now);
    watcher.tick(now);
  }
  const wait = (milliseconds: number) => {
    now += milliseconds;
    watcher.tick(now);
  };
  return { watcher, wait };
}

function failed(verdict: Verdict | undefined) {
  if (verdict?.outcome !== "failed") throw new Error(`not failed but ${JSON.stringify(verdict)}`);
  return verdict;
}

describe("a boot that works", () => {
  test("goes through its phases, each with its time, to a login prompt", () => {
    const { watcher, wait } = watch([SEABIOS, GRUB, KERNEL, DRACUT, USER_SPACE, LOGIN]);
    expect(watcher.verdict).toBeUndefined();
    wait(1000);
    expect(watcher.verdict).toEqual({ outcome: "booted", line: "debian-live login:" });
    expect(watcher.phaseTimes(7000)).toEqual([
      { phase: "firmware", start: 0, seconds: 2 },
      { phase: "grub", start: 2, seconds: 1 },
      { phase: "kernel", start: 3, seconds: 0 },
      { phase: "initramfs", start: 3, seconds: 2 },
      { phase: "user-space", start: 5, seconds: 2 },
    ]);
  });

  test.each([
    "[\x1b[0;32m  OK  \x1b[0m] Reached target \x1b[0;1;39mmulti-user.target\x1b[0m - Multi-User System.\r\n",
    "[  OK  ] Reached target Multi-User System.\r\n",
    "[  OK  ] Reached target Graphical Interface.\r\n",
    "[  OK  ] Reached target \x1b[0;1;39mgraphical.target\x1b[0m.\r\n",
    // The kernel speaks in between.
    "vm login: [  132.238155] ACPI: bus type drm_connector registered\r\n",
    "localhost login: \r\n",
  ])("is up with %j", (line) => {
    expect(watch([OVMF, GRUB, KERNEL, line]).watcher.verdict?.outcome).toBe("booted");
  });

  test.each([
    "[  OK  ] Reached target Basic System.\r\n",
    "Last login: Monday\r\n",
    "login: denied\r\n",
  ])("is not up with %j", (line) =>
    expect(watch([OVMF, GRUB, KERNEL, line]).watcher.verdict).toBeUndefined());

  test("is up at another line, if asked for one", () => {
    const pieces = [SEABIOS, GRUB, KERNEL, "PLATTER-ROOT-OK pid1\r\n"];
    expect(watch(pieces, { until: /PLATTER-ROOT-OK (.*)/g }).watcher.verdict).toEqual({
      outcome: "booted",
      line: "PLATTER-ROOT-OK pid1",
    });
    expect(watch([LOGIN, "\r\n"], { until: /never/ }).watcher.verdict).toBeUndefined();
  });

  test("may be quiet between GRUB and user space", () => {
    const { watcher } = watch([OVMF, GRUB, DRACUT, USER_SPACE, `${LOGIN}\r\n`]);
    expect(watcher.phaseTimes(5000).map(({ phase }) => phase)).toEqual([
      "firmware",
      "grub",
      "initramfs",
      "user-space",
    ]);
  });

  test("may begin with an error of GRUB that is not its end", () => {
    const { watcher, wait } = watch([OVMF, GRUB, "error: no suitable video mode found.\r\n"]);
    expect(watcher.suspicion).toBe("error: no suitable video mode found.");
    wait(15_000);
    watcher.feed(bytes(KERNEL), 20_000);
    wait(60_000);
    expect(watcher.suspicion).toBeUndefined();
    expect(watcher.verdict).toBeUndefined();
  });

  test("reads the same however the stream is cut", () => {
    const all = bytes([OVMF, GRUB, KERNEL, DRACUT, USER_SPACE, LOGIN].join(""));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: all.length }), { maxLength: 40 }), (cuts) => {
        const watcher = new ConsoleWatcher({ start: 0 });
        const bounds = [0, ...cuts.sort((a, b) => a - b), all.length];
        for (let i = 1; i < bounds.length; i++) watcher.feed(all.subarray(bounds[i - 1], bounds[i]), 0);
        watcher.end(0);
        expect(watcher.verdict).toEqual({ outcome: "booted", line: "debian-live login:" });
        expect(watcher.phaseTimes(0).map(({ phase }) => phase)).toEqual([
          "firmware",
          "grub",
          "kernel",
          "initramfs",
          "user-space",
        ]);
      }),
    );
  });
});

describe("a boot that fails", () => {
  const cases: { name: string; pieces: string[]; phase: Phase; code: string; line: RegExp }[] = [
    {
      name: "SeaBIOS finds nothing",
      pieces: [SEABIOS, "Boot failed: Could not read from CDROM (code 0009)\r\nNo bootable device.\r\n"],
      phase: "firmware",
      code: "B_NO_BOOT_DEVICE",
      line: /No bootable device/,
    },
    {
      name: "UEFI finds nothing and opens its shell",
      pieces: [
        'BdsDxe: failed to load Boot0001 "UEFI QEMU DVD-ROM" from PciRoot(0x0): Not Found\r\n',
        "UEFI Interactive Shell v2.2\r\nEDK II\r\nShell> ",
      ],
      phase: "firmware",
      code: "B_NO_BOOT_DEVICE",
      line: /UEFI Interactive Shell/,
    },
    {
      name: "UEFI refuses an unsigned shim",
      pieces: ['BdsDxe: failed to load Boot0001 "UEFI QEMU DVD-ROM" from PciRoot(0x0): Access Denied\r\n'],
      phase: "firmware",
      code: "B_ACCESS_DENIED",
      line: /Access Denied/,
    },
    {
      name: "shim refuses an unsigned GRUB, in its blue box",
      pieces: [
        OVMF,
        "\x1b[0m\x1b[37m\x1b[44m\x1b[01;01H\xda\x1b[02;01H\xb3        ERROR        \xb3\x1b[04;01H\xb3  Verification failed: (0x1A) Security Violation  \xb3\x1b[05;01H",
      ],
      phase: "shim",
      code: "B_SECURE_BOOT_VIOLATION",
      line: /^Verification failed: \(0x1A\) Security Violation$/,
    },
    {
      name: "shim finds no GRUB",
      pieces: [OVMF, "Failed to open \\EFI\\BOOT\\grubx64.efi - Not Found\r\n"],
      phase: "shim",
      code: "B_SHIM",
      line: /grubx64/,
    },
    {
      name: "an SBAT level was revoked",
      pieces: [OVMF, "SBAT self-check failed: Security Policy Violation\r\n"],
      phase: "shim",
      code: "B_SBAT",
      line: /SBAT/,
    },
    {
      name: "GRUB has no modules",
      pieces: [
        SEABIOS,
        "GRUB loading.\r\nWelcome to GRUB!\r\n\r\nerror: no such device.\r\nEntering rescue mode...\r\ngrub rescue> ",
      ],
      phase: "grub",
      code: "B_GRUB_RESCUE",
      line: /grub rescue>/,
    },
    {
      name: "GRUB has no menu",
      pieces: [OVMF, GRUB, "   Minimal BASH-like line editing is supported.\r\n\r\ngrub> "],
      phase: "grub",
      code: "B_GRUB_PROMPT",
      line: /grub>/,
    },
    {
      name: "GRUB does not find the kernel",
      pieces: [
        OVMF,
        GRUB,
        "error: file `/images/pxeboot/vmlinuz' not found.\r\nerror: you need to load the kernel first.\r\n",
      ],
      phase: "grub",
      code: "B_GRUB_ERROR",
      line: /vmlinuz' not found/,
    },
    {
      name: "the kernel panics",
      pieces: [
        OVMF,
        GRUB,
        "[    0.000000] Linux version 6.1\r\n[    1.0] Kernel panic - not syncing: VFS: Unable to mount root fs\r\n",
      ],
      phase: "kernel",
      code: "B_PANIC",
      line: /Unable to mount root/,
    },
    {
      name: "dracut gives up",
      pieces: [
        SEABIOS,
        GRUB,
        KERNEL,
        DRACUT,
        "[  190.0] dracut-initqueue[400]: Warning: Could not boot.\r\n",
        'Generating "/run/initramfs/rdsosreport.txt"\r\n\r\nEntering emergency mode. Exit the shell to continue.\r\n',
      ],
      phase: "initramfs",
      code: "B_EMERGENCY",
      line: /Entering emergency mode/,
    },
    {
      name: "init dies in the initramfs",
      pieces: [SEABIOS, GRUB, KERNEL, "[    3.0] Kernel panic - not syncing: Attempted to kill init!\r\n"],
      phase: "initramfs",
      code: "B_PANIC",
      line: /Attempted to kill init/,
    },
    {
      name: "Debian's live-boot finds no medium",
      pieces: [SEABIOS, GRUB, KERNEL, "Unable to find a medium containing a live file system\r\n"],
      phase: "initramfs",
      code: "B_EMERGENCY",
      line: /Unable to find/,
    },
    {
      name: "user space ends in emergency mode",
      pieces: [
        SEABIOS,
        GRUB,
        KERNEL,
        DRACUT,
        USER_SPACE,
        'You are in emergency mode. After logging in, type "journalctl -xb"\r\n',
      ],
      phase: "user-space",
      code: "B_EMERGENCY",
      line: /You are in emergency mode/,
    },
  ];
  for (const { name, pieces, phase, code, line } of cases) {
    test(`${name}: ${code} in the ${phase} phase`, () => {
      const { watcher, wait } = watch(pieces);
      for (let i = 0; i < 25 && watcher.verdict === undefined; i++) wait(1000);
      const verdict = failed(watcher.verdict);
      expect({ phase: verdict.phase, code: verdict.code }).toEqual<unknown>({ phase, code });
      expect(verdict.line).toMatch(line);
      expect(watcher.lastLines.join("\n").length).toBeGreaterThan(0);
    });
  }

  test("the first verdict stays", () => {
    const { watcher } = watch([SEABIOS, "No bootable device.\r\n", GRUB, KERNEL, `${LOGIN}\r\n`]);
    expect(failed(watcher.verdict).code).toBe("B_NO_BOOT_DEVICE");
  });

  test("the same words mean nothing in a later phase", () => {
    const later = "No bootable device\r\nerror: this is only a program\r\nSecurity Violation\r\ngrub> \r\n";
    const { watcher, wait } = watch([SEABIOS, GRUB, KERNEL, later]);
    wait(60_000);
    expect(watcher.verdict).toBeUndefined();
  });

  test("a prompt that was asked for is not a failure", () => {
    const { watcher, wait } = watch([OVMF, GRUB, "grub> "], { expected: new Set(["B_GRUB_PROMPT"]) });
    wait(5000);
    expect(watcher.verdict).toBeUndefined();
  });

  test("an error after which the machine goes off is the failure", () => {
    const { watcher } = watch([OVMF, GRUB, "error: out of memory.\r\n"]);
    watcher.end(4000);
    expect(failed(watcher.verdict)).toMatchObject({ code: "B_GRUB_ERROR", line: "error: out of memory." });
  });
});

describe("a machine that its own system switches off", () => {
  const POWER_OFF = "[    9.593069] reboot: Power down\r\n";

  test("has booted, since user space was reached", () => {
    const { watcher } = watch([SEABIOS, GRUB, KERNEL, USER_SPACE, POWER_OFF]);
    expect(watcher.verdict).toEqual({ outcome: "booted", line: "[    9.593069] reboot: Power down" });
  });

  test("has not booted where another line was waited for", () => {
    const { watcher } = watch([SEABIOS, GRUB, KERNEL, USER_SPACE, POWER_OFF], { until: /READY/ });
    watcher.end(9000);
    expect(watcher.verdict).toBeUndefined();
  });

  test("has not booted where the initramfs did it", () => {
    const { watcher } = watch([SEABIOS, GRUB, KERNEL, DRACUT, POWER_OFF]);
    expect(watcher.verdict).toBeUndefined();
  });

  test("has not booted after an emergency", () => {
    const emergency = "You are in emergency mode.\r\n";
    const { watcher } = watch([SEABIOS, GRUB, KERNEL, USER_SPACE, emergency, POWER_OFF]);
    expect(failed(watcher.verdict).code).toBe("B_EMERGENCY");
  });
});

describe("a boot that does not end", () => {
  test("says which phase it hangs in and what was to come", () => {
    const { watcher } = watch([SEABIOS]);
    expect(timedOut(watcher, { timeout: 30, architecture: "x86_64" })).toMatchObject({
      phase: "firmware",
      code: "B_TIMEOUT",
      message: "After 30 seconds the boot is still in the firmware phase, without a sign of the GRUB phase.",
    });
  });

  test("knows that a kernel without a serial console is silent", () => {
    const { watcher } = watch([SEABIOS, GRUB]);
    expect(timedOut(watcher, { timeout: 30, architecture: "x86_64" }).hint).toContain("console=ttyS0");
    expect(switchedOff(watcher, "x86_64")).toMatchObject({ phase: "grub", code: "B_ENDED" });
    expect(switchedOff(watcher, "x86_64").hint).toContain("console=ttyS0");
    expect(switchedOff(watcher, "aarch64").hint).toContain("console=ttyAMA0");
    expect(timedOut(watcher, { timeout: 30, architecture: "aarch64" }).hint).toContain("console=ttyAMA0");
  });

  test("repeats an error that may be the cause", () => {
    const { watcher } = watch([SEABIOS, GRUB, "error: no suitable video mode found.\r\n"]);
    expect(timedOut(watcher, { timeout: 10, architecture: "x86_64" }).line).toBe(
      "error: no suitable video mode found.",
    );
  });
});
