import {
  encodeBootRecord,
  encodeTerminator,
  encodeVolumeDescriptor,
} from "../../iso-format/volume-descriptor.ts";
import { type PlacedTree, rootExtent } from "./placed-tree.ts";

/** The volume descriptor set of a volume that begins at sector `base`; one sector each, in their order. */
export function encodeDescriptors<F>(volume: {
  base: number;
  volumeId: string;
  /** Seconds since 1970. */
  time: number;
  primary: PlacedTree<F>;
  joliet: PlacedTree<F>;
  /** Sectors that the volume has. */
  sectors: number;
  /** Sector of the boot catalogue; undefined in a partition, which is not bootable. */
  catalog: number | undefined;
}): Uint8Array[] {
  const { base, volumeId, time, sectors, catalog } = volume;
  const descriptorOf = (kind: "primary" | "joliet") => {
    const { pathTable } = volume[kind];
    return encodeVolumeDescriptor({
      ...{ kind, volumeId, time, sectors },
      pathTable: { size: pathTable.size, little: pathTable.little - base, big: pathTable.big - base },
      root: rootExtent(volume[kind], base),
    });
  };
  const boot = catalog === undefined ? [] : [encodeBootRecord(catalog)];
  return [descriptorOf("primary"), ...boot, descriptorOf("joliet"), encodeTerminator()];
}
