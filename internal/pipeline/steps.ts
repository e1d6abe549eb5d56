import { parseReference } from "../image/reference.ts";
import type { StageName } from "./stage/stage.ts";

/** Stages in the order in which they are reported: the root file system takes longest, and ends last. */
const ORDER: readonly StageName[] = [
  "inspect",
  "render-grub",
  "bios-image",
  "efi-image",
  "squash",
  "assemble",
  "implant",
];

/** Transports of images that are copied into the work directory first. */
const FETCHED: readonly unknown[] = ["docker", "docker-daemon", "-"];

/**
 * The steps of a run, in the order in which they are reported. An image that is not on this machine's disk is fetched first.
 * @throws PlatterError `E_REFERENCE…`
 */
export function stepsOf(wanted: ReadonlySet<StageName>, reference: string | undefined): string[] {
  const isFetched = reference !== undefined && FETCHED.includes(parseReference(reference).transport);
  // The assemble stage implants the checksum.
  const stages = ORDER.filter((name) => wanted.has(name) && !(name === "implant" && wanted.has("assemble")));
  return [...(isFetched ? ["fetch"] : []), ...stages];
}
