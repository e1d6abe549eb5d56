/**
 * `/.discinfo` as Anaconda reads it: time stamp, release, architecture, one a line.
 * @param time seconds since 1970
 */
export function renderDiscinfo(about: {
  time: number;
  product: string;
  version: string;
  architecture: string;
}): string {
  const release = `${about.product} ${about.version}`.trim();
  return `${about.time}.000000\n${release}\n${about.architecture}\n`;
}

/** `/.disk/info`: one line of text; Debian's and Ubuntu's signed GRUB look for the file. */
export function renderDiskInfo(about: {
  time: number;
  product: string;
  version: string;
  architecture: string;
}): string {
  const date = new Date(about.time * 1000).toISOString().slice(0, 10).replaceAll("-", "");
  return `${`${about.product} ${about.version}`.trim()} ${about.architecture} (${date})\n`;
}
