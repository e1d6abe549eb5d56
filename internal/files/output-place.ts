import { lstatSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { PlatterError } from "../base/error.ts";
import { makeFolders } from "./folders-above.ts";
import { FolderInUse, HeldFolder } from "./held-folder.ts";

/** The most links that Linux follows in one path (path_resolution(7)). */
const MAX_LINKS = 40;

/** The unfinished file of an output, which this process holds until release. */
export interface OutputPlace extends Disposable {
  /** The path of the unfinished file, in the file system of the output. */
  partial: string;
}

/** The places that this process holds, by the output's path. */
const held = new Map<string, OutputPlace>();

/**
 * Holds an output, so that another process that wants to write it is refused. A process that holds it already gets the
 * same place again, and the first holder releases it. Missing folders are created, and removed on release if they are
 * empty.
 * @throws PlatterError `E_OUTPUT_LOCKED`; the system's error
 */
export function holdOutput(target: string): OutputPlace {
  using opened = new DisposableStack();
  opened.use(makeFolders(dirname(target)));
  const folder = realpathSync(dirname(target));
  const name = basename(target);
  const key = join(folder, name);
  const place = held.get(key);
  if (place !== undefined) return { partial: place.partial, [Symbol.dispose]() {} };
  const digest = new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 16);
  const own = opened.use(ownFolder(join(folder, `.platter-${digest}`), target));
  opened.defer(() => held.delete(key));
  const release = opened.move();
  const made: OutputPlace = {
    partial: join(own.path, "unfinished"),
    [Symbol.dispose]: () => release[Symbol.dispose](),
  };
  held.set(key, made);
  return made;
}

function ownFolder(path: string, target: string): HeldFolder {
  try {
    return HeldFolder.own(path);
  } catch (error) {
    if (!(error instanceof FolderInUse)) throw error;
    throw new PlatterError({
      code: "E_OUTPUT_LOCKED",
      kind: "usage",
      message: `Cannot write \`${target}\`: ${error.who} is writing it`,
      hint: "Wait for that process to end, or name another output.",
    });
  }
}

/**
 * The absolute path of the file that a writer of `path` would write. If its last component is a link, that is the
 * link's target, even if the target does not exist. @throws the system's error; ELOOP
 */
export function followLinks(path: string): string {
  let target = resolve(path);
  for (let count = 0; count < MAX_LINKS; count++) {
    if (lstatSync(target, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return target;
    const link = readlinkSync(target);
    // The path is not normalised, since `..` after a link to a folder is the parent of the link's target.
    target = isAbsolute(link) ? link : `${realpathSync(dirname(target))}/${link}`;
  }
  throw Object.assign(new Error(`${path}: too many links`), { code: "ELOOP", path });
}
