import { textOf } from "../bytes/fields.ts";
import { openFileSource } from "../files/byte-source.ts";
import { readGrubScript } from "../grub/script.ts";
import { readDirectoryTree } from "../iso/read/directory-tree.ts";
import { findNode, readNode } from "../iso/read/iso-node.ts";
import { readVolumeDescriptors } from "../iso/read/volume-descriptors.ts";

/** Paths of menus. Those with entries come first, those that only load another one last. */
const MENUS = ["/EFI/BOOT/grub.cfg", "/boot/grub2/grub.cfg", "/boot/grub/grub.cfg"];
const MAX_MENU = 1024 * 1024;

/**
 * Whether the default entry of the ISO's GRUB menu gives its kernel a serial console; undefined without a menu that
 * starts a kernel.
 * @throws PlatterError if the file cannot be read
 */
export async function isoHasSerialConsole(iso: string): Promise<boolean | undefined> {
  await using source = await openFileSource(iso);
  const { primary } = (await readVolumeDescriptors(source)).value;
  if (primary === undefined) return undefined;
  const { root } = (await readDirectoryTree(source, primary)).value;
  for (const path of MENUS) {
    const node = findNode(root, path);
    if (node?.kind !== "file") continue;
    const found = menuHasSerialConsole(textOf(await readNode(source, node, MAX_MENU)));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether the default entry of a menu's text gives its kernel a serial console. */
export function menuHasSerialConsole(script: string): boolean | undefined {
  const commands = readGrubScript(script);
  const kernels = commands.filter(({ words }) => /^linux(16|efi)?$/.test(words[0] ?? ""));
  const titles = commands.filter(({ words }) => words[0] === "menuentry").map(({ words }) => words[1] ?? "");
  const setting = commands.findLast(({ words }) => words[0] === "set" && words[1]?.startsWith("default="));
  const chosen = setting?.words[1]?.slice("default=".length) ?? "0";
  // The default is a number or a title. Any other text, such as a variable, means the first entry.
  const title = titles.includes(chosen) ? chosen : titles[/^\d+$/.test(chosen) ? Number(chosen) : 0];
  const kernel = kernels.find(({ entry }) => entry === title) ?? kernels[0];
  return kernel?.words.some((word) => /^console=tty(S|AMA|USB)\d/.test(word));
}
