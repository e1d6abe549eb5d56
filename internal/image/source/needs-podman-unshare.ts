import { PlatterError } from "../../base/error.ts";

/** The error that an ordinary user's storage needs podman's user namespace, in which images have their owners. */
export class NeedsPodmanUnshare extends PlatterError {
  constructor(reference: string) {
    super({
      code: "E_PODMAN_UNSHARE",
      kind: "usage",
      message: `Cannot read \`${reference}\`: it is readable only in podman's user namespace`,
      hint: "Run platter under `podman unshare`.",
    });
  }
}
