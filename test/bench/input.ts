export interface Input extends AsyncDisposable {
  /** Its name in podman's storage. */
  image: string;
  /** The root file system as a folder: what podman mounts. */
  tree: string;
  /** The same as an OCI archive. */
  archive: string;
}
