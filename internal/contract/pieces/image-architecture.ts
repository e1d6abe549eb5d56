import {
  ARCHITECTURE_NAMES,
  ARCHITECTURES,
  type Architecture,
  imageArchitecture,
  parseArchitecture,
} from "../../base/architecture.ts";
import type { ImageTree } from "../../image/image-tree.ts";
import { hasLoaders } from "./efi-places.ts";
import { locateKernel } from "./locate-kernel.ts";

/**
 * The architecture that the user chose, or that of the image's configuration. A folder and a tar archive do not have a
 * configuration. Then the names of shim and GRUB, or the header of the kernel, decide; without them it is the host's.
 * @throws PlatterError `E_IMAGE_ARCH`
 */
export async function architectureOf(
  tree: ImageTree,
  wanted: Architecture | undefined,
): Promise<Architecture> {
  if (wanted !== undefined) return wanted;
  const { architecture } = tree.source;
  if (architecture !== undefined) return imageArchitecture(architecture);
  const loaders = ARCHITECTURE_NAMES.filter((each) => hasLoaders(tree.root, each));
  const [only] = loaders;
  if (only !== undefined && loaders.length === 1) return only;
  return (await architectureOfKernel(tree)) ?? parseArchitecture(process.arch);
}

async function architectureOfKernel(tree: ImageTree): Promise<Architecture | undefined> {
  const { kernel } = locateKernel(tree.root, undefined);
  return kernel && kernelArchitecture(await firstBytes(tree, kernel.vmlinuz.node.inode));
}

const BYTES = 65536;

async function firstBytes(tree: ImageTree, inode: Parameters<ImageTree["read"]>[0]): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of tree.read(inode)) {
    chunks.push(new Uint8Array(chunk));
    size += chunk.length;
    if (size >= BYTES) break;
  }
  return Buffer.concat(chunks);
}

/**
 * The architecture by the machine of the PE header, or by the magic number of the kernel's own header. Undefined for a
 * kernel of another architecture, or a compressed one.
 */
export function kernelArchitecture(bytes: Uint8Array): Architecture | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const at = (offset: number, text: string) => head.toString("latin1", offset, offset + text.length) === text;
  if (at(0, "MZ") && head.length >= 0x40) {
    const header = head.readUInt32LE(0x3c);
    if (at(header, "PE\0\0") && header + 6 <= head.length) {
      const machine = head.readUInt16LE(header + 4);
      return ARCHITECTURE_NAMES.find((name) => ARCHITECTURES[name].peMachine === machine);
    }
  }
  return ARCHITECTURE_NAMES.find((name) => {
    const { offset, text } = ARCHITECTURES[name].kernelMagic;
    return at(offset, text);
  });
}
