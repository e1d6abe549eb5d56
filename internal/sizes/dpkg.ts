/** dpkg's lists of files (dpkg(1), "FILES"), and the checksums by which images without dpkg name their packages. */
import { resolve } from "../image/resolve.ts";
import type { PackageDatabase, PackageFiles } from "./package-files.ts";
import type { SquashfsFile } from "./squashfs-file.ts";

/** Most bytes of one list. Those of the largest packages have a few megabytes. */
const MOST = 64 * 1024 * 1024;

const SOURCES = [
  { path: "var/lib/dpkg/info", name: /^(.+?)(?::[^:]+)?\.list$/, pathOf: (line: string) => line },
  // A checksum of 32 digits, two spaces, and a path without its first slash.
  { path: "var/lib/dpkg/status.d", name: /^(.+)\.md5sums$/, pathOf: (line: string) => `/${line.slice(34)}` },
] as const;

/** The packages that dpkg knows. Empty without dpkg's database. */
export async function dpkgPackages(file: SquashfsFile): Promise<PackageDatabase[]> {
  const found: PackageDatabase[] = [];
  for (const source of SOURCES) {
    const folder = resolve(file.root, source.path);
    const packages: PackageFiles[] = [];
    for (const { name, inode } of folder?.children?.values() ?? []) {
      const [, packageName] = source.name.exec(name) ?? [];
      if (packageName === undefined || inode.type !== "file") continue;
      const lines = (await file.content(inode, MOST)).toString("latin1").split("\n");
      packages.push({ name: packageName, paths: lines.filter((line) => line !== "").map(source.pathOf) });
    }
    if (packages.length > 0) found.push({ path: source.path, packages });
  }
  return found;
}
