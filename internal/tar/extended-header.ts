import { type TarBlocks, tooLarge } from "./blocks.ts";
import type { TarHeader } from "./header.ts";
import type { TarDialect } from "./member.ts";
import { EXTENDED_LIMIT, type PaxRecords, padded, parsePaxRecords } from "./pax.ts";

/** The data of the extended headers before a member. */
export interface Extended {
  records?: PaxRecords;
  /** GNU's long names. */
  longPath?: string;
  longLink?: string;
}

/** Collects the headers that describe the next members: PAX `x` and `g`, GNU `L` and `K`. */
export class ExtendedHeaders {
  readonly #blocks: TarBlocks;
  readonly #dialect: TarDialect;
  #global: PaxRecords | undefined;
  #next: Extended = {};
  #any = false;

  constructor(blocks: TarBlocks, dialect: TarDialect) {
    this.#blocks = blocks;
    this.#dialect = dialect;
  }

  /** Whether the last header is not followed by a member yet. */
  get isPending(): boolean {
    return this.#any;
  }

  /** Reads an extended header with its data; undefined for the header of a member. @throws PlatterError `E_TAR_…` */
  take(header: TarHeader): Promise<void> | undefined {
    switch (header.type) {
      case "x":
      case "X":
        return this.#add(async () => ({ records: await this.#records(header) }));
      case "L":
        return this.#add(async () => ({ longPath: await this.#text(header) }));
      case "K":
        return this.#add(async () => ({ longLink: await this.#text(header) }));
      case "g":
        return this.#records(header).then((records) => this.#addGlobal(records));
      case "V":
        // A volume's label: not a file.
        return this.#blocks.skip(padded(header.size), 0);
      default:
        return undefined;
    }
  }

  /** The data about the next member. */
  forMember(): Extended {
    const { records, ...names } = this.#next;
    const all = this.#withGlobal(records);
    this.#next = {};
    this.#any = false;
    return all === undefined ? names : { ...names, records: all };
  }

  async #add(read: () => Promise<Extended>): Promise<void> {
    Object.assign(this.#next, await read());
    this.#any = true;
  }

  async #text(header: TarHeader): Promise<string> {
    return cString(await this.#blocks.extended(header.size));
  }

  async #records(header: TarHeader): Promise<PaxRecords> {
    return parsePaxRecords(await this.#blocks.extended(header.size), this.#blocks.archive);
  }

  #addGlobal(records: PaxRecords): void {
    if (this.#dialect === "layer") return;
    const values = new Map([...(this.#global?.values ?? []), ...records.values]);
    let total = 0;
    for (const [keyword, value] of values) total += keyword.length + value.length;
    if (total > EXTENDED_LIMIT) throw tooLarge(this.#blocks.archive);
    this.#global = { values, sparsePairs: [] };
  }

  #withGlobal(own: PaxRecords | undefined): PaxRecords | undefined {
    if (this.#global === undefined || own === undefined) return own ?? this.#global;
    return { values: new Map([...this.#global.values, ...own.values]), sparsePairs: own.sparsePairs };
  }
}

function cString(data: Uint8Array): string {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  const end = bytes.indexOf(0);
  return bytes.toString("latin1", 0, end < 0 ? bytes.length : end);
}
