/** A tar writer for tests: knows every odd form, and shares no code with the one that is tested. */

export interface Member {
  /** One character a byte. */
  name: string;
  /** Type flag. Default: "5" for a name with a trailing slash, else "0". */
  type?: string;
  mode?: number;
  uid?: number;
  gid?: number;
  mtime?: number;
  content?: Uint8Array | string;
  link?: string;
  major?: number;
  minor?: number;
  /** Records of an extended header before the member; values with one character a byte. */
  pax?: readonly (readonly [string, string])[];
  /** GNU `L` and `K` members instead of PAX records for long names. */
  gnu?: boolean;
  /** Size that the header gives; default the content's length. */
  size?: number;
  /** Changes the finished header block, before the checksum is put in. */
  patch?: (block: Buffer) => void;
}

export function tar(members: readonly Member[], end = 2): Buffer {
  return Buffer.concat([...members.map(member), Buffer.alloc(512 * end)]);
}

export function member(entry: Member): Buffer {
  const content = typeof entry.content === "string" ? Buffer.from(entry.content, "latin1") : entry.content;
  const parts: Buffer[] = [];
  const pax = [...(entry.pax ?? [])];
  for (const [keyword, flag, text] of [
    ["path", "L", entry.name],
    ["linkpath", "K", entry.link ?? ""],
  ] as const) {
    if (text.length <= 100) continue;
    if (entry.gnu !== true) pax.push([keyword, text]);
    else parts.push(header({ name: "././@LongLink", type: flag, size: text.length + 1 }), block(`${text}\0`));
  }
  if (pax.length > 0) {
    const records = paxRecords(pax);
    parts.push(header({ name: "pax", type: "x", size: records.length }), block(records));
  }
  parts.push(header({ ...entry, size: entry.size ?? content?.length ?? 0 }));
  if (content !== undefined) parts.push(block(content));
  return Buffer.concat(parts);
}

/** A file of `size` bytes of which only the last four are stored (GNU sparse format 1.0). */
export function sparse(name: string, size: number): Member {
  const map = Buffer.alloc(512);
  map.write(`1\n${size - 4}\n4\n`);
  return {
    name: "made-up",
    content: Buffer.concat([map, Buffer.from("tail")]),
    pax: [
      ["GNU.sparse.major", "1"],
      ["GNU.sparse.minor", "0"],
      ["GNU.sparse.name", name],
      ["GNU.sparse.realsize", String(size)],
    ],
  };
}

export function paxRecords(records: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(
    records.map(([keyword, value]) => {
      const rest = ` ${keyword}=${value}\n`;
      let length = rest.length;
      while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
      return Buffer.from(`${length}${rest}`, "latin1");
    }),
  );
}

/** Bytes padded to whole blocks. */
export function block(content: Uint8Array | string): Buffer {
  const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : Buffer.from(content);
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

export function header(entry: Member): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write(entry.name.slice(0, 100), 0, "latin1");
  number(bytes, 100, 8, entry.mode ?? (entry.name.endsWith("/") ? 0o755 : 0o644));
  number(bytes, 108, 8, entry.uid ?? 0);
  number(bytes, 116, 8, entry.gid ?? 0);
  number(bytes, 124, 12, entry.size ?? 0);
  number(bytes, 136, 12, entry.mtime ?? 1_600_000_000);
  bytes.write(entry.type ?? (entry.name.endsWith("/") ? "5" : "0"), 156, "latin1");
  bytes.write((entry.link ?? "").slice(0, 100), 157, "latin1");
  bytes.write("ustar\x0000", 257, "latin1");
  number(bytes, 329, 8, entry.major ?? 0);
  number(bytes, 337, 8, entry.minor ?? 0);
  entry.patch?.(bytes);
  bytes.fill(0x20, 148, 156);
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return bytes;
}

/** Octal where it fits, else base-256. */
export function number(bytes: Buffer, at: number, length: number, value: number): void {
  const digits = value >= 0 ? value.toString(8) : "";
  if (value >= 0 && digits.length < length) {
    bytes.write(digits.padStart(length - 1, "0"), at, "latin1");
    bytes[at + length - 1] = 0;
    return;
  }
  let rest = BigInt(value);
  for (let i = at + length - 1; i >= at; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  bytes[at] = (bytes[at] as number) | 0x80;
}
