import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { bootOnce } from "../../internal/boot/run.ts";
import { runTool } from "../../internal/process/run.ts";
import { request } from "../helpers/boot/machine-request.ts";
import { erofsUtils } from "../helpers/erofs-utils.ts";
import { smallLive } from "../helpers/images/small-live.ts";
import { Scene } from "../helpers/scene.ts";

const MINUTES = 60_000;

if (process.env.PLATTER_TEST === "full") {
  test(
    "the small live image boots from an erofs as it does from a squashfs",
    async () => {
      using scene = new Scene("erofs");
      const iso = `${scene.out}/erofs.iso`;
      const build = ["build", `oci:${smallLive().oci}`, "--rootfs", "erofs", "--compression", "lz4"];
      await scene.succeed([...build, "-o", iso], { path: `${erofsUtils()}:${process.env.PATH}` });
      const way = { firmware: "uefi", media: "cd" } as const;
      const until = /PLATTER-ROOT-OK pid1/;
      const result = await bootOnce(request(way, { iso, until, keepIn: scene.at("logs"), timeout: 900 }), {
        run: runTool,
        signal: new AbortController().signal,
        now: () => performance.now(),
      });
      expect(result.failure).toBeUndefined();
      const log = readFileSync(result.serialLog, "utf8").replaceAll("\r", "");
      expect(log).toMatch(/^PLATTER-LIVE-OK .* rootfs=erofs .* checks=ok$/m);
    },
    30 * MINUTES,
  );
}
