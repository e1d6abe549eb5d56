import type { Toolbox } from "../tool/toolbox.ts";

/** Modules that the core image needs to reach the medium; the rest is loaded from `/boot/grub2/i386-pc`. */
const CORE_MODULES = ["biosdisk", "part_gpt", "iso9660"];

/** Makes GRUB's core image for BIOS El Torito from a folder of modules. */
export async function makeCoreImage(
  paths: { modules: string; output: string; log: string },
  toolbox: Toolbox,
): Promise<void> {
  await toolbox.use(
    "grub-mkimage",
    (path) => [
      "--format=i386-pc-eltorito",
      `--directory=${path(paths.modules)}`,
      "--prefix=/boot/grub2",
      `--output=${path(paths.output)}`,
      ...CORE_MODULES,
    ],
    { log: paths.log, output: paths.output },
  );
}
