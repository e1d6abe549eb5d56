/** The images that are measured, made once and kept. */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { changedDesktopInput, desktopInput } from "./desktop.ts";
import type { Input } from "./input.ts";
import { buildImage, run } from "./programs.ts";
import { writeChange } from "./rebuild.ts";

/** The inputs that are measured by default. */
export const USUAL_INPUTS = ["debian", "small-files"] as const;
export const INPUT_NAMES = [...USUAL_INPUTS, "desktop"] as const;
export type InputName = (typeof INPUT_NAMES)[number];

const FIXTURE = resolve(import.meta.dir, "../fixtures/debian-live.sh");
const DEBIAN = "localhost/platter-test/debian-live";
const SMALL_FILES = 200_000;
const PER_FOLDER = 200;
/** What of the Debian image the one of small files takes over: all that an ISO needs. */
const PIECES = [
  ...["usr/lib/os-release", "usr/lib/image-builder/bootc/iso.yaml"],
  ...["usr/lib/shim", "usr/lib/grub/i386-pc", "usr/lib/grub/x86_64-efi-signed", "usr/share/grub/unicode.pf2"],
];

export async function makeInput(name: InputName, work: string): Promise<Input> {
  if (name === "desktop") return desktopInput(join(work, name));
  return inputOf(await imageOf(name, work), { name, work });
}

/** The same with one more layer, which changes a little of it. */
export async function makeChangedInput(name: InputName, work: string): Promise<Input> {
  if (name === "desktop") return changedDesktopInput(join(work, name));
  const base = await imageOf(name, work);
  await using input = inputOf(base, { name, work });
  const image = `${base}-changed`;
  const folder = join(work, "change");
  rmSync(folder, { recursive: true, force: true });
  writeChange(input.tree, join(folder, "layer"));
  writeFileSync(join(folder, "Containerfile"), `FROM ${base}\nCOPY layer /\n`);
  buildImage(image, { containerfile: join(folder, "Containerfile"), folder });
  rmSync(folder, { recursive: true });
  return inputOf(image, { name: `${name}-changed`, work });
}

/** The name of the input's image in podman's storage. */
function imageOf(name: Exclude<InputName, "desktop">, work: string): string | Promise<string> {
  run([FIXTURE]);
  return name === "debian" ? DEBIAN : smallFilesImage(join(work, "small-files"));
}

function inputOf(image: string, { name, work }: { name: string; work: string }): Input {
  const archive = join(work, `${name}.oci.tar`);
  const id = run(["podman", "image", "inspect", "--format", "{{.Id}}", image]);
  const stamp = `${archive}.${id.slice(0, 16)}`;
  if (!existsSync(stamp)) {
    rmSync(archive, { force: true });
    run(["podman", "save", "-q", "--format", "oci-archive", "-o", archive, image]);
    writeFileSync(stamp, "");
  }
  const tree = run(["podman", "image", "mount", image]);
  return {
    tree,
    archive,
    [Symbol.asyncDispose]: async () => void run(["podman", "image", "unmount", image]),
  };
}

/** An image of many small files with what makes it bootable, in podman's storage. */
async function smallFilesImage(folder: string): Promise<string> {
  const image = "localhost/platter-test/small-files";
  if (Bun.spawnSync(["podman", "image", "exists", image]).exitCode === 0) return image;
  const partial = `${folder}.partial`;
  rmSync(partial, { recursive: true, force: true });
  const debian = run(["podman", "image", "mount", DEBIAN]);
  try {
    const kernel = run([
      "find",
      `${debian}/usr/lib/modules`,
      "-mindepth",
      "1",
      "-maxdepth",
      "1",
      "-printf",
      "%f",
    ]);
    const modules = `usr/lib/modules/${kernel}`;
    for (const piece of [...PIECES, `${modules}/vmlinuz`, `${modules}/initramfs.img`]) {
      mkdirSync(dirname(join(partial, piece)), { recursive: true });
      cpSync(join(debian, piece), join(partial, piece), { recursive: true, verbatimSymlinks: true });
    }
  } finally {
    run(["podman", "image", "unmount", DEBIAN]);
  }
  writeSmallFiles(join(partial, "srv"));
  renameSync(partial, folder);
  Bun.write(join(folder, "../Containerfile"), "FROM scratch\nCOPY small-files /\n");
  buildImage(image, { containerfile: join(folder, "../Containerfile"), folder: join(folder, "..") });
  rmSync(folder, { recursive: true });
  return image;
}

/** Files of 100 to 8,000 bytes of text that compresses as text does; the same each time. */
function writeSmallFiles(folder: string): void {
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  const words = Array.from({ length: 4000 }, () => random(2 ** 24).toString(36));
  for (let i = 0; i < SMALL_FILES; i++) {
    const place = join(folder, `${Math.floor(i / PER_FOLDER)}`);
    if (i % PER_FOLDER === 0) mkdirSync(place, { recursive: true });
    const size = 100 + random(random(2) === 0 ? 1000 : 7900);
    let text = "";
    while (text.length < size) text += `${words[random(words.length)]} `;
    writeFileSync(join(place, `file-${i}`), text.slice(0, size));
  }
}
