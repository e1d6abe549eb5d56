/** Runs a program. Returns its output without white space at its ends. @throws Error if it fails */
export function run(argv: readonly string[]): string {
  const ran = Bun.spawnSync([...argv], { stderr: "pipe" });
  if (ran.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${ran.stderr.toString()}`);
  return ran.stdout.toString().trim();
}

/** Builds an image in podman's storage from a Containerfile and the files in `folder`. */
export function buildImage(
  image: string,
  { containerfile, folder }: { containerfile: string; folder: string },
): void {
  run(["podman", "build", "-q", "--isolation", "chroot", "-t", image, "-f", containerfile, folder]);
}
