/** Which package of the root file system each file belongs to, by the databases of dpkg and rpm. */
import { resolveNoFollow } from "../image/resolve.ts";
import type { StoredInode } from "../reuse/stored-inode.ts";
import { dpkgPackages } from "./dpkg.ts";
import type { PackageDatabase } from "./package-files.ts";
import { rpmPackages } from "./rpm.ts";
import type { SquashfsFile } from "./squashfs-file.ts";

/** The databases of packages in a root file system. Empty without a database. */
export async function packageDatabases(file: SquashfsFile): Promise<PackageDatabase[]> {
  return [...(await dpkgPackages(file)), ...(await rpmPackages(file))];
}

/** The name of the first package that lists each file. A path may lead through symlinks, such as `/bin`. */
export function packageOfInodes(
  { root }: SquashfsFile,
  databases: readonly PackageDatabase[],
): Map<StoredInode, string> {
  const packages = new Map<StoredInode, string>();
  for (const { name, paths } of databases.flatMap((database) => database.packages)) {
    for (const path of paths) {
      const node = resolveNoFollow(root, path);
      if (node?.inode.type === "file" && !packages.has(node.inode)) packages.set(node.inode, name);
    }
  }
  return packages;
}
