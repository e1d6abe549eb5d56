import type { Architecture } from "../base/architecture.ts";
import { serialConsoleArgument } from "../boot/machine.ts";
import { LABEL_BYTES } from "../contract/config/label.ts";

/** The lines of an `iso.yaml` for a live system with a login on the screen and on the first serial line. */
export function isoYamlLines(options: {
  /** `NAME` and `VERSION_ID` of os-release; each may be empty. */
  product: string;
  productVersion: string;
  architecture: Architecture;
  /** Kernel arguments of the distribution. */
  kernelArguments: readonly string[];
}): string[] {
  const { product, productVersion } = options;
  const label = liveLabel(product);
  const variables = [
    ...(product === "" ? [] : [`\${product}`]),
    ...(productVersion === "" ? [] : [`\${version}`]),
  ];
  const name = variables.length === 0 ? "Live system" : `${variables.join(" ")}, live`;
  return [
    `label: ${label}`,
    "kernel_args:",
    `  - root=live:CDLABEL=${label}`,
    "  - rd.live.image",
    // dracut 058 to 109 may need this argument, and other versions ignore it (F_INITRAMFS_OVERLAY).
    "  - rd.live.overlay.overlayfs=1",
    ...options.kernelArguments.map((each) => `  - ${each}`),
    "  - console=tty0",
    `  - ${serialConsoleArgument(options.architecture)},115200`,
    "grub2:",
    "  timeout: 5",
    "  entries:",
    `    - name: "${name}"`,
    `      linux: "\${kernelpath} \${root}"`,
    `      initrd: "\${initrdpath}"`,
  ];
}

const ENDING = "_LIVE";

/** A label of `A-Z`, `0-9` and `_` only, such as `DEBIAN_GNU_LINUX_LIVE`. */
function liveLabel(product: string): string {
  const plain = product
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "_")
    .slice(0, LABEL_BYTES - ENDING.length);
  return `${plain.replace(/^_+|_+$/g, "") || "CONTAINER"}${ENDING}`;
}
