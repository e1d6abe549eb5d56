/** A package, and the absolute paths of its files with one character for each byte. */
export interface PackageFiles {
  name: string;
  paths: readonly string[];
}

/** A database that was read: its packages, or the reason why it cannot be read. */
export interface PackageDatabase {
  /** Path in the root file system, with one character for each byte. */
  path: string;
  packages: readonly PackageFiles[];
  problem?: string | undefined;
}
