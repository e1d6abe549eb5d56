/** Boot programs of some kilobytes that Secure Boot would let start, if the keys were known; made once and kept. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { MICROSOFT_2011, MICROSOFT_2023 } from "../../../internal/pe/trust.ts";
import { efiProgram, grubModules } from "../efi-program.ts";
import { makeKey, sign, vendorSection } from "../signing.ts";

const CACHE = resolve(import.meta.dir, "../../../.cache/test");
/** Raised when what is made here changes. */
const PLACE = join(CACHE, "boot-programs-1");

export const SHIM_SBAT =
  "sbat,1,SBAT Version,sbat,1,x\nshim,4,UEFI shim,shim,1,x\nshim.tiny,1,Tiny,shim,16,x\n";
export const GRUB_SBAT =
  "sbat,1,SBAT Version,sbat,1,x\ngrub,5,GRUB,grub,2.12,x\ngrub.tiny,1,Tiny,grub,2.12,x\n";
/** What a build of GRUB for optical media carries. */
export const GCD_MODULES = grubModules([{ type: 3, content: "/EFI/BOOT" }]);

export interface TinyPrograms {
  shim: Uint8Array;
  gcd: Uint8Array;
  mm: Uint8Array;
  kernel: Uint8Array;
}

export function tinyPrograms(): TinyPrograms {
  if (!existsSync(PLACE)) make();
  const read = (name: string) => new Uint8Array(readFileSync(join(PLACE, name)));
  return { shim: read("shim"), gcd: read("gcd"), mm: read("mm"), kernel: read("kernel") };
}

function make(): void {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, "boot-programs-"));
  const microsoft = [MICROSOFT_2011, MICROSOFT_2023].map((subject, index) => {
    const issuer = makeKey(folder, { file: `ms-${index}`, subject, authority: "authority" });
    return makeKey(folder, { file: `ms-signer-${index}`, subject: "Publisher", issuer });
  });
  const issuer = makeKey(folder, { file: "vendor", subject: "Tiny Secure Boot CA", authority: "authority" });
  const by = makeKey(folder, { file: "signer", subject: "Tiny Secure Boot Signer", issuer });
  const sections = { ".sbat": SHIM_SBAT, ".vendor_cert": vendorSection(issuer.der) };
  let shim = efiProgram({ content: "shim".repeat(200), sections });
  for (const key of microsoft) shim = sign(folder, { program: shim, by: key });
  const gcd = efiProgram({ content: "gcd".repeat(200), sections: { ".sbat": GRUB_SBAT, mods: GCD_MODULES } });
  const mm = efiProgram({ content: "mm".repeat(200) });
  const kernel = efiProgram({ content: "a kernel\n".repeat(100), linux: "x86" });
  const made = join(folder, "made");
  mkdirSync(made);
  writeFileSync(join(made, "shim"), shim);
  for (const [name, program] of Object.entries({ gcd, mm, kernel }))
    writeFileSync(join(made, name), sign(folder, { program, by }));
  renameSync(made, PLACE);
  rmSync(folder, { recursive: true });
}
