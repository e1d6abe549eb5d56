import { displayPath } from "../../bytes/byte-path.ts";
import { counted } from "../../text/counted.ts";
import { type Finding, finding } from "../findings/finding.ts";

/** The first id of ordinary users, also of mapped ones. Lower ids belong to services of the system. */
const FIRST_ORDINARY = 1000;
const EXAMPLES = 3;

/** The path and owner of an entry in the root file system. */
interface OwnedEntry {
  /** The path, with one character for each byte. */
  path: string;
  uid: number;
}

/** Counts the entries in `/usr` and `/etc` that belong to ordinary users. */
export class ForeignOwners {
  #count = 0;
  readonly #examples: OwnedEntry[] = [];
  readonly #uids = new Set<number>();
  /** Top directories that do not belong to root. No owner below them is that of a service. */
  readonly #foreignTops = new Set<string>();
  /** Data in `/usr/share` alone does not break a system. */
  #isHarmful = false;

  add(entry: OwnedEntry): void {
    const { path, uid } = entry;
    if (uid === 0) return;
    const top = path.slice(0, 3);
    if ((top !== "usr" && top !== "etc") || (path.length > 3 && path[3] !== "/")) return;
    if (path.length === 3) this.#foreignTops.add(top);
    if (uid < FIRST_ORDINARY && !this.#foreignTops.has(top)) return;
    this.#count++;
    if (!path.startsWith("usr/share/")) this.#isHarmful = true;
    this.#uids.add(uid);
    if (this.#examples.length < EXAMPLES) this.#examples.push(entry);
  }

  findings(): Finding[] {
    if (!this.#isHarmful) return [];
    const examples = this.#examples.map(({ path, uid }) => `\`${displayPath(path)}\` (user ${uid})`);
    const more = this.#count - examples.length;
    const listed = `${examples.join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
    const users = this.#uids.size === 1 ? "another user" : counted(this.#uids.size, "other user");
    const are = counted(this.#count, "entry belongs", "entries belong");
    return [finding("F_LIVE_OWNERS", `In \`/usr\` and \`/etc\` ${are} to ${users}: ${listed}.`)];
  }
}
