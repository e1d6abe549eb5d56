import { BACKUP_BLOCKS, ESP_TYPE, encodeGpt, ISO_PARTITION_TYPE, READ_ONLY } from "../../iso-format/gpt.ts";
import { encodeMbr } from "../../iso-format/mbr.ts";
import { BLOCK, BLOCKS_PER_SECTOR } from "../../iso-format/units.ts";
import type { IsoDescription } from "./description.ts";

/** Sectors, `end` not included. */
interface SectorRange {
  first: number;
  end: number;
}

/** MBR and both copies of the GPT: the backup first, the MBR last. */
export function diskHead(disk: {
  description: Pick<IsoDescription, "uuid" | "bios" | "strictGpt">;
  /** Sectors of the whole ISO. */
  sectors: number;
  iso: SectorRange;
  esp: SectorRange;
  /** Sector of the El Torito image for BIOS. */
  image: number | undefined;
}): { at: number; content: Uint8Array }[] {
  const { description, iso, esp, image } = disk;
  const { bios, strictGpt } = description;
  const blocks = disk.sectors * BLOCKS_PER_SECTOR;
  const partition = (type: string, name: string, { first, end }: SectorRange) => ({
    ...{ type, name, first: first * BLOCKS_PER_SECTOR, last: end * BLOCKS_PER_SECTOR - 1 },
    attributes: type === ESP_TYPE ? 0n : READ_ONLY,
  });
  // Some partitioning programs offer to use space outside of all partitions.
  const gap = { first: esp.end, end: Math.floor((blocks - BACKUP_BLOCKS) / BLOCKS_PER_SECTOR) };
  const { primary, backup } = encodeGpt({
    diskGuid: description.uuid,
    blocks,
    partitions: [
      partition(ISO_PARTITION_TYPE, "ISO9660", iso),
      partition(ESP_TYPE, "Appended2", esp),
      partition(ISO_PARTITION_TYPE, "Gap1", gap),
    ],
  });
  const loader = bios === undefined || image === undefined ? undefined : { code: bios.code, image };
  const mbr = encodeMbr({ blocks, loader, active: loader !== undefined && !strictGpt });
  return [
    ...[backup, primary].map(({ block, bytes }) => ({ at: block * BLOCK, content: bytes })),
    { at: 0, content: mbr },
  ];
}
