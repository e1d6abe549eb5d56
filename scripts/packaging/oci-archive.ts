/** Writes an OCI archive with one layer: `oci-archive.ts LAYER VERSION ARCHIVE`. The time is SOURCE_DATE_EPOCH. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const sha256 = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

/** Files of an OCI image layout (image-layout.md of the OCI image specification 1.1), by their paths. */
export function imageLayout(
  layer: Uint8Array<ArrayBuffer>,
  { version, created }: { version: string; created: string },
): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const add = (mediaType: string, bytes: Uint8Array) => {
    const digest = sha256(bytes);
    files.set(`blobs/sha256/${digest}`, bytes);
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length };
  };
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const compressed = add("application/vnd.oci.image.layer.v1.tar+gzip", Bun.gzipSync(layer, { level: 6 }));
  const labels = {
    "org.opencontainers.image.title": "platter",
    "org.opencontainers.image.version": version,
    "org.opencontainers.image.licenses": "Apache-2.0",
  };
  const config = add(
    "application/vnd.oci.image.config.v1+json",
    json({
      created,
      architecture: "amd64",
      os: "linux",
      config: {
        User: "65532:65532",
        Entrypoint: ["/usr/local/bin/platter"],
        Cmd: ["--help"],
        WorkingDir: "/out",
        Labels: labels,
      },
      rootfs: { type: "layers", diff_ids: [`sha256:${sha256(layer)}`] },
      history: [{ created, comment: `platter ${version}` }],
    }),
  );
  const manifest = add(
    "application/vnd.oci.image.manifest.v1+json",
    json({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config,
      layers: [compressed],
      annotations: labels,
    }),
  );
  const annotations = { "org.opencontainers.image.ref.name": version };
  files.set("index.json", json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  files.set("oci-layout", json({ imageLayoutVersion: "1.0.0" }));
  return files;
}

if (import.meta.main) {
  const [layer = "", version = "", archive = ""] = process.argv.slice(2);
  const epoch = Number(process.env.SOURCE_DATE_EPOCH);
  const created = new Date(epoch * 1000).toISOString();
  const folder = mkdtempSync(join(tmpdir(), "platter-release-"));
  try {
    mkdirSync(join(folder, "blobs/sha256"), { recursive: true });
    const files = imageLayout(readFileSync(layer), { version, created });
    for (const [path, bytes] of files) writeFileSync(join(folder, path), bytes);
    const flags = [
      "--sort=name",
      "--owner=0",
      "--group=0",
      "--numeric-owner",
      "--mode=u=rwX,go=rX",
      `--mtime=@${epoch}`,
    ];
    const done = Bun.spawnSync(
      ["tar", "-C", folder, ...flags, "-cf", archive, "blobs", "index.json", "oci-layout"],
      {
        stderr: "inherit",
      },
    );
    process.exitCode = done.exitCode;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
