import { openSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../base/machine-error.ts";

const ATTEMPTS = 1000;

/**
 * Opens a new file for reading and writing without a name, so that the system removes it at any end of this process.
 * Returns its descriptor; throws the operating system's error.
 */
export function openUnnamed(directory: string, purpose: string): number {
  for (let attempt = 0; ; attempt++) {
    const path = join(directory, `.${purpose}.${process.pid}.${attempt}`);
    try {
      const fd = openSync(path, "wx+", 0o600);
      unlinkSync(path);
      return fd;
    } catch (error) {
      if (errnoOf(error) !== "EEXIST" || attempt >= ATTEMPTS) throw error;
    }
  }
}
