import { bytesToLatin1 } from "../bytes/byte-path.ts";
import { digestOf } from "../bytes/digest.ts";

/** Extended attributes of one inode: values by name, with one character for each byte of a name. */
export type Xattrs = ReadonlyMap<string, Uint8Array>;

/** The attribute that holds SELinux's label: a context and a NUL (Linux, include/uapi/linux/xattr.h). */
export const LABEL = "security.selinux";

/**
 * The label that a layer brings along. podman leaves labels to the host, so no file system gets this one, unless the user
 * wants the layers' labels.
 */
export const LAYER_LABEL = `layer.${LABEL}`;

const LIMIT = 8192;

/** Values of more bytes are compared by their SHA-256. */
const LONG = 256;

/** Shares one object for equal sets of extended attributes. A labelled image has few different sets and many inodes. */
export class XattrInterner {
  readonly #known = new Map<string, Xattrs>();

  /** The set with these attributes, names in byte order; values are copied. Undefined without attributes. */
  intern(entries: readonly (readonly [string, Uint8Array])[]): Xattrs | undefined {
    if (entries.length === 0) return undefined;
    const sorted =
      entries.length === 1 ? entries : [...entries].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    let key = "";
    for (const [name, value] of sorted) {
      key += `${name}\0${value.length}\0${value.length > LONG ? digestOf(value) : bytesToLatin1(value)}`;
    }
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const made = new Map(sorted.map(([name, value]) => [name, Uint8Array.from(value)]));
    // Sets that rarely repeat, such as signatures of single files, must not fill this cache.
    if (this.#known.size >= LIMIT) this.#known.clear();
    this.#known.set(key, made);
    return made;
  }
}

/** Whether an attribute holds state of overlayfs, which belongs to a mount and not to the image. */
export function isOverlayXattr(name: string): boolean {
  return name.startsWith("trusted.overlay.") || name.startsWith("user.overlay.");
}
