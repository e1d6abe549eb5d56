/** Compares the two trees of an ISO. */

import { ProblemLog, type Reading } from "../bytes/problem-log.ts";
import type { IsoNode } from "../iso/read/iso-node.ts";
import { jolietNames } from "../iso-format/joliet-names.ts";
import { printable } from "../text/printable.ts";

/**
 * Compares the Joliet tree with the Rock Ridge tree. Every Joliet name must be in the Rock Ridge tree, with the same
 * content. A name that Joliet cannot hold may be changed, and Joliet may omit files.
 */
export function compareTrees(rockRidge: IsoNode, joliet: IsoNode, base = 0): Reading<undefined> {
  const log = new ProblemLog(base);
  const queue: [IsoNode, IsoNode][] = [[rockRidge, joliet]];
  for (const [ours, theirs] of queue) {
    for (const pair of compareDirectories(ours, theirs, log)) queue.push(pair);
  }
  return log.reading(undefined);
}

function compareDirectories(rockRidge: IsoNode, joliet: IsoNode, log: ProblemLog): [IsoNode, IsoNode][] {
  const byName = new Map(rockRidge.children.map((node) => [node.name, node]));
  const subdirectories: [IsoNode, IsoNode][] = [];
  const unmatched = new Set(rockRidge.children);
  const foreign: IsoNode[] = [];
  for (const other of joliet.children) {
    const node = byName.get(other.name);
    if (node === undefined) {
      foreign.push(other);
      continue;
    }
    unmatched.delete(node);
    cover(node, "Rock Ridge's", log);
    cover(other, "Joliet's", log);
    compareNodes(node, other, log);
    if (node.kind === "directory" && other.kind === "directory") subdirectories.push([node, other]);
  }
  const matched = (node: IsoNode, other: IsoNode) => {
    unmatched.delete(node);
    if (node.kind === "directory") subdirectories.push([node, other]);
  };
  const ofPlatter = foreign.length === 0 ? new Map<string, IsoNode>() : byJolietName(rockRidge.children);
  const unknown = foreign.filter((other) => {
    const node = ofPlatter.get(other.name);
    if (node === undefined || !unmatched.has(node) || !sameContent(node, other)) return true;
    matched(node, other);
    return false;
  });
  const rewritten = unknown.length === 0 ? new Map<string, IsoNode[]>() : byBeginning(unmatched);
  for (const other of unknown) {
    const likely = [...(rewritten.get(beginning(other.name)) ?? []), ...(rewritten.get(ANY) ?? [])];
    const candidates = likely
      .slice(0, MAX_CANDIDATES)
      .filter(
        (node) => unmatched.has(node) && isRewritten(node.name, other.name) && sameContent(node, other),
      );
    const node = candidates[0];
    if (node === undefined) {
      const detail = `Joliet has ${printable(other.path)}, which Rock Ridge does not have`;
      log.note({ code: "joliet-name", detail, offset: other.nameSpans[0]?.start ?? other.flagsOffset });
      continue;
    }
    matched(node, other);
  }
  return subdirectories;
}

function compareNodes(node: IsoNode, other: IsoNode, log: ProblemLog): void {
  const detail = `Joliet and Rock Ridge differ in ${printable(node.path)}`;
  if (!sameContent(node, other)) {
    log.note({
      code: "joliet-content",
      detail: `${detail}: another place or size`,
      offset: other.flagsOffset - 23,
    });
  }
  if (!sameKind(node, other) || node.flags !== other.flags) {
    log.note({ code: "joliet-flags", detail: `${detail}: other flags`, offset: other.flagsOffset });
  }
}

/** genisoimage writes links, devices and pipes, which Joliet does not support, as empty files. */
function sameKind(node: IsoNode, other: IsoNode): boolean {
  return (node.kind === "directory") === (other.kind === "directory");
}

/** Directories have their own records in each tree; the sector of an empty file does not matter. */
function sameContent(node: IsoNode, other: IsoNode): boolean {
  if (!sameKind(node, other)) return false;
  if (node.kind !== "file") return true;
  if (node.size !== other.size || node.extents.length !== other.extents.length) return false;
  return node.size === 0 || node.extents.every((extent, index) => extent.lba === other.extents[index]?.lba);
}

/** Characters that Joliet cannot hold (Joliet specification, 3); every writer replaces them by an underscore. */
const NOT_IN_JOLIET = /[*:;?\\\ud800-\udfff]/;
/** Joliet names have up to 64 characters (103 by most writers); shortened names get numbers at their end. */
const KEPT_CHARACTERS = 48;

/** Whether `joliet` may replace a name that Joliet cannot hold. */
function isRewritten(name: string, joliet: string): boolean {
  if (/[\ud800-\udfff]/.test(name)) return true;
  if (name.length !== joliet.length && name.length <= 64) return false;
  const length = name.length <= 64 ? name.length : KEPT_CHARACTERS;
  for (let at = 0; at < length; at++) {
    const replaced = joliet[at] === "_" && NOT_IN_JOLIET.test(name[at]!);
    if (name[at] !== joliet[at] && !replaced) return false;
  }
  return true;
}

const MAX_CANDIDATES = 1000;
/** The key of names whose characters do not correspond one to one. */
const ANY = "";

function beginning(name: string): string {
  return /[\ud800-\udfff]/.test(name) ? ANY : name.slice(0, 8).replace(/[*:;?\\]/g, "_");
}

/** A directory's entries by the names that platter gives them in Joliet. */
function byJolietName(nodes: readonly IsoNode[]): Map<string, IsoNode> {
  const sorted = [...nodes].sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  const entries = sorted.map(({ name, kind }) => ({
    name,
    kind: kind === "directory" ? kind : ("file" as const),
  }));
  return new Map(jolietNames(entries).map((name, index) => [name, sorted[index]!]));
}

function byBeginning(nodes: Iterable<IsoNode>): Map<string, IsoNode[]> {
  const map = new Map<string, IsoNode[]>();
  for (const node of nodes) {
    const key = beginning(node.name);
    const bucket = map.get(key);
    if (bucket === undefined) map.set(key, [node]);
    else bucket.push(node);
  }
  return map;
}

function cover(node: IsoNode, which: string, log: ProblemLog): void {
  for (const span of node.nameSpans) log.covers({ name: `${which} name of ${node.path}`, ...span });
  log.covers({ name: `${which} flags of ${node.path}`, start: node.flagsOffset, length: 1 });
}
