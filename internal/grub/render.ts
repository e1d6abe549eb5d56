import biosTemplate from "../../templates/grub-bios.cfg" with { type: "text" };
import efiTemplate from "../../templates/grub-efi.cfg" with { type: "text" };
import stubTemplate from "../../templates/grub-stub.cfg" with { type: "text" };
import loopbackTemplate from "../../templates/loopback.cfg" with { type: "text" };
import type { Menu, MenuEntry, VolumeLabel } from "./menu-model.ts";
import { quoteWord, quoteWords } from "./quote.ts";

export type Firmware = "efi" | "bios";

/** The properties by which GRUB finds the medium. */
export interface Medium {
  label: VolumeLabel;
  /** Absolute path of a file that exists only on this build's ISO. */
  marker: string;
}

/**
 * The menu for one kind of firmware, as the text of grub.cfg. With `mokManager`, its path on the ISO, the menu for UEFI has
 * a last entry that starts it.
 */
export function renderGrub(
  options: Medium & { menu: Menu; firmware: Firmware; mokManager?: string | undefined },
): string {
  const { menu, firmware, mokManager } = options;
  const values = { ...mediumValues(options), ...menuValues(menu, []) };
  if (firmware === "bios") return fill(biosTemplate, values);
  const last = mokManager === undefined ? "" : `\n\n${renderMokManager(mokManager)}`;
  return fill(efiTemplate, { ...values, ENTRIES: `${values.ENTRIES}${last}` });
}

/** The menu entry with which users enrol the key of a kernel if shim does not know it. */
function renderMokManager(path: string): string {
  return `menuentry 'Enroll a key for Secure Boot (MokManager)' {\n  chainloader ${quoteWord(path)}\n}`;
}

/** The grub.cfg that finds the medium and loads /EFI/BOOT/grub.cfg of it. */
export function renderStub(medium: Medium): string {
  return fill(stubTemplate, mediumValues(medium));
}

/** The menu for GRUB's loopback device: the kernel gets the path of the ISO file. */
export function renderLoopback(menu: Menu): string {
  // In double quotes GRUB expands the variable without splitting it at spaces.
  return fill(loopbackTemplate, menuValues(menu, [`"iso-scan/filename=\${iso_path}"`]));
}

function mediumValues({ label, marker }: Medium): Record<string, string> {
  return { LABEL: quoteWord(label), MARKER: quoteWord(marker) };
}

function menuValues(menu: Menu, extra: readonly string[]): Record<"DEFAULT" | "TIMEOUT" | "ENTRIES", string> {
  return {
    DEFAULT: String(menu.default),
    TIMEOUT: String(menu.timeout),
    ENTRIES: menu.entries.map((entry) => renderEntry(entry, extra)).join("\n\n"),
  };
}

/** `extra` is added to the `linux` line unchanged. */
function renderEntry(entry: MenuEntry, extra: readonly string[]): string {
  // The `--` keeps GRUB from reading a title with a leading hyphen as an option.
  const title = `${entry.title.startsWith("-") ? "-- " : ""}${quoteTitle(entry.title)}`;
  const linux = [quoteWords([entry.kernelPath, ...entry.kernelArgs]), ...extra].join(" ");
  return `menuentry ${title} {\n  linux ${linux}\n  initrd ${quoteWords(entry.initrdPaths)}\n}`;
}

/** A title in quotes, even if it does not need them, as in most menus. */
function quoteTitle(title: string): string {
  const quoted = quoteWord(title);
  return quoted === title ? `'${title}'` : quoted;
}

/** Replaces each `@NAME@` by its value. Values are not searched again. */
function fill(template: string, values: Record<string, string>): string {
  return template.replace(/@([A-Z]+)@/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the template asks for ${name}`);
    return value;
  });
}
