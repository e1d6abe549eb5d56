/**
 * `/.discinfo` as Anaconda reads it: time stamp, release and architecture, each on its own line.
 * @param time seconds since 1970
 */
export function renderDiscinfo(options: {
  time: number;
  product: string;
  version: string;
  architecture: string;
}): string {
  const release = `${options.product} ${options.version}`.trim();
  return `${options.time}.000000\n${release}\n${options.architecture}\n`;
}

/** `/.disk/info`: one line of text; Debian's and Ubuntu's signed GRUB look for the file. */
export function renderDiskInfo(options: {
  time: number;
  product: string;
  version: string;
  architecture: string;
}): string {
  const date = new Date(options.time * 1000).toISOString().slice(0, 10).replaceAll("-", "");
  return `${`${options.product} ${options.version}`.trim()} ${options.architecture} (${date})\n`;
}
