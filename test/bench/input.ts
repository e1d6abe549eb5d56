export interface Input extends AsyncDisposable {
  /** The root file system as a folder: what podman mounts. */
  tree: string;
  /** The same as an OCI archive. */
  archive: string;
}
