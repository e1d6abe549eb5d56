import { type BytePath, bytesToLatin1, displayPath } from "../bytes/byte-path.ts";
import { digestOf } from "../bytes/digest.ts";
import { findFile, namesIn } from "../image/find-file.ts";
import type { TreeNode } from "../image/image-tree.ts";
import { type MatchingOrder, matchingOrderOf } from "./matching-order.ts";
import { type PolicyTexts, SelinuxPolicy } from "./policy.ts";
import { policyLimitError } from "./policy-error.ts";
import { parseSelinuxConfig, type SelinuxConfig } from "./selinux-config.ts";

/** The policy of an image. */
export interface ImagePolicy extends Pick<SelinuxConfig, "mode" | "type"> {
  /** Path of `file_contexts` in the image, with a leading slash. */
  file: string;
  order: MatchingOrder;
  /** SHA-256 of the texts and the order. Policies with the same digest give the same labels. */
  digest: string;
  policy: SelinuxPolicy;
}

/** Reads a whole file of the image. */
export type ReadFile = (node: TreeNode) => Promise<Uint8Array>;

const CONFIG = "etc/selinux/config";
const LIBRARY = "libselinux.so.1";
const MIB = 1024 * 1024;
/** Most bytes of one file of a policy. Files of distributions have less than one million. */
const MAX_FILE = 32 * MIB;
const SUFFIXES = {
  contexts: "",
  homedirs: ".homedirs",
  local: ".local",
  subs: ".subs",
  subsDist: ".subs_dist",
};

/** The settings in `/etc/selinux/config` of an image. Undefined if the image does not have the file. */
export async function readSelinuxConfig(root: TreeNode, read: ReadFile): Promise<SelinuxConfig | undefined> {
  const text = await textOf(root, CONFIG, read);
  return text === undefined ? undefined : parseSelinuxConfig(text);
}

/**
 * The policy that an image's `/etc/selinux/config` names. Undefined if the image does not have one, or if its
 * `file_contexts` does not contain a pattern. @throws PlatterError `E_SELINUX_POLICY`
 */
export async function readImagePolicy(root: TreeNode, read: ReadFile): Promise<ImagePolicy | undefined> {
  const config = await readSelinuxConfig(root, read);
  if (config === undefined) return undefined;
  const path = `etc/selinux/${config.type}/contexts/files/file_contexts`;
  const entries: (readonly [string, string | undefined])[] = [];
  for (const [key, suffix] of Object.entries(SUFFIXES)) {
    entries.push([key, await textOf(root, path + suffix, read)]);
  }
  const texts: Partial<PolicyTexts> = Object.fromEntries(entries);
  if (texts.contexts === undefined) return undefined;
  const file = displayPath(path as BytePath);
  const order = await orderOf(root, read);
  const policy = new SelinuxPolicy({ ...texts, contexts: texts.contexts }, { file, order });
  if (policy.patterns === 0) return undefined;
  const digest = digestOf(Buffer.from(JSON.stringify([order, entries]), "utf8"));
  return { ...config, file, order, digest, policy };
}

/** A file's text, with one character for each byte. Undefined if the image does not have the file. */
async function textOf(root: TreeNode, path: string, read: ReadFile): Promise<string | undefined> {
  const found = findFile(root, path);
  if (found === undefined) return undefined;
  const { size } = found.node.inode;
  if (size > MAX_FILE) {
    throw policyLimitError(found.path, `has ${size} bytes, and at most ${MAX_FILE} are allowed`);
  }
  return bytesToLatin1(await read(found.node));
}

/** The order of the image's own libselinux. The latest order if the image does not have the library. */
async function orderOf(root: TreeNode, read: ReadFile): Promise<MatchingOrder> {
  const folders = ["usr/lib", "lib"].flatMap((folder) => [
    `${folder}64`,
    ...namesIn(root, folder)
      .filter((name) => /-linux-gnu/.test(name))
      .map((name) => `${folder}/${name}`),
    folder,
  ]);
  for (const folder of folders) {
    const found = findFile(root, `${folder}/${LIBRARY}`);
    if (found !== undefined && found.node.inode.size <= MAX_FILE)
      return matchingOrderOf(await read(found.node));
  }
  return "from 3.9";
}
