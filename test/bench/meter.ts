/** What a command costs, with all processes that it starts. */
import { readdirSync, readFileSync, rmSync, statfsSync } from "node:fs";

export interface Cost {
  /** Seconds. */
  wall: number;
  /** Seconds of user and system time of all processes. */
  processor: number;
  /** Bytes of all processes together at one instant, and of files in memory alone: the most that a sample saw. */
  memory: number;
  /** Bytes that the work folder's file system had more in use than before: the most that a sample saw. */
  disk: number;
  /** Bytes that read calls gave and write calls took, from page cache, pipes and disk alike. */
  read: number;
  written: number;
  /** Bytes that were written to files on disks: files in memory and pipes are not counted. */
  stored: number;
}

/** Milliseconds between two samples of memory and disk. */
const SAMPLE = 100;
const PAGE = 4096;

/** The process group that is being measured. */
let measured: number | undefined;

/** Ends what is being measured. */
export function stopMeasured(): void {
  if (measured !== undefined) process.kill(-measured, "SIGTERM");
}

/**
 * Runs a command to its end. `folder` is on the file system that it uses; no other program may write there during the run.
 * @throws Error if the command fails
 */
export async function measure(argv: readonly string[], folder: string): Promise<Cost> {
  const account = `${folder}/io`;
  // A process's counters hold those of the children that it waited for: the shell's, once the command has ended.
  const script = '"$@"; code=$?; cat /proc/$$/io >"$ACCOUNT"; exit $code';
  const before = usedBytes(folder);
  const sharedBefore = sharedBytes();
  const start = performance.now();
  const child = Bun.spawn(["sh", "-c", script, "sh", ...argv], {
    env: { ...process.env, ACCOUNT: account },
    stdout: "ignore",
    stderr: "pipe",
    detached: true,
  });
  measured = child.pid;
  let [memory, disk] = [0, 0];
  const timer = setInterval(() => {
    memory = Math.max(memory, residentBytes(child.pid) + sharedBytes() - sharedBefore);
    disk = Math.max(disk, usedBytes(folder) - before);
  }, SAMPLE);
  const [stderr, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  clearInterval(timer);
  measured = undefined;
  const wall = (performance.now() - start) / 1000;
  disk = Math.max(disk, usedBytes(folder) - before);
  if (code !== 0) throw new Error(`${argv.join(" ")} left with ${code}:\n${stderr}`);
  const processor = Number(child.resourceUsage()!.cpuTime.total) / 1e6;
  const io = readFileSync(account, "utf8");
  rmSync(account);
  return { wall, processor, memory, disk, ...countersOf(io) };
}

/** Counters of proc(5), `io`. */
function countersOf(io: string): Pick<Cost, "read" | "written" | "stored"> {
  const counter = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, "m").exec(io)![1]);
  return { read: counter("rchar"), written: counter("wchar"), stored: counter("write_bytes") };
}

function usedBytes(folder: string): number {
  const { blocks, bfree, bsize } = statfsSync(folder);
  return (blocks - bfree) * bsize;
}

/** Bytes of all files that are in memory alone, tmpfs included (proc(5): `Shmem` of /proc/meminfo, in KiB). */
function sharedBytes(): number {
  return Number(/^Shmem: +(\d+) kB$/m.exec(readFileSync("/proc/meminfo", "utf8"))![1]) * 1024;
}

/** Resident bytes of a process and all that descend from it (proc(5): `children`; the second field of `statm`, in pages). */
function residentBytes(root: number): number {
  let sum = 0;
  const pending = [root];
  for (let pid = pending.pop(); pid !== undefined; pid = pending.pop()) {
    try {
      sum += Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * PAGE;
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const children = readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1").trim();
        if (children !== "") pending.push(...children.split(" ").map(Number));
      }
    } catch {
      // It has ended in the meantime.
    }
  }
  return sum;
}

/** The middle one of some figures, or the mean of the two in the middle. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(half)]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
