import { closeSync, openSync } from "node:fs";
import { writeSquashfs } from "../squashfs/write.ts";
import type { RootfsWriter } from "./rootfs-writer.ts";

/** Writes a squashfs with platter's own code. */
export const squashfsWriter: RootfsWriter = {
  tools: [],
  async write({ tree, walk, options, time }, { output, signal, onBytes, reuse }) {
    const fd = openSync(output, "wx+", 0o644);
    try {
      await writeSquashfs(tree, { fd, offset: 0 }, { walk, options, time, signal, onBytes, reuse });
    } finally {
      closeSync(fd);
    }
  },
};
