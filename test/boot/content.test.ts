/** A system with all that the command line adds to an image. */
import { expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { bootOnce } from "../../internal/boot/run.ts";
import { runTool } from "../../internal/process/run.ts";
import { request } from "../helpers/boot/machine-request.ts";
import { smallLive } from "../helpers/images/small-live.ts";
import { Scene } from "../helpers/scene.ts";

const MINUTES = 60_000;
/** Reads the file of the overlay, mounts the medium for the added file, and reads the arguments. */
const INIT = `#!/bin/sh
export PATH=/usr/sbin:/usr/bin
mount -t iso9660 -o ro /dev/sr0 /tmp
seen="CONTENT overlay=$(cat /etc/overlay) added=$(cat /tmp/seed/added) $(tr ' ' '\\n' </proc/cmdline | grep -E '^(root|console|extra)=' | tr '\\n' ' ')END"
read -r active </sys/class/tty/console/active
for tty in $active; do echo "$seen" >"/dev/$tty"; done
sleep 1
exec poweroff -f
`;

// One more machine that boots, with nothing new in it for firmware and boot loaders.
if (process.env.PLATTER_TEST === "full") {
  test(
    "--karg, --add, --overlay and --label arrive in the running system",
    async () => {
      using scene = new Scene("content-boot");
      scene.write("over/etc/overlay", "yes\n");
      scene.write("over/sbin/init", INIT);
      chmodSync(scene.at("over/sbin/init"), 0o755);
      scene.write("added", "yes\n");
      const iso = scene.at("out/x.iso");
      const options = ["--karg", "extra=1", "--karg=-console=tty0", "--add", "added=/seed/added"];
      await scene.succeed([
        ...["build", `oci:${smallLive().oci}`, "-o", iso, "--compression", "fast", "--label", "CHANGED"],
        ...[...options, "--overlay", scene.at("over")],
      ]);
      const about = { iso, until: /CONTENT .*END/, keepIn: scene.at("logs"), timeout: 300 } as const;
      const result = await bootOnce(request({ firmware: "bios", media: "cd" }, about), {
        run: runTool,
        signal: new AbortController().signal,
        now: () => performance.now(),
      });
      expect(result.reached).toContain(
        "CONTENT overlay=yes added=yes root=live:CDLABEL=CHANGED console=ttyS0 extra=1 END",
      );
    },
    10 * MINUTES,
  );
}
