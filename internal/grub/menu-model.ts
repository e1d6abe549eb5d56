import { z } from "zod";
import { PRINTABLE } from "./quote.ts";

declare const brand: unique symbol;

/** A volume label of an ISO that passed `toVolumeLabel`: 1 to 32 bytes of UTF-8 without spaces and quotes. */
export type VolumeLabel = string & { readonly [brand]: "VolumeLabel" };

/** Paths of the kernel and the initramfs on the ISO. */
export const KERNEL_PATH = "/images/pxeboot/vmlinuz";
export const INITRD_PATH = "/images/pxeboot/initrd.img";

const word = z.string().regex(PRINTABLE);

const menuEntrySchema = z.strictObject({
  title: word.min(1),
  /** Absolute path on the ISO. */
  kernelPath: word.startsWith("/"),
  /** Each argument as the kernel gets it, without quotes. It may contain spaces. */
  kernelArgs: z.array(word),
  initrdPaths: z.array(word.startsWith("/")).min(1),
});

export const menuSchema = z
  .strictObject({
    /** Index of the entry that boots when the time is up. */
    default: z.int().min(0),
    /** Seconds; 0 boots immediately, -1 waits for ever. */
    timeout: z.int().min(-1),
    entries: z.array(menuEntrySchema).min(1),
  })
  .refine((menu) => menu.default < menu.entries.length, "the default entry does not exist");

/** A boot menu as data, without quotes and escapes. */
export type Menu = z.infer<typeof menuSchema>;
export type MenuEntry = Menu["entries"][number];
