/** Keys and signatures for Secure Boot, made with openssl and sbsign. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostProgram } from "./scene.ts";

export interface SigningKey {
  /** PEM files. */
  key: string;
  certificate: string;
  /** The certificate in DER. */
  der: Uint8Array;
}

/** Makes an RSA key with a certificate, its own or issued by another one. */
export function makeKey(
  folder: string,
  options: { file: string; subject: string; issuer?: SigningKey; authority?: "authority" },
): SigningKey {
  const path = (suffix: string) => join(folder, `${options.file}${suffix}`);
  const [key, certificate] = [path(".key"), path(".pem")];
  const subject = ["-subj", `/CN=${options.subject}`];
  const extension = path(".cnf");
  writeFileSync(
    extension,
    `basicConstraints=critical,CA:${options.authority === undefined ? "FALSE" : "TRUE"}\n`,
  );
  run("openssl", [
    "req",
    "-new",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    key,
    "-out",
    path(".csr"),
    ...subject,
  ]);
  const issuer =
    options.issuer === undefined
      ? ["-signkey", key]
      : ["-CA", options.issuer.certificate, "-CAkey", options.issuer.key, "-CAcreateserial"];
  run("openssl", [
    ...["x509", "-req", "-in", path(".csr"), ...issuer, "-sha256", "-days", "3650"],
    ...["-extfile", extension, "-out", certificate],
  ]);
  run("openssl", ["x509", "-in", certificate, "-outform", "DER", "-out", path(".der")]);
  return { key, certificate, der: new Uint8Array(readFileSync(path(".der"))) };
}

/** The program with one more signature. */
export function sign(folder: string, options: { program: Uint8Array; by: SigningKey }): Uint8Array {
  const [unsigned, signed] = [join(folder, "unsigned.efi"), join(folder, "signed.efi")];
  writeFileSync(unsigned, options.program);
  run("sbsign", ["--key", options.by.key, "--cert", options.by.certificate, "--output", signed, unsigned]);
  return new Uint8Array(readFileSync(signed));
}

function run(program: string, args: readonly string[]): void {
  const done = Bun.spawnSync([hostProgram(program), ...args], { stderr: "pipe" });
  if (done.exitCode !== 0) throw new Error(`${program} ${args.join(" ")}: ${done.stderr.toString()}`);
}

/** Shim's section `.vendor_cert`: what it lets start, and what it refuses. */
export function vendorSection(allowed: Uint8Array, denied: Uint8Array = new Uint8Array()): Uint8Array {
  const table = Buffer.alloc(16);
  for (const [index, value] of [allowed.length, denied.length, 16, 16 + allowed.length].entries())
    table.writeUInt32LE(value, index * 4);
  return Buffer.concat([table, allowed, denied]);
}

/** A signature list (UEFI 2.10, 32.4.1) of certificates or of SHA-256 digests. */
export function signatureList(kind: "x509" | "sha256", entry: Uint8Array): Uint8Array {
  const type = { x509: "a159c0a5e494a74a87b5ab155c2bf072", sha256: "2616c4c14c509240aca941f936934328" }[kind];
  const lengths = Buffer.alloc(12);
  lengths.writeUInt32LE(28 + 16 + entry.length, 0);
  lengths.writeUInt32LE(16 + entry.length, 8);
  return Buffer.concat([Buffer.from(type, "hex"), lengths, Buffer.alloc(16), entry]);
}
