import { latin1ToBytes } from "../bytes/byte-path.ts";
import { type AttributesOf, storedXattrs } from "../image/entry-walk.ts";
import { LABEL, LAYER_LABEL, type Xattrs } from "../image/xattr-set.ts";
import type { SelinuxPolicy } from "./policy.ts";

/** Choices of `--selinux` and of `selinux` in iso.yaml. */
export const SELINUX_CHOICES = ["auto", "off", "require", "keep"] as const;
export type SelinuxChoice = (typeof SELINUX_CHOICES)[number];

/** Labels by a policy. An entry without a context does not get one, even if the image has one for it. */
export function policyLabels(policy: SelinuxPolicy): AttributesOf {
  const labels = new Map<string, Uint8Array>();
  const withLabel = relabelling();
  return ({ path, type }, xattrs) => {
    const context = policy.contextOf(path, type);
    if (context === undefined) return withLabel(xattrs, undefined);
    let label = labels.get(context);
    if (label === undefined) {
      label = latin1ToBytes(`${context}\0`);
      labels.set(context, label);
    }
    return withLabel(xattrs, label);
  };
}

/** The labels of the image itself, including those in its layers. */
export function imageLabels(): AttributesOf {
  const withLabel = relabelling();
  return (_entry, xattrs) => withLabel(xattrs, xattrs?.get(LABEL) ?? xattrs?.get(LAYER_LABEL));
}

/** No labels, even if the image has some. */
export function withoutLabels(): AttributesOf {
  const withLabel = relabelling();
  return (_entry, xattrs) => withLabel(xattrs, undefined);
}

/** The key of entries without attributes. */
const NOTHING: Xattrs = new Map();
const NO_LABEL = new Uint8Array(0);

/** Returns a function that replaces the label in a set of attributes. The same set and label give the same object. */
function relabelling(): (xattrs: Xattrs | undefined, label: Uint8Array | undefined) => Xattrs | undefined {
  const known = new WeakMap<Xattrs, Map<Uint8Array, Xattrs>>();
  return (xattrs, label) => {
    const stored = storedXattrs(xattrs) ?? NOTHING;
    if (label === undefined && !stored.has(LABEL)) return storedXattrs(xattrs);
    let byLabel = known.get(stored);
    if (byLabel === undefined) {
      byLabel = new Map();
      known.set(stored, byLabel);
    }
    let made = byLabel.get(label ?? NO_LABEL);
    if (made === undefined) {
      const others = [...stored].filter(([name]) => name !== LABEL);
      const all = label === undefined ? others : [...others, [LABEL, label] as const];
      made = new Map(all.sort(([a], [b]) => (a < b ? -1 : 1)));
      byLabel.set(label ?? NO_LABEL, made);
    }
    return made.size === 0 ? undefined : made;
  };
}
