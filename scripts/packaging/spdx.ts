/**
 * Prints the list of what a release contains, in SPDX 2.3: `spdx.ts VERSION DEBIAN-PACKAGES FOLDER`. The packages are
 * those of the container image, one `NAME VERSION ARCHITECTURE` a line, and the folder has the release's files.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      license: z.string().optional(),
      integrity: z.string().optional(),
      dev: z.boolean().optional(),
    }),
  ),
});

/** Packages of npm whose code is in the binaries, besides those that the program imports. */
const RUNTIMES = ["bun-linux-x64", "bun-linux-aarch64", "bun-linux-x64-musl"].map((name) => `@oven/${name}`);

const digest = (algorithm: "sha1" | "sha256", bytes: Uint8Array | string) =>
  new Bun.CryptoHasher(algorithm).update(bytes).digest("hex");

interface Package {
  name: string;
  version: string;
  license: string;
  purl: string | undefined;
  /** SHA-512 in hexadecimal digits. */
  sha512: string | undefined;
}

/** Packages of npm that are in the binaries, by name. The lock file is that of npm, version 3. */
export function npmPackages(lock: unknown): Package[] {
  const { packages } = lockSchema.parse(lock);
  return Object.entries(packages)
    .map(([path, about]) => ({ name: path.replace(/^.*node_modules\//, ""), ...about }))
    .filter(({ name, dev }) => name !== "" && (dev !== true || RUNTIMES.includes(name)))
    .map(({ name, version = "", license = "NOASSERTION", integrity }) => ({
      name,
      version,
      license,
      purl: `pkg:npm/${name.replace("@", "%40")}@${version}`,
      sha512: integrity && Buffer.from(integrity.replace(/^sha512-/, ""), "base64").toString("hex"),
    }));
}

/** Debian packages from lines of `NAME VERSION ARCHITECTURE`. */
export function debianPackages(lines: string): Package[] {
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [name = "", version = "", architecture = ""] = line.split(" ");
      const purl = `pkg:deb/debian/${name}@${encodeURIComponent(version)}?arch=${architecture}`;
      return { name, version, license: "NOASSERTION", purl, sha512: undefined };
    });
}

/** The document, with the files of the release by their SHA-256. */
export function spdxDocument(about: {
  version: string;
  created: string;
  npm: readonly Package[];
  debian: readonly Package[];
  files: readonly { name: string; sha1: string; sha256: string }[];
}): object {
  const { version, created, npm, debian, files } = about;
  const platter = { name: "platter", version, license: "Apache-2.0", purl: undefined, sha512: undefined };
  const id = ({ name }: { name: string }) => name.replace(/[^A-Za-z0-9.-]+/g, "-").replace(/^-/, "");
  const contents = digest("sha256", JSON.stringify(about));
  const contained = [...npm, ...debian];
  return {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `platter-${version}`,
    documentNamespace: `https://spdx.org/spdxdocs/platter-${version}-${contents}`,
    creationInfo: { created, creators: ["Tool: platter-scripts-release"] },
    packages: [platter, ...contained].map((each) => ({
      SPDXID: `SPDXRef-Package-${id(each)}`,
      name: each.name,
      versionInfo: each.version,
      downloadLocation: "NOASSERTION",
      filesAnalyzed: false,
      licenseConcluded: "NOASSERTION",
      licenseDeclared: each.license,
      copyrightText: "NOASSERTION",
      ...(each.sha512 && { checksums: [{ algorithm: "SHA512", checksumValue: each.sha512 }] }),
      ...(each.purl && {
        externalRefs: [
          { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: each.purl },
        ],
      }),
    })),
    files: files.map(({ name, sha1, sha256 }) => ({
      SPDXID: `SPDXRef-File-${id({ name })}`,
      fileName: `./${name}`,
      checksums: [
        // SPDX 2.3, 8.4 demands a SHA-1 of every file.
        { algorithm: "SHA1", checksumValue: sha1 },
        { algorithm: "SHA256", checksumValue: sha256 },
      ],
    })),
    relationships: [
      {
        spdxElementId: "SPDXRef-DOCUMENT",
        relationshipType: "DESCRIBES",
        relatedSpdxElement: "SPDXRef-Package-platter",
      },
      ...contained.map((each) => ({
        spdxElementId: "SPDXRef-Package-platter",
        relationshipType: "CONTAINS",
        relatedSpdxElement: `SPDXRef-Package-${id(each)}`,
      })),
      ...files.map(({ name }) => ({
        spdxElementId: `SPDXRef-File-${id({ name })}`,
        relationshipType: "GENERATED_FROM",
        relatedSpdxElement: "SPDXRef-Package-platter",
      })),
    ],
  };
}

if (import.meta.main) {
  const [version = "", debian = "", folder = ""] = process.argv.slice(2);
  const project = resolve(import.meta.dir, "../..");
  const document = spdxDocument({
    version,
    created: new Date(Number(process.env.SOURCE_DATE_EPOCH) * 1000).toISOString().replace(".000", ""),
    npm: npmPackages(JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8"))),
    debian: debianPackages(debian),
    files: readdirSync(folder)
      .sort()
      .map((name) => {
        const bytes = readFileSync(join(folder, name));
        return { name, sha1: digest("sha1", bytes), sha256: digest("sha256", bytes) };
      }),
  });
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
