import { PlatterError } from "../../base/error.ts";

/** An ordinary user's storage shows images with their owners only within podman's user namespace. */
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
