import { X509Certificate } from "node:crypto";

/** The fields of a certificate that reports show. */
export interface Certificate {
  x509: X509Certificate;
  der: Uint8Array;
  /** The common name; without one, the whole name. */
  subject: string;
  issuer: string;
  /** Milliseconds since 1970; NaN if the certificate's date cannot be read. */
  notAfter: number;
}

/** More bytes than any certificate has. */
const MAX_SIZE = 64 * 1024;

/** Reads a certificate in DER; undefined if it is not a certificate. */
export function readCertificate(der: Uint8Array): Certificate | undefined {
  if (der.length > MAX_SIZE) return undefined;
  try {
    const x509 = new X509Certificate(Buffer.from(der));
    const { subject, issuer, validTo } = x509;
    return { x509, der, subject: nameOf(subject), issuer: nameOf(issuer), notAfter: Date.parse(validTo) };
  } catch {
    return undefined;
  }
}

/** Node returns names as lines of `CN=…`. */
function nameOf(text: string | undefined): string {
  const lines = (text ?? "").split("\n");
  const common = lines.findLast((line) => line.startsWith("CN="));
  return common === undefined ? lines.join(", ") : common.slice(3);
}

/** Whether one certificate is signed by another. */
function isIssuedBy(certificate: Certificate, issuer: Certificate): boolean {
  try {
    return certificate.x509.checkIssued(issuer.x509) && certificate.x509.verify(issuer.x509.publicKey);
  } catch {
    // A key of an unsupported kind cannot have signed it.
    return false;
  }
}

/** The most certificates between the signer's and a trusted certificate. */
const MAX_CHAIN = 6;

/** Whether a certificate is trusted, or has a chain of the given certificates to a trusted certificate. */
export function leadsTo(
  certificate: Certificate,
  options: { trusted: readonly Certificate[]; others: readonly Certificate[] },
): boolean {
  const same = (a: Certificate, b: Certificate) => Buffer.compare(a.der, b.der) === 0;
  let current: Certificate | undefined = certificate;
  for (let depth = 0; current !== undefined && depth < MAX_CHAIN; depth++) {
    const here: Certificate = current;
    if (options.trusted.some((one) => same(one, here) || isIssuedBy(here, one))) return true;
    current = options.others.find((one) => !same(one, here) && isIssuedBy(here, one));
  }
  return false;
}
