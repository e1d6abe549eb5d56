/** Signatures of real and of changed programs: sbverify and openssl are the judges. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { checkSecureBoot } from "../../../internal/contract/checks/check-secure-boot.ts";
import { summariseSecureBoot } from "../../../internal/contract/checks/secure-boot.ts";
import { readCertificate } from "../../../internal/pe/certificate.ts";
import { type EfiProgram, readEfiProgram } from "../../../internal/pe/efi-program.ts";
import { isFault } from "../../../internal/pe/pe-image.ts";
import { issuersOf, trustOf } from "../../../internal/pe/trust.ts";
import { efiProgram } from "../../helpers/efi-program.ts";
import { smallLive } from "../../helpers/images/small-live.ts";
import { hostProgram } from "../../helpers/scene.ts";
import { makeKey, sign } from "../../helpers/signing.ts";

setDefaultTimeout(300_000);

const folder = mkdtempSync(join(tmpdir(), "platter-pe-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { rootfs, kver } = smallLive();
const REAL = {
  shim: "usr/lib/shim/shimx64.efi.signed",
  mm: "usr/lib/shim/mmx64.efi.signed",
  grub: "usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed",
  kernel: `usr/lib/modules/${kver}/vmlinuz`,
};
type Name = keyof typeof REAL;
const NAMES = Object.keys(REAL) as Name[];
const bytesOf = (name: Name) => new Uint8Array(readFileSync(join(rootfs, REAL[name])));

function programOf(bytes: Uint8Array): EfiProgram {
  const read = readEfiProgram(bytes);
  if (isFault(read)) throw new Error(read.fault);
  return read;
}

function told(program: string, ...args: string[]): { code: number; text: string } {
  const done = Bun.spawnSync([hostProgram(program), ...args], { stderr: "pipe" });
  return { code: done.exitCode, text: done.stdout.toString() };
}

function fileOf(bytes: Uint8Array): string {
  const path = join(folder, "program.efi");
  writeFileSync(path, bytes);
  return path;
}

describe("Debian's own programs", () => {
  test.each(NAMES)("%s: the issuers of its signatures, as sbverify lists them", (name) => {
    const listed = told("sbverify", "--list", join(rootfs, REAL[name])).text;
    const issuers = [...listed.matchAll(/signature issuers:\n - .*\/CN=(.*)/g)].map(([, issuer]) => issuer!);
    expect(issuers.length).toBeGreaterThan(0);
    expect(issuersOf(programOf(bytesOf(name)))).toEqual(issuers);
  });

  test.each(
    NAMES.filter((name) => name !== "shim"),
  )("%s: sbverify takes it with the certificate in shim", (name) => {
    const [authority] = programOf(bytesOf("shim")).vendor!.allowed.certificates;
    const pem = join(folder, "vendor.pem");
    writeFileSync(pem, authority!.x509.toString());
    expect(told("openssl", "x509", "-in", pem, "-noout", "-subject", "-nameopt", "RFC2253").text.trim()).toBe(
      `subject=CN=${authority!.subject}`,
    );
    expect(told("sbverify", "--cert", pem, join(rootfs, REAL[name])).code).toBe(0);
  });

  test("nothing is to be said about them", () => {
    const of = (name: Name) => ({
      path: `/${REAL[name]}`,
      program: programOf(bytesOf(name)),
      fault: undefined,
    });
    const kernel = {
      path: REAL.kernel,
      image: { kind: "efi", packing: "none", program: of("kernel").program },
    } as const;
    const programs = { architecture: "x86_64", shim: of("shim"), grub: of("grub"), kernel } as const;
    expect(checkSecureBoot(programs)).toEqual([]);
    expect(summariseSecureBoot(programs)).toMatchObject({
      vendor: ["Debian Secure Boot CA"],
      grub: { trust: "vendor" },
      kernel: { trust: "vendor" },
    });
    expect(of("shim").program.vendor!.denied.hashes.length).toBeGreaterThan(0);
    expect(of("grub").program.grub).toMatchObject({ prefix: "/boot/grub" });
    const names = of("grub").program.sbat!.map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(["sbat", "grub"]);
  });
});

describe("a program of one's own", () => {
  const by = makeKey(folder, { file: "own", subject: "Own Key" });
  const signed = sign(folder, {
    program: efiProgram({ content: "x".repeat(700), sections: { data: "y" } }),
    by,
  });
  const own = readCertificate(by.der)!;
  const denied = { certificates: [], hashes: [] };
  const isValid = (bytes: Uint8Array) => {
    const read = readEfiProgram(bytes);
    return (
      !isFault(read) && trustOf(read, { allowed: { certificates: [own], hashes: [] }, denied }) === "vendor"
    );
  };

  test("is valid for both", () => {
    expect(told("sbverify", "--cert", by.certificate, fileOf(signed)).code).toBe(0);
    expect(isValid(signed)).toBe(true);
  });

  test("changed in any bit, it is never valid where sbverify refuses it", () => {
    let valid = 0;
    for (let bit = 0; bit < signed.length * 8; bit += 1) {
      const copy = new Uint8Array(signed);
      copy[bit >> 3]! ^= 1 << (bit & 7);
      if (!isValid(copy)) continue;
      valid += 1;
      const { code } = told("sbverify", "--cert", by.certificate, fileOf(copy));
      expect({ byte: bit >> 3, bit: bit & 7, code }).toEqual({ byte: bit >> 3, bit: bit & 7, code: 0 });
    }
    // Those of the header's checksum, for example.
    expect(valid).toBeGreaterThanOrEqual(32);
  });

  test("changed in what is signed, it is not valid", () => {
    // All but the checksum, the place that names the signature, and the signature itself.
    const end = signed.length - programSize(signed);
    const [checksum, entry] = [64 + 24 + 64, 64 + 24 + 112 + 32];
    for (let at = 0; at < end; at += 1) {
      if ((at >= checksum && at < checksum + 4) || (at >= entry && at < entry + 8)) continue;
      const copy = new Uint8Array(signed);
      copy[at] = copy[at]! ^ 1;
      expect({ at, valid: isValid(copy) }).toEqual({ at, valid: false });
    }
  });
});

/** Bytes of the certificate table, from the header. */
function programSize(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(64 + 24 + 112 + 36, true);
}

test("readEfiProgram: no damage makes it throw, and it always ends", () => {
  const shim = bytesOf("shim");
  // The headers, the tables of sections and strings, and the signatures; the code is of no interest.
  const places = fc.oneof(fc.nat(4095), fc.integer({ min: shim.length - 20_000, max: shim.length - 1 }));
  const damage = fc.array(fc.record({ at: places, value: fc.nat(255) }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(damage, fc.option(fc.nat(shim.length)), (changes, length) => {
      const copy = new Uint8Array(shim.subarray(0, length ?? shim.length));
      for (const { at, value } of changes) if (at < copy.length) copy[at] = value;
      const read = readEfiProgram(copy);
      expect(isFault(read) || Array.isArray(read.signatures)).toBe(true);
    }),
    { numRuns: 400 },
  );
});
