import { z } from "zod";
import { ARCHITECTURE_NAMES } from "../../base/architecture.ts";
import { menuSchema } from "../../grub/menu-model.ts";
import { COMPRESSIONS } from "../../squashfs/blocks/compression.ts";
import { volumeLabelSchema } from "../config/label.ts";
import { findingSchema } from "../findings/finding.ts";

/** Increased when this code cannot read older plans any more. */
export const PLAN_VERSION = 2;

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
const digestSchema = z.string().regex(/^sha256:[0-9a-f]{64}$/);

export const pieceSchema = z
  .strictObject({
    source: z.string().describe("Path in the image."),
    file: z.string().describe("Path in the work directory, if the piece is kept there."),
    size: z.int().nonnegative().describe("Bytes."),
    sha256: sha256Schema.describe("SHA-256 of the content."),
  })
  .meta({ id: "piece", description: "A file of the image that the ISO contains." });

const addedSchema = z.strictObject({
  ...pieceSchema.shape,
  isoPath: z.string().describe("Absolute path on the ISO."),
  source: z.string().describe("Path on the host."),
});

const overlaySchema = z.strictObject({
  path: z.string().describe("Path of the folder on the host."),
  digest: digestSchema.describe("SHA-256 over the paths and contents of its files."),
});

export const selinuxSchema = z.strictObject({
  labels: z
    .enum(["policy", "image", "none"])
    .describe("Labels of the root file system: by the policy, those of the image and its layers, or none."),
  mode: z
    .enum(["enforcing", "permissive", "disabled"])
    .nullable()
    .describe("Mode in `/etc/selinux/config`. Null if the file does not exist or does not name a mode."),
  policy: z
    .strictObject({
      type: z.string().describe("Name of the policy, such as `targeted`."),
      patterns: z.int().positive().describe("Number of lines with a pattern."),
      digest: digestSchema.describe("SHA-256 over the texts and the way in which they are matched."),
    })
    .nullable()
    .describe("The policy in the image. Null if the image does not have one."),
});

const payloadSchema = z.strictObject({
  reference: z.string().describe("The reference with its transport."),
  digest: digestSchema.describe("Digest of the image's manifest."),
  indexes: z.array(digestSchema).default([]).describe("Digests of the indexes that lead to the manifest."),
  names: z.array(z.string()).describe("Names under which podman lists the image."),
});

export const planSchema = z
  .strictObject({
    version: z.literal(PLAN_VERSION).describe("Version of this format."),
    image: z
      .strictObject({
        reference: z.string().describe("The reference with its transport."),
        digest: z
          .string()
          .nullable()
          .describe("Digest of the image's manifest. Null for a plain directory or tar."),
        created: z
          .int()
          .nullable()
          .describe("Seconds since 1970. Null if the image does not have a creation time."),
        treeDigest: z.string().describe("SHA-256 over the metadata of every entry."),
      })
      .describe("The image that the ISO is made from."),
    payloads: z
      .array(payloadSchema)
      .default([])
      .describe("Container images that the live system is to have in its storage."),
    architecture: z.enum(ARCHITECTURE_NAMES).describe("Architecture of the kernel and the boot programs."),
    product: z.string().describe("Name of the distribution as the menu shows it. Empty if unknown."),
    productVersion: z.string().describe("Version of the distribution. Empty if unknown."),
    label: volumeLabelSchema,
    time: z.int().nonnegative().describe("Every time on the ISO, in seconds since 1970."),
    uuid: z
      .uuid()
      .describe("Identifies this build. The GPT's GUIDs and the FAT's serial number are derived from it."),
    kernel: z
      .strictObject({
        version: z.string().describe("Name of the kernel's folder of modules."),
        vmlinuz: pieceSchema,
        initramfs: pieceSchema,
        others: z.array(z.string()).describe("Versions of the other kernels in the image."),
      })
      .describe("The kernel that the ISO boots."),
    kernelMounts: z
      .strictObject({
        squashfs: z.array(z.enum(COMPRESSIONS)).nullable().describe("For a squashfs. Null if unknown."),
        erofs: z.array(z.enum(COMPRESSIONS)).nullable().describe("For an erofs. Null if unknown."),
      })
      .nullable()
      .default(null)
      .describe("Compressions that the kernel can mount, by file system. Null if unknown."),
    efi: z
      .strictObject({
        vendor: z.string().describe("Folder of the boot programs in `EFI/`."),
        vendors: z.array(z.string()).describe("All folders with boot programs that the image has."),
        shim: pieceSchema,
        grub: pieceSchema,
        mm: pieceSchema.nullable().describe("The MOK manager. Null if the image does not have one."),
      })
      .describe("The boot programs for UEFI."),
    bios: z
      .strictObject({ modules: z.array(pieceSchema).describe("All files of the folder.") })
      .nullable()
      .describe("Folder of GRUB's modules for BIOS. Null for an ISO that boots on UEFI alone."),
    font: pieceSchema.nullable().describe("Font of GRUB's menu. Null if the image does not have one."),
    added: z
      .array(addedSchema)
      .optional()
      .describe("Files of the host that the ISO contains. Missing if the user added no file."),
    menu: menuSchema,
    excludes: z.array(z.string()).describe("Patterns of paths that the root file system leaves out."),
    overlays: z
      .array(overlaySchema)
      .optional()
      .describe("Folders whose files are over the image, lowest first. Missing if the user named no folder."),
    selinux: selinuxSchema
      .optional()
      .describe(
        "SELinux in the live system. Missing if the image has no policy and the user did not choose.",
      ),
    findings: z.array(findingSchema).describe("Findings about the image."),
  })
  .describe("All decisions about an ISO, made before the build.");
