import type { BootWay } from "../../../internal/boot/boot-result.ts";
import type { BootRequest } from "../../../internal/boot/run.ts";

/** What all machines of the tests have in common: emulated, since not every test machine has a KVM that works. */
export function request(
  way: BootWay,
  own: Pick<BootRequest, "iso" | "keepIn"> & Partial<BootRequest>,
): BootRequest {
  return {
    ...way,
    architecture: "x86_64",
    accelerator: "tcg",
    memoryMiB: 1024,
    cpus: 1,
    network: "none",
    timeout: 300,
    menu: "leave-alone",
    ...own,
  };
}
