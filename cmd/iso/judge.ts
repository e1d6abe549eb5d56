import type { ByteSource } from "../../internal/files/byte-source.ts";
import { summarizeInitramfs } from "../../internal/initramfs/summary.ts";
import { type JudgedIso, judgeIso } from "../../internal/verify/verdict.ts";
import type { VerifyOptions } from "../../internal/verify/verify.ts";
import type { World } from "../world.ts";

/** Examines an ISO and shows the progress. @throws PlatterError `E_INTERRUPTED` */
export async function judge(
  source: ByteSource,
  options: { world: World; expected?: VerifyOptions["expected"] },
): Promise<JudgedIso> {
  const { world, expected } = options;
  const { signal } = world;
  const task = world.reporter.task("verify");
  const judged = await judgeIso(source, {
    expected,
    onProgress: (done, total) => task.progress(done, total),
    signal,
    summarize: (input) => summarizeInitramfs(input, { signal }),
  });
  task.done();
  return judged;
}
