/**
 * The parts embedded in a GRUB for EFI (GRUB's `include/grub/kernel.h`: `grub_module_info64`, `grub_module_header`).
 */

export interface GrubEmbedded {
  /** The folder of its menu and modules: `/boot/grub`. */
  prefix: string | undefined;
  /** Commands that it runs before anything else. */
  config: string | undefined;
  /** A file system that GRUB shows as `(memdisk)`. */
  memdisk: Uint8Array | undefined;
}

const MAGIC = 0x676d696d;
const INFO = 24;
const HEADER = 8;
const TYPE = { memdisk: 1, config: 2, prefix: 3 } as const;
/** Limits: more objects than any GRUB has modules, and more bytes than any prefix or configuration has. */
const MAX_OBJECTS = 5000;
const MAX_TEXT = 64 * 1024;

/** Reads GRUB's section `mods`; undefined if it has another format. */
export function parseGrubModules(section: Uint8Array): GrubEmbedded | undefined {
  const view = new DataView(section.buffer, section.byteOffset, section.byteLength);
  if (section.length < INFO || view.getUint32(0, true) !== MAGIC) return undefined;
  const begin = Number(view.getBigUint64(8, true));
  const end = Math.min(section.length, Number(view.getBigUint64(16, true)));
  const embedded: GrubEmbedded = { prefix: undefined, config: undefined, memdisk: undefined };
  for (let at = begin, count = 0; at + HEADER <= end && count < MAX_OBJECTS; count++) {
    const type = view.getUint32(at, true);
    const size = view.getUint32(at + 4, true);
    if (size < HEADER || at + size > section.length) break;
    const content = section.subarray(at + HEADER, at + size);
    if (type === TYPE.prefix) embedded.prefix = text(content);
    if (type === TYPE.config) embedded.config = text(content);
    if (type === TYPE.memdisk) embedded.memdisk = content;
    at += size;
  }
  return embedded;
}

/**
 * `/EFI/BOOT` in the EFI system partition and on the ISO, and `/boot/grub`: the folders in which platter's ISOs have a
 * menu.
 */
const PLACES = /^(?:\([^)]*\))?\/(?:EFI\/BOOT|boot\/grub)\/?$/i;
const PLACES_IN_TEXT = /\/\.disk\/info|\$\{?cmdpath|\/EFI\/BOOT|\/boot\/grub(?![\w])/i;

/** Whether a GRUB will find the menu of an ISO that platter makes; undefined if that is unknown. */
export function findsMenu({ prefix, config, memdisk }: GrubEmbedded): boolean | undefined {
  if (config === undefined) return prefix !== undefined && PLACES.test(prefix);
  if (PLACES_IN_TEXT.test(config)) return true;
  if (!/memdisk/.test(config)) return prefix !== undefined && PLACES.test(prefix);
  const commands = memdisk === undefined ? "" : Buffer.from(memdisk).toString("latin1");
  // The texts of a compressed file system are not visible.
  if (commands.startsWith("hsqs")) return undefined;
  return PLACES_IN_TEXT.test(commands);
}

function text(content: Uint8Array): string {
  return Buffer.from(content.subarray(0, MAX_TEXT)).toString("latin1").replace(/\0.*$/s, "");
}
