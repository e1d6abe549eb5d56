import { z } from "zod";
import type { VolumeLabel } from "../../grub/menu-model.ts";
import { PRINTABLE, splitWords } from "../../grub/quote.ts";
import { SELINUX_CHOICES } from "../../selinux/labels.ts";
import type { FindingCode } from "../findings/finding.ts";
import { LABEL_BYTES } from "./label.ts";

/** GRUB stores the time-out in a signed 32-bit number. */
const MAX_INT = 2 ** 31 - 1;

/** The texts of the checks are finding codes. */
const code = (name: FindingCode): FindingCode => name;

const line = z
  .string(code("F_ISO_YAML_TYPE"))
  .min(1, code("F_ISO_YAML_EMPTY"))
  .regex(PRINTABLE, code("F_ISO_YAML_CONTROL_CHARACTER"));
const words = line
  .refine((text) => splitWords(text) !== undefined, code("F_ISO_YAML_QUOTE"))
  .refine((text) => text.trim() !== "", code("F_ISO_YAML_EMPTY"));
const seconds = z
  .union(
    [
      z.int().min(-1, code("F_ISO_YAML_NUMBER")).max(MAX_INT, code("F_ISO_YAML_NUMBER")),
      z.string().regex(/^[+-]?[0-9]+$/, code("F_ISO_YAML_NUMBER")),
    ],
    code("F_ISO_YAML_NUMBER"),
  )
  .transform(toNumber)
  .refine((value) => value >= -1 && value <= MAX_INT, code("F_ISO_YAML_NUMBER"));

const entrySchema = z
  .strictObject(
    {
      name: line.meta({
        description: "Text of the entry in the menu; any printable characters, quotes included.",
      }),
      linux: words.meta({
        description:
          "Path of the kernel on the ISO (`$kernelpath`), then the kernel arguments. Spaces separate; quotes keep spaces together.",
      }),
      initrd: words.meta({
        description: "Path of the initramfs on the ISO (`$initrdpath`), or several with spaces between.",
      }),
    },
    code("F_ISO_YAML_TYPE"),
  )
  .meta({ description: "One entry of the menu." });

export const grub2Schema = z
  .strictObject(
    {
      default: z
        .union([z.int().min(0, code("F_ISO_YAML_NUMBER")), line], code("F_ISO_YAML_TYPE"))
        .optional()
        .meta({
          description:
            "Entry that boots after the timeout: its index, counted from 0, or its name. Default: 0.",
        }),
      timeout: seconds.optional().meta({
        description:
          "Seconds until the default entry boots; 0 boots immediately, -1 waits for ever. Default: 60.",
      }),
      entries: z.array(entrySchema, code("F_ISO_YAML_TYPE")).optional().meta({
        description:
          "Entries of the menu, in order. Default: one entry, `Install NAME VERSION_ID` of os-release.",
      }),
    },
    code("F_ISO_YAML_TYPE"),
  )
  .meta({ description: "The boot menu." });

export const isoYamlSchema = z
  .strictObject(
    {
      label: z.string(code("F_ISO_YAML_TYPE")).optional().meta({
        description:
          "Volume label of the ISO: 1 to 32 bytes, no spaces, slashes or quotes, no leading `-`. Default: made from os-release.",
        minLength: 1,
        maxLength: LABEL_BYTES,
      }),
      kernel_args: z.array(words, code("F_ISO_YAML_TYPE")).optional().meta({
        description:
          "Kernel arguments of the default entry, and the value of `$root`. Default: `root=live:CDLABEL=LABEL rd.live.image quiet rhgb enforcing=0`; without `enforcing=0` if the root file system has SELinux labels.",
      }),
      grub2: grub2Schema.optional(),
      selinux: z.enum(SELINUX_CHOICES, code("F_ISO_YAML_TYPE")).optional().meta({
        description:
          "SELinux labels of the root file system. `auto` makes them by the image's policy if it has one, `require` refuses an image without a policy, `keep` takes those of the image's layers, and `off` leaves them out. Default: `auto`.",
      }),
    },
    code("F_ISO_YAML_TYPE"),
  )
  .meta({ description: "Settings of an image for the ISO made from it." });

/** iso.yaml after the checks, with numbers converted. */
export type IsoYaml = Omit<z.output<typeof isoYamlSchema>, "label"> & { label?: VolumeLabel | undefined };

/** The values that a key accepts, for messages. */
export const EXPECTED: Record<string, string> = {
  "": "a map of keys",
  label: "a text",
  kernel_args: "a list of texts",
  "kernel_args[]": "a text",
  grub2: "a map of keys",
  "grub2.default": "the index or the name of an entry",
  "grub2.timeout": "a whole number from -1 to 2147483647",
  "grub2.entries": "a list of entries",
  "grub2.entries[]": "a map with `name`, `linux` and `initrd`",
  "grub2.entries[].name": "a text",
  "grub2.entries[].linux": "a text",
  "grub2.entries[].initrd": "a text",
  selinux: "`auto`, `off`, `require` or `keep`",
};

/** Decimal digits as a number; `-0` is 0. */
export function toNumber(digits: string | number): number {
  return Number(digits) + 0;
}
