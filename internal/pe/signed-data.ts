import type { DigestAlgorithm } from "./authenticode-digest.ts";
import { type DerValue, derChildren, derValue, objectIdentifier, sameBytes, TAG } from "./der.ts";

/** The signer, and the bytes that the signer signed. */
export interface SignerInfo {
  /** The signer's certificate is the one with this issuer (as encoded) and this serial number. */
  issuer: Uint8Array;
  serial: Uint8Array;
  algorithm: DigestAlgorithm;
  /** The signed bytes: the attributes, or the content itself. */
  signed: Uint8Array;
  /** Digest of the content, if the signed attributes have one. */
  contentDigest: Uint8Array | undefined;
  signature: Uint8Array;
}

/** A signature of a program in the form of PKCS #7 (RFC 2315, 9; Authenticode's `SpcIndirectDataContent`). */
export interface SignedData {
  /** Digest of the program at the time of signing. */
  imageDigest: { algorithm: DigestAlgorithm; value: Uint8Array };
  /** The bytes that a signer's digest of the content covers. */
  content: Uint8Array;
  /** The certificates in the signature, each in DER. */
  certificates: Uint8Array[];
  signers: SignerInfo[];
}

const SIGNED_DATA = "1.2.840.113549.1.7.2";
const SPC_INDIRECT_DATA = "1.3.6.1.4.1.311.2.1.4";
const MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
/** RSA (PKCS #1), alone or with a digest. Firmware supports no other algorithm. */
const RSA = /^1\.2\.840\.113549\.1\.1\.(?:1|5|11|12|13)$/;
const DIGESTS: Record<string, DigestAlgorithm> = {
  "1.3.14.3.2.26": "sha1",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};
/** More certificates than any signature has. */
const MAX_CERTIFICATES = 32;
const MAX_SIGNERS = 8;

/** Reads a signature; undefined if a program cannot have this signature. */
export function parseSignedData(bytes: Uint8Array): SignedData | undefined {
  const [type, wrapped] = derChildren(derValue(bytes), TAG.sequence) ?? [];
  if (objectIdentifier(type) !== SIGNED_DATA) return undefined;
  const [sequence] = derChildren(wrapped, TAG.context0) ?? [];
  const [version, digests, contentInfo, ...rest] = derChildren(sequence, TAG.sequence) ?? [];
  const [contentType, explicit] = derChildren(contentInfo, TAG.sequence) ?? [];
  if (objectIdentifier(contentType) !== SPC_INDIRECT_DATA) return undefined;
  const [indirect] = derChildren(explicit, TAG.context0) ?? [];
  const [, digestInfo] = derChildren(indirect, TAG.sequence) ?? [];
  const [digestAlgorithm, digest] = derChildren(digestInfo, TAG.sequence) ?? [];
  const algorithm = digestOf(digestAlgorithm);
  if (indirect === undefined || algorithm === undefined || digest?.tag !== TAG.octetString) return undefined;
  const named = (derChildren(digests, TAG.set) ?? []).map(digestOf);
  if (!isOne(version) || !named.includes(algorithm)) return undefined;
  const certificates = rest.find(({ tag }) => tag === TAG.context0);
  const signers = derChildren(
    rest.find(({ tag }) => tag === TAG.set),
    TAG.set,
  );
  return {
    imageDigest: { algorithm, value: digest.content },
    content: indirect.content,
    certificates: (derChildren(certificates, TAG.context0) ?? [])
      .filter(({ tag }) => tag === TAG.sequence)
      .slice(0, MAX_CERTIFICATES)
      .map(({ whole }) => whole),
    signers: (signers ?? [])
      .slice(0, MAX_SIGNERS)
      .flatMap((signer) => parseSigner(signer, indirect.content) ?? []),
  };
}

/** RFC 2315, 9.2. */
function parseSigner(value: DerValue, content: Uint8Array): SignerInfo | undefined {
  const [version, name, digest, ...rest] = derChildren(value, TAG.sequence) ?? [];
  const [issuer, serial] = derChildren(name, TAG.sequence) ?? [];
  const algorithm = digestOf(digest);
  const attributes = rest[0]?.tag === TAG.context0 ? rest.shift() : undefined;
  const [method, signature] = rest;
  if (!isOne(version) || !RSA.test(algorithmOf(method) ?? "")) return undefined;
  if (issuer === undefined || serial?.tag !== TAG.integer || algorithm === undefined) return undefined;
  if (signature?.tag !== TAG.octetString) return undefined;
  return {
    issuer: issuer.whole,
    serial: serial.content,
    algorithm,
    signed: attributes === undefined ? content : asSet(attributes),
    contentDigest: attributes === undefined ? undefined : messageDigest(attributes),
    signature: signature.content,
  };
}

function isOne(value: DerValue | undefined): boolean {
  return value?.tag === TAG.integer && value.content.length === 1 && value.content[0] === 1;
}

/** Attributes are signed as a SET, though they are kept as `[0]` (RFC 2315, 9.3). */
function asSet({ whole }: DerValue): Uint8Array {
  const set = new Uint8Array(whole);
  set[0] = TAG.set;
  return set;
}

function messageDigest(attributes: DerValue): Uint8Array | undefined {
  for (const attribute of derChildren(attributes, TAG.context0) ?? []) {
    const [type, values] = derChildren(attribute, TAG.sequence) ?? [];
    if (objectIdentifier(type) !== MESSAGE_DIGEST) continue;
    const [digest] = derChildren(values, TAG.set) ?? [];
    return digest?.tag === TAG.octetString ? digest.content : undefined;
  }
  return undefined;
}

function digestOf(identifier: DerValue | undefined): DigestAlgorithm | undefined {
  return DIGESTS[algorithmOf(identifier) ?? ""];
}

/** The name of an algorithm that takes no parameters; the parameters are absent, or NULL (RFC 3370, 2). */
function algorithmOf(identifier: DerValue | undefined): string | undefined {
  const [type, parameters, ...more] = derChildren(identifier, TAG.sequence) ?? [];
  const takesNone =
    parameters === undefined || (parameters.tag === TAG.null && parameters.content.length === 0);
  return takesNone && more.length === 0 ? objectIdentifier(type) : undefined;
}

/** The issuer and the serial number of a certificate as encoded (RFC 5280, 4.1); undefined if it is not a certificate. */
function certificateName(der: Uint8Array): { issuer: Uint8Array; serial: Uint8Array } | undefined {
  const [body] = derChildren(derValue(der), TAG.sequence) ?? [];
  const fields = derChildren(body, TAG.sequence) ?? [];
  if (fields[0]?.tag === TAG.context0) fields.shift();
  const [serial, , issuer] = fields;
  if (serial?.tag !== TAG.integer || issuer === undefined) return undefined;
  return { issuer: issuer.whole, serial: serial.content };
}

/** Whether a certificate is the one that a signer names. */
export function isSignersCertificate(der: Uint8Array, signer: SignerInfo): boolean {
  const name = certificateName(der);
  return sameBytes(name?.issuer, signer.issuer) && sameBytes(name?.serial, signer.serial);
}
