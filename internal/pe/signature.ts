import { createHash, verify } from "node:crypto";
import { authenticodeDigest } from "./authenticode-digest.ts";
import { type Certificate, readCertificate } from "./certificate.ts";
import { certificateEntries } from "./certificate-table.ts";
import { sameBytes } from "./der.ts";
import type { PeImage } from "./pe-image.ts";
import { isSignersCertificate, parseSignedData, type SignedData, type SignerInfo } from "./signed-data.ts";

/** One signature of a program. */
export interface Signature {
  /** The certificate of the signer; undefined if the signature does not include it. */
  signer: Certificate | undefined;
  /** All certificates in the signature. */
  certificates: Certificate[];
  /**
   * `modified`: the program changed after it was signed. `broken`: the signature cannot be read, or the signer's key
   * did not make it.
   */
  state: "valid" | "modified" | "broken";
}

/** The signatures of a program, each checked against the program and against the signer's certificate. */
export function readSignatures(bytes: Uint8Array, image: PeImage): Signature[] {
  return certificateEntries(bytes, image).map((entry) => {
    const data = parseSignedData(entry);
    const info = data?.signers[0];
    if (data === undefined || info === undefined)
      return { signer: undefined, certificates: [], state: "broken" };
    const certificates = data.certificates.flatMap((der) => readCertificate(der) ?? []);
    const signer = certificates.find(({ der }) => isSignersCertificate(der, info));
    const { algorithm, value } = data.imageDigest;
    if (!sameBytes(authenticodeDigest(bytes, { image, algorithm }), value))
      return { signer, certificates, state: "modified" };
    const holds = signer !== undefined && isSignedBy(data, { info, signer });
    return { signer, certificates, state: holds ? "valid" : "broken" };
  });
}

/** RFC 2315, 9.3 and 9.4: the attributes name the content's digest, and the signature is over the attributes. */
function isSignedBy(data: SignedData, { info, signer }: { info: SignerInfo; signer: Certificate }): boolean {
  const digest = new Uint8Array(createHash(info.algorithm).update(data.content).digest());
  if (info.signed !== data.content && !sameBytes(digest, info.contentDigest)) return false;
  try {
    return verify(info.algorithm, info.signed, signer.x509.publicKey, info.signature);
  } catch {
    return false;
  }
}
