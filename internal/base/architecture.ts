import { PlatterError } from "./error.ts";

/** The contract's `ARCH`. */
export type Architecture = "x86_64" | "aarch64";

const NAMES: ReadonlyMap<string, Architecture> = new Map([
  ["x86_64", "x86_64"],
  ["amd64", "x86_64"],
  ["x64", "x86_64"],
  ["aarch64", "aarch64"],
  ["arm64", "aarch64"],
]);

/**
 * The architecture by any of its usual names, or as a platform of an image index: `linux/arm64/v8`.
 * @throws PlatterError `E_ARCHITECTURE`
 */
export function parseArchitecture(name: string): Architecture {
  const known = knownArchitecture(name);
  if (known !== undefined) return known;
  throw new PlatterError({
    code: "E_ARCHITECTURE",
    kind: "usage",
    message: `Cannot make an ISO for architecture \`${name}\`: platter does not support it`,
    hint: "Choose x86_64 (amd64) or aarch64 (arm64).",
  });
}

/** The architecture that an image's configuration names. @throws PlatterError `E_IMAGE_ARCH` */
export function imageArchitecture(name: string): Architecture {
  const known = knownArchitecture(name);
  if (known !== undefined) return known;
  throw new PlatterError({
    code: "E_IMAGE_ARCH",
    kind: "contract",
    message: `Cannot make an ISO of the image: its configuration names the architecture \`${name}\``,
    hint: "Name an image for x86_64 (amd64) or aarch64 (arm64).",
  });
}

function knownArchitecture(name: string): Architecture | undefined {
  const plain = name.toLowerCase().replace(/^linux\//, "");
  return NAMES.get(plain.replace(/^arm64\/v8$/, "arm64"));
}

/** The name that OCI images use. */
export function ociArchitecture(architecture: Architecture): string {
  return architecture === "x86_64" ? "amd64" : "arm64";
}

/** What the names of EFI binaries end in: `shimx64.efi`. */
export function efiSuffix(architecture: Architecture): string {
  return architecture === "x86_64" ? "x64" : "aa64";
}

/** The file that UEFI firmware starts on removable media (UEFI specification 2.10, 3.5.1.1). */
export function removableLoader(architecture: Architecture): string {
  return architecture === "x86_64" ? "BOOTX64.EFI" : "BOOTAA64.EFI";
}

/** Where the ISO has MokManager. */
export function mokManagerPath(architecture: Architecture): string {
  return `/EFI/BOOT/mm${efiSuffix(architecture)}.efi`;
}
