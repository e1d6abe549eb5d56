import { chmodSync, copyFileSync, mkdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { hostProgram } from "./scene.ts";

/** Copies programs of the host, by name or path, into an image, with what they need where their loader looks for it. */
export function installPrograms(image: string, programs: readonly string[]): void {
  for (const program of programs) {
    const path = program.startsWith("/") ? program : hostProgram(program);
    put(image, path, `/usr/bin/${basename(program)}`);
    const told = Bun.spawnSync(["ldd", path]).stdout.toString();
    for (const [, library] of told.matchAll(/(\/\S+) \(0x/g)) put(image, library!, library!);
    // glibc loads it when a thread ends.
    const libgcc = `${dirname(/\S*\/libc\.so\.6/.exec(told)![0])}/libgcc_s.so.1`;
    put(image, libgcc, libgcc);
  }
}

function put(image: string, from: string, to: string): void {
  const target = join(image, to);
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(from, target);
  chmodSync(target, 0o755);
}
