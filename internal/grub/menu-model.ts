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
  title: word.min(1).describe("Text of the entry."),
  kernelPath: word.startsWith("/").describe("Absolute path on the ISO."),
  kernelArgs: z
    .array(word)
    .describe("Each argument as the kernel gets it, without quotes. It may contain spaces."),
  initrdPaths: z.array(word.startsWith("/")).min(1).describe("Absolute paths on the ISO."),
});

export const menuSchema = z
  .strictObject({
    default: z.int().min(0).describe("Index of the entry that boots when the time is up."),
    timeout: z.int().min(-1).describe("Seconds; 0 boots immediately, -1 waits for ever."),
    entries: z.array(menuEntrySchema).min(1).describe("The entries in their order."),
  })
  .refine((menu) => menu.default < menu.entries.length, "the default entry does not exist")
  .describe("The boot menu.");

/** A boot menu as data, without quotes and escapes. */
export type Menu = z.infer<typeof menuSchema>;
export type MenuEntry = Menu["entries"][number];
