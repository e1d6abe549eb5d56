/** The processor time of SELinux labels for many names. */
import { existsSync, readFileSync } from "node:fs";
import type { BytePath } from "../../internal/bytes/byte-path.ts";
import { SelinuxPolicy } from "../../internal/selinux/policy.ts";
import { madeUpPaths } from "../helpers/selinux/made-up-paths.ts";

/** selinux-policy-default. */
const CONTEXTS = "/etc/selinux/default/contexts/files/file_contexts";
const NAMES = 500_000;

/** Reads Debian's policy and labels names that it is about. Returns a line with the processor time. */
export function benchLabels(): string {
  const read = (suffix: string) =>
    existsSync(CONTEXTS + suffix) ? readFileSync(CONTEXTS + suffix, "latin1") : "";
  const contexts = read("");
  const patterns = contexts.split("\n").flatMap((line) => (line === "" ? [] : line.split(/\s/, 1)));
  const paths = madeUpPaths(patterns, { count: NAMES, seed: 3 });
  const start = process.cpuUsage();
  const texts = { contexts, homedirs: read(".homedirs"), subsDist: read(".subs_dist") };
  const policy = new SelinuxPolicy(texts, { file: CONTEXTS, order: "from 3.9" });
  for (const { path, type } of paths) policy.contextOf(path.slice(1) as BytePath, type);
  const { user, system } = process.cpuUsage(start);
  const seconds = ((user + system) / 1e6).toFixed(2);
  return `labels: ${NAMES} names, ${policy.patterns} patterns, ${seconds} s of processor time`;
}
