/** A root directory with musl as its C library and with nothing else that the musl binary needs. */
import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostProgram } from "../scene.ts";

/**
 * Debian has musl, but the C++ library only for glibc. It calls a few functions that musl does not have. A library in
 * the place of glibc's loader replaces them, with results that mean "not available".
 */
const MISSING_IN_MUSL = `
.text
.macro function name
.globl \\name
.type \\name, @function
\\name:
.endm
function arc4random
function __strftime_l
function __cxa_thread_atexit_impl
function __cpu_indicator_init
  xor %eax, %eax
  ret
function _dl_find_object
  mov $-1, %eax
  ret
.bss
.macro object name
.globl \\name
.type \\name, @object
.size \\name, 16
\\name: .zero 16
.endm
object __libc_single_threaded
object __cpu_model
.section .note.GNU-stack, "", @progbits
`;

/** Makes the root in a folder that exists. Needs Debian's packages musl, libstdc++6 and binutils. */
export function makeMuslRoot(root: string): void {
  for (const folder of ["lib", "proc", "tmp", "out"]) mkdirSync(join(root, folder));
  copyFileSync("/usr/lib/x86_64-linux-musl/libc.so", join(root, "lib/ld-musl-x86_64.so.1"));
  symlinkSync("ld-musl-x86_64.so.1", join(root, "lib/libc.musl-x86_64.so.1"));
  for (const name of ["libstdc++.so.6", "libgcc_s.so.1"])
    copyFileSync(join("/usr/lib/x86_64-linux-gnu", name), join(root, "lib", name));
  const [source, object] = [join(root, "missing.s"), join(root, "missing.o")];
  writeFileSync(source, MISSING_IN_MUSL);
  const loader = "ld-linux-x86-64.so.2";
  for (const argv of [
    ["as", source, "-o", object],
    ["ld", "-shared", "-soname", loader, object, "-o", join(root, "lib", loader)],
  ]) {
    const done = Bun.spawnSync([hostProgram(argv[0]!), ...argv.slice(1)], { stderr: "pipe" });
    if (done.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${done.stderr.toString()}`);
  }
}
