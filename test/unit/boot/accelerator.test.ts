import { describe, expect, test } from "bun:test";
import { chooseAccelerator } from "../../../internal/boot/accelerator.ts";
import type { RunTool } from "../../../internal/process/run.ts";
import { actor, world } from "../../helpers/boot/actor.ts";

describe("chooseAccelerator", () => {
  const wanted = { architecture: "x86_64", firmware: "bios" } as const;
  const choose = (run: RunTool, kvm: "usable" | "/dev/kvm does not exist" = "usable") =>
    chooseAccelerator("auto", wanted, { ...world(run), kvm: () => kvm });

  test("takes KVM where firmware is heard under it", async () => {
    const seen: string[][] = [];
    const chosen = await choose(actor({ says: ["SeaBIOS"], ending: "stays", seen }));
    expect(chosen.accelerator).toBe("kvm");
    expect(seen[0]!.join(" ")).toContain("q35,accel=kvm,");
    // BIOS firmware is heard where KVM runs no kernel: UEFI's is tried, also for a boot with BIOS.
    expect(seen[0]!.join(" ")).toContain("if=pflash");
  });

  test("does not where QEMU gives up, or the firmware stays silent", async () => {
    expect(await choose(actor({ says: [], ending: "fails" }))).toEqual({
      accelerator: "tcg",
      reason: "/dev/kvm exists but does not run the firmware",
    });
    let time = 0;
    const silent = chooseAccelerator("auto", wanted, {
      run: actor({ says: [], ending: "stays" }),
      signal: new AbortController().signal,
      // Ten seconds at each look.
      now: () => {
        time += 10_000;
        return time;
      },
      kvm: () => "usable",
    });
    expect((await silent).accelerator).toBe("tcg");
  });

  test("does not try KVM if it is missing, for another architecture, or if the user chose", async () => {
    const seen: string[][] = [];
    const run = actor({ says: [], ending: "stays", seen });
    expect(await choose(run, "/dev/kvm does not exist")).toMatchObject({ accelerator: "tcg" });
    const other = process.arch === "x64" ? "aarch64" : "x86_64";
    const foreign = { architecture: other, firmware: "uefi" } as const;
    expect(await chooseAccelerator("auto", foreign, { ...world(run), kvm: () => "usable" })).toMatchObject({
      accelerator: "tcg",
    });
    expect(await chooseAccelerator("kvm", wanted, world(run))).toMatchObject({ accelerator: "kvm" });
    await expect(chooseAccelerator("kvm", foreign, world(run))).rejects.toMatchObject({ code: "E_BOOT_WAY" });
    expect(seen).toEqual([]);
  });

  test("an interruption during the probe is an interruption", async () => {
    const stop = new AbortController();
    const run = actor({ says: [], ending: "stays", onStay: () => stop.abort() });
    const asked = chooseAccelerator("auto", wanted, { ...world(run, stop.signal), kvm: () => "usable" });
    await expect(asked).rejects.toMatchObject({ code: "E_INTERRUPTED" });
  });
});
