import {
  afterLabel,
  deviceOf,
  isLiveSystem,
  type KernelArgument,
  kernelArgument,
  kickstarts,
  labelSought,
  namingArguments,
  ROOT_KEYS,
} from "../../grub/kernel-arguments.ts";
import type { MenuEntry, VolumeLabel } from "../../grub/menu-model.ts";
import { nearest } from "../../text/nearest.ts";
import type { Place } from "../findings/place.ts";
import type { ReadIsoYaml } from "./iso-yaml.ts";

/** How the kernel arguments of a menu entry find its root file system. */
export type RootSearch =
  /** The arguments name this ISO, a medium that is not found by a label, or a network. */
  | { kind: "named" }
  | { kind: "other-label"; argument: string }
  | { kind: "misspelt"; argument: string; written: string; meant: string }
  /** `near` is an argument with a name similar to a valid one. */
  | { kind: "none"; near: NearMiss | undefined };

interface NearMiss {
  argument: string;
  meant: string;
}

/** Kinds of names of a device, before its `=`. */
const DEVICE_NAMES = ["CDLABEL", "LABEL", "UUID", "PARTUUID", "PARTLABEL"];

/** The place of an entry's kernel arguments in iso.yaml. Undefined if the file does not have them. */
export function placeOfArguments(placeOf: ReadIsoYaml["placeOf"], entry: number): Place | undefined {
  return placeOf(["grub2", "entries", entry, "linux"]) ?? placeOf(["kernel_args"]);
}

/** How an entry finds its root file system. With several such arguments, one for another medium decides. */
export function rootSearch({ kernelArgs }: Pick<MenuEntry, "kernelArgs">, label: VolumeLabel): RootSearch {
  const all = kernelArgs.map(kernelArgument);
  const isLive = isLiveSystem(all);
  const naming = namingArguments(all);
  if (naming.length === 0) return { kind: "none", near: nearMiss(all) };
  for (const argument of naming) {
    const slip = misspelling(argument);
    if (slip !== undefined) return { kind: "misspelt", argument: argument.text, ...slip };
    const sought = labelSought(argument, isLive);
    if (sought !== undefined && afterLabel(sought, label) === undefined)
      return { kind: "other-label", argument: argument.text };
  }
  return { kind: "named" };
}

/** Kickstart arguments that search for another label, in an entry that finds its root file system without them. */
export function otherKickstarts({ kernelArgs }: Pick<MenuEntry, "kernelArgs">, label: VolumeLabel): string[] {
  return kickstarts(kernelArgs.map(kernelArgument))
    .filter((argument) => {
      const sought = labelSought(argument, false);
      return sought !== undefined && afterLabel(sought, label) === undefined;
    })
    .map(({ text }) => text);
}

function nearMiss(all: readonly KernelArgument[]): NearMiss | undefined {
  for (const { text, key, value } of all) {
    const meant = value === "" ? undefined : nearest(key, ROOT_KEYS);
    if (meant !== undefined) return { argument: text, meant };
  }
  return undefined;
}

/** `CDLABLE` in `root=live:CDLABLE=MY_OS`. */
function misspelling({ value }: KernelArgument): { written: string; meant: string } | undefined {
  const written = /^([A-Za-z]{1,16})=/.exec(deviceOf(value))?.[1];
  if (written === undefined || DEVICE_NAMES.includes(written)) return undefined;
  const meant = nearest(written, DEVICE_NAMES);
  return meant === undefined ? undefined : { written, meant };
}
