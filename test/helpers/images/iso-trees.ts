import { assembleIso, withIsoFile } from "../../../internal/iso/assemble.ts";
import type { IsoFile, IsoLayout } from "../../../internal/iso/layout.ts";
import type { NamedEntry } from "../../../internal/iso-format/iso-names.ts";
import { espImage } from "./iso-image.ts";

/** A file on an ISO whose content is in memory. */
export function isoFile(isoPath: string, content: string | Uint8Array = `content of ${isoPath}`): IsoFile {
  return { isoPath, content: { bytes: typeof content === "string" ? Buffer.from(content) : content } };
}

/** Writes an ISO of these files. */
export async function writeIsoOf(
  files: readonly IsoFile[],
  options: Partial<IsoLayout> & { output: string; checksum?: "implant" | "leave" },
): Promise<void> {
  const { output, checksum = "implant", ...changes } = options;
  const layout: IsoLayout = {
    volumeId: "JUDGED",
    time: 1_700_000_000,
    uuid: "52daf732-d0fe-8dd4-9aa4-67c5ec1e394d",
    rootfs: undefined,
    files,
    bios: undefined,
    espImage: { bytes: espImage() },
    strictGpt: false,
    ...changes,
  };
  const { signal } = new AbortController();
  const task = { progress() {} };
  await withIsoFile(output, (iso) => assembleIso(iso, { layout, checksum, signal, task }));
}

/** Content by path, as the files were given. */
export function contentByPath(files: readonly IsoFile[]): Map<string, string> {
  const byPath = new Map<string, string>();
  for (const { isoPath, content } of files) {
    if ("bytes" in content) byPath.set(isoPath, Buffer.from(content.bytes).toString("latin1"));
  }
  return byPath;
}

/** The same with the names that another tree has for the files, without the boot catalogue. */
export function renamed(
  files: readonly IsoFile[],
  namesOf: (entries: readonly NamedEntry[]) => string[],
): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (below: readonly { rest: string[]; content: string }[], path: string) => {
    const groups = Map.groupBy(below, ({ rest }) => rest[0]!);
    const names = [...groups.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const entries = names.map((name): NamedEntry => {
      const isFile = groups.get(name)![0]!.rest.length === 1;
      return { name, kind: isFile ? "file" : "directory" };
    });
    for (const [index, name] of namesOf(entries).entries()) {
      const inner = groups.get(names[index]!)!;
      if (entries[index]!.kind === "file") found.set(`${path}/${name}`, inner[0]!.content);
      else {
        const deeper = inner.map(({ rest, content }) => ({ rest: rest.slice(1), content }));
        visit(deeper, `${path}/${name}`);
      }
    }
  };
  const all = [...contentByPath(files)].map(([path, content]) => ({
    rest: path.slice(1).split("/"),
    content,
  }));
  visit([...all, { rest: ["boot.catalog"], content: "" }], "");
  for (const name of ["/boot.catalog", "/BOOT.CATALOG;1"]) found.delete(name);
  return found;
}
