import type { FindingText } from "./finding-text.ts";

/** Findings about files without which the live system boots but does not work. */
export const LIVE_FINDINGS = {
  F_LIVE_OWNERS: {
    severity: "warning",
    part: "root",
    kind: "image",
    title: "system files that do not belong to root",
    why: "`sudo`, logins and many services refuse system files that an ordinary user could change.",
    fix: "Build the image as root or with `podman build`, or correct the owners in it with `chown -R root:root`.",
  },
  F_LIVE_CAPABILITIES: {
    severity: "warning",
    part: "root",
    kind: "image",
    title: "file capabilities that only the ostree repository has",
    why: "Images that ostree encapsulated before January 2025 lost them, so programs such as `newuidmap` fail for ordinary users.",
    fix: "Build from a base image of 2025 or later, or set them in the image with `setcap`.",
  },
  F_LIVE_EMPTY: {
    severity: "warning",
    part: "root",
    kind: "image",
    title: "the build left empty network files in the image",
    why: "Builders mount their own files over these paths; the empty files break name resolution or the machine's name.",
    fix: "Remove the empty files from the image, or write what the live system needs.",
  },
  F_LIVE_MACHINE_ID: {
    severity: "warning",
    part: "root",
    kind: "image",
    adds: ["machine-id"],
    title: "one machine-id for all machines",
    why: "Machines with the same machine-id get the same DHCP lease, and mix their logs.",
    fix: "Empty the file in the image: `: >/etc/machine-id`.",
  },
  F_LIVE_HOST_KEYS: {
    severity: "warning",
    part: "root",
    kind: "image",
    title: "one SSH host key for all machines",
    why: "Everyone who has the ISO has the private key, and can pretend to be any machine that was started from it.",
    fix: "Remove the keys in the image: `rm -f /etc/ssh/ssh_host_*`.",
  },
  F_LIVE_FSTAB: {
    severity: "warning",
    part: "root",
    kind: "image",
    title: "`fstab` has devices of another machine",
    why: "The live system waits a minute and a half for each missing device, and then offers a rescue shell.",
    fix: "Remove these lines from the image's `/etc/fstab`, or add `nofail` to their options.",
  },
  F_LIVE_STORAGE: {
    severity: "note",
    part: "root",
    kind: "image",
    title: "container images that were pulled while the image was built",
    why: "A build loses the overlay's whiteouts and attributes, so such a storage may show removed files again, or be refused.",
    fix: "Leave them out of the image, and add them with `--payload`.",
  },
} as const satisfies Record<string, FindingText>;
