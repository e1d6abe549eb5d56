import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { PlatterError } from "../../../../internal/base/error.ts";
import { systemError } from "../../../../internal/files/system-error.ts";
import { writeError, writeWhole } from "../../../../internal/files/whole-file.ts";
import { keepFailureLog } from "../../../../internal/pipeline/work/failure-log.ts";
import { checkOutput } from "../../../../internal/pipeline/work/output.ts";
import { WorkDir } from "../../../../internal/pipeline/work/work-dir.ts";

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "platter-work-"));
});
afterEach(() => rmSync(scratch, { recursive: true }));

const at = (name: string) => join(scratch, name);

describe("a kept work directory", () => {
  test("is made with the folders above it, locked, and free again afterwards", () => {
    const work = WorkDir.open(at("a/b/work"));
    expect(work.kept).toBe(true);
    expect(readFileSync(work.file("lock"), "utf8")).toBe(`${process.pid}\n`);
    expect(readdirSync(work.path).sort()).toEqual(["grub", "image", "iso", "lock", "logs", "stages"]);
    work[Symbol.dispose]();
    expect(existsSync(work.file("lock"))).toBe(false);
    WorkDir.open(at("a/b/work"))[Symbol.dispose]();
  });

  test.each([
    ["image/kept", "`image`"],
    ["plan.json", "`plan.json`"],
    ["squashfs.img", "`squashfs.img`"],
    ["squashfs.img.partial", "`squashfs.img.partial`"],
    ["eltorito.img", "`eltorito.img`"],
    ["efiboot.img", "`efiboot.img`"],
    ["grub/grub-efi.cfg", "`grub`"],
    ["iso/any", "`iso`"],
    ["logs/tools.log", "`logs`"],
    ["logs", "`logs`"],
    ["lock", "`lock`"],
    ["stages/one.txt", "`stages`"],
  ])("a folder of the user's with `%s` is refused, and stays as it is", (name, named) => {
    mkdirSync(dirname(at(`mine/${name}`)), { recursive: true });
    writeFileSync(at(`mine/${name}`), "the user's");
    writeFileSync(at("mine/film.partial"), "the user's");
    const before = readdirSync(at("mine"), { recursive: true });
    expect(() => WorkDir.open(at("mine"))).toThrow(
      expect.objectContaining({
        code: "E_WORK_FOREIGN",
        exitCode: 2,
        message: expect.stringContaining(`it has ${named}, which platter did not make and would replace`),
        hint: expect.stringContaining("--work"),
      }),
    );
    expect(readdirSync(at("mine"), { recursive: true })).toEqual(before);
    expect(readFileSync(at(`mine/${name}`), "utf8")).toBe("the user's");
  });

  test("a folder of the user's with other files is used, and they stay", () => {
    mkdirSync(at("mine/logs"), { recursive: true });
    for (const name of ["film.partial", "iso.yaml"]) writeFileSync(at(`mine/${name}`), "the user's");
    for (const _ of ["a new one", "one that platter made"]) WorkDir.open(at("mine"))[Symbol.dispose]();
    for (const name of ["film.partial", "iso.yaml"])
      expect(readFileSync(at(`mine/${name}`), "utf8")).toBe("the user's");
  });

  test("that is in use is refused, and stays locked", () => {
    using work = WorkDir.open(at("work"));
    expect(() => WorkDir.open(at("work"))).toThrow(
      expect.objectContaining({
        code: "E_WORK_LOCKED",
        exitCode: 2,
        message: `Cannot use the work directory: process ${process.pid} is using it`,
        hint: expect.stringContaining("--work"),
      }),
    );
    expect(existsSync(work.file("lock"))).toBe(true);
  });

  test.each([
    "",
    "0",
    "-1",
    "nonsense",
    "4194304\n",
    "1.5",
  ])("a lock of nobody (%j) is taken over", (text) => {
    mkdirSync(at("work/stages"), { recursive: true });
    writeFileSync(at("work/lock"), text);
    using work = WorkDir.open(at("work"));
    expect(readFileSync(work.file("lock"), "utf8")).toBe(`${process.pid}\n`);
  });

  test("that cannot be made leaves no lock", () => {
    mkdirSync(at("work/stages"), { recursive: true });
    writeFileSync(at("work/logs"), "in the way");
    expect(() => WorkDir.open(at("work"))).toThrow(expect.objectContaining({ code: "E_WORK", exitCode: 5 }));
    expect(readdirSync(at("work"))).not.toContain("lock");
  });
});

describe("a temporary work directory", () => {
  test("is made in the given folder, and is removed with its content", () => {
    const work = WorkDir.temporary(scratch);
    expect(work.kept).toBe(false);
    expect(readdirSync(scratch)).toEqual([expect.stringMatching(/^\.platter-\w{6}$/)]);
    writeFileSync(work.file("image/file"), "x");
    work[Symbol.dispose]();
    expect(readdirSync(scratch)).toEqual([]);
  });

  test("in a folder that is not there is refused", () => {
    expect(() => WorkDir.temporary(at("nowhere"))).toThrow(
      expect.objectContaining({ code: "E_WORK", message: expect.stringContaining(at("nowhere")) }),
    );
  });

  test("goes also at a sudden end, and so does what was being written", () => {
    const script = `
      import { removeAtExit } from ${JSON.stringify(join(import.meta.dir, "../../../../internal/base/at-exit.ts"))};
      import { WorkDir } from ${JSON.stringify(join(import.meta.dir, "../../../../internal/pipeline/work/work-dir.ts"))};
      import { writeFileSync } from "node:fs";
      const work = WorkDir.temporary(${JSON.stringify(scratch)});
      const kept = WorkDir.open(${JSON.stringify(at("kept"))});
      writeFileSync(work.file("image/x"), "x");
      removeAtExit(${JSON.stringify(at("half"))});
      removeAtExit(${JSON.stringify(at("whole"))})();
      for (const name of ["half", "whole"]) writeFileSync(${JSON.stringify(scratch)} + "/" + name, "x");
      process.exit(7);
    `;
    writeFileSync(at("sudden.ts"), script);
    expect(Bun.spawnSync([process.execPath, at("sudden.ts")]).exitCode).toBe(7);
    expect(readdirSync(scratch).sort()).toEqual(["kept", "sudden.ts", "whole"]);
    expect(existsSync(at("kept/lock"))).toBe(false);
  });
});

describe("files of a work directory", () => {
  test("are written whole, with the folders above them, and read", async () => {
    using work = WorkDir.temporary(scratch);
    await work.write("grub/deep/er.cfg", "text");
    expect(await work.read("grub/deep/er.cfg")).toBe("text");
    expect(await work.has("grub/deep/er.cfg")).toBe(true);
    expect(await work.read("nothing")).toBeUndefined();
    expect(await work.has("nothing")).toBe(false);
    expect(Buffer.from(await work.readBytes("grub/deep/er.cfg")).toString()).toBe("text");
    await expect(work.readBytes("nothing")).rejects.toMatchObject({
      code: "E_WORK",
      hint: expect.stringContaining("inspect"),
    });
  });

  test("stay as they were when their making fails", async () => {
    using work = WorkDir.temporary(scratch);
    await work.write("squashfs.img", "old");
    const making = work.make("squashfs.img", async (partial) => {
      writeFileSync(partial, "half");
      throw new Error("no luck");
    });
    await expect(making).rejects.toThrow("no luck");
    expect(await work.read("squashfs.img")).toBe("old");
    expect(readdirSync(work.path)).not.toContain("squashfs.img.partial");
  });
});

describe("writeWhole", () => {
  const make = (path: string, write: (partial: string) => Promise<unknown>) =>
    writeWhole(path, { code: "E_OUTPUT", write });

  test("returns the result of the writer, and replaces files in the way", async () => {
    writeFileSync(at("precious"), "precious");
    const digest = new Bun.CryptoHasher("sha256").update("x").digest("hex").slice(0, 16);
    mkdirSync(at(`.platter-${digest}`));
    symlinkSync(at("precious"), at(`.platter-${digest}/unfinished`));
    expect(await make(at("x"), async (partial) => writeFileSync(partial, "new"))).toBeUndefined();
    expect(readFileSync(at("x"), "utf8")).toBe("new");
    expect(readFileSync(at("precious"), "utf8")).toBe("precious");
    const five = async (partial: string) => {
      writeFileSync(partial, "");
      return 5;
    };
    expect(await make(at("y"), five)).toBe(5);
  });

  test.each([
    ["ENOSPC", "E_NO_SPACE", "no space", "Free some space"],
    ["EDQUOT", "E_NO_SPACE", "quota", "Free some space"],
    ["EROFS", "E_OUTPUT", "read-only", "can be written to"],
    ["EACCES", "E_OUTPUT", "permission denied", "you may write to"],
    ["EIO", "E_OUTPUT", "input/output error", ""],
  ])("%s is %s", async (errno, code, reason, hint) => {
    const error = await make(at("x"), async () => {
      throw Object.assign(new Error("write"), { code: errno });
    }).catch((each: unknown) => each);
    expect(error).toMatchObject({
      code,
      exitCode: 5,
      message: `Cannot write \`${at("x")}\`: ${(error as Error).message.split(": ").pop()}`,
    });
    expect((error as Error).message).toContain(reason);
    expect((error as PlatterError).hint ?? "").toContain(hint);
    expect(readdirSync(scratch)).toEqual([]);
  });

  test("an error that is not the system's stays what it is", async () => {
    const mine = new PlatterError({ code: "E_TOOL_FAILED", kind: "tool", message: "x" });
    for (const error of [mine, new TypeError("a bug")]) {
      await expect(make(at("x"), () => Promise.reject(error))).rejects.toBe(error);
      expect(writeError(error, { code: "E_OUTPUT", path: "x" })).toBe(error);
      expect(systemError(error)).toBe(error);
    }
  });

  test.each([
    ["a link to a file", "target", "target"],
    ["a link to nothing", "target", undefined],
    ["a link to a link", "other", "other"],
    ["a link into another folder", "folder/target", "folder/target"],
  ])("%s is written through", async (_, target, existing) => {
    mkdirSync(at("folder"));
    if (existing !== undefined) writeFileSync(at(existing), "old");
    symlinkSync("second", at("first"));
    symlinkSync(target, at("second"));
    await make(at("first"), async (partial) => writeFileSync(partial, "new"));
    expect(readFileSync(at(target), "utf8")).toBe("new");
    expect([at("first"), at("second")].map((link) => readlinkSync(link))).toEqual(["second", target]);
    expect(readdirSync(scratch).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("a loop of links is an error of the system", async () => {
    symlinkSync("b", at("a"));
    symlinkSync("a", at("b"));
    const writing = make(at("a"), async (partial) => writeFileSync(partial, "new"));
    await expect(writing).rejects.toMatchObject({ code: "E_OUTPUT", exitCode: 5 });
    expect(readdirSync(scratch).sort()).toEqual(["a", "b"]);
  });

  test("a name of 255 bytes is written, and one of 256 is the system's error", async () => {
    const write = async (partial: string) => writeFileSync(partial, "new");
    await make(at("x".repeat(255)), write);
    expect(readFileSync(at("x".repeat(255)), "utf8")).toBe("new");
    await expect(make(at("x".repeat(256)), write)).rejects.toMatchObject({
      code: "E_OUTPUT",
      exitCode: 5,
      message: expect.stringContaining("the name is too long"),
    });
  });

  test("a writer that writes nothing is an error", async () => {
    await expect(make(at("x"), async () => undefined)).rejects.toMatchObject({ code: "E_OUTPUT" });
  });
});

test("an unexpected refusal of the system is not a bug, but a missing file is", () => {
  const errno = (code: string) => Object.assign(new Error("write"), { code });
  expect(systemError(errno("ENOSPC"))).toMatchObject({
    code: "E_NO_SPACE",
    exitCode: 5,
    hint: expect.stringContaining("Free"),
  });
  expect(systemError(errno("EIO"))).toMatchObject({ code: "E_MACHINE", exitCode: 5 });
  const missing = errno("ENOENT");
  expect(systemError(missing)).toBe(missing);
});

test.each([
  ["ENAMETOOLONG", "open", "Cannot read `/x`: the name is too long"],
  ["ENOENT", "rename", "Cannot rename `/x`: no such file or directory"],
  ["EPERM", "unlink", "Cannot remove `/x`: operation not permitted"],
  ["EIO", "unlink", "Cannot remove `/x`: input/output error"],
  ["EBUSY", "rmdir", "Cannot remove `/x`: it is in use"],
  ["ERR_FS_EISDIR", "rm", "Cannot remove `/x`: it is a directory"],
  ["EUCLEAN", "stat", "Cannot read `/x`: the file system is damaged"],
  ["ENOSPC", "open", "Cannot write `/x`: no space left on the device"],
])("any error of the system is the machine's, with its path: %s in %s", (code, syscall, message) => {
  const error = Object.assign(new Error("what the system said"), { code, syscall, path: "/x" });
  expect(systemError(error)).toMatchObject({ exitCode: 5, message });
});

describe("checkOutput", () => {
  test("a file that is there, or is not", () => {
    writeFileSync(at("there.iso"), "");
    expect(checkOutput(at("there.iso"))).toBe(at("there.iso"));
    expect(checkOutput(at("new.iso"))).toBe(at("new.iso"));
    expect(checkOutput("new.iso")).toBe(join(process.cwd(), "new.iso"));
    expect(checkOutput(at("nowhere/at/all.iso"))).toBe(at("nowhere/at/all.iso"));
    expect(existsSync(at("nowhere"))).toBe(false);
  });

  test.each([
    ["", 2, "it is a folder"],
    ["file/x.iso", 5, "file` is not a folder"],
  ])("%j is refused", (name, exitCode, says) => {
    writeFileSync(at("file"), "");
    expect(() => checkOutput(join(scratch, name))).toThrow(
      expect.objectContaining({ code: "E_OUTPUT", exitCode, message: expect.stringContaining(says) }),
    );
  });
});

describe("keepFailureLog", () => {
  const failure = (log: string | undefined) =>
    new PlatterError({
      code: "E_TOOL_FAILED",
      kind: "tool",
      message: "failed",
      hint: log && `Read its full output in \`${log}\`.`,
      detail: ["line"],
      log,
    });

  test("the log outlives the folder, and the error names it where it is now", () => {
    writeFileSync(at("squash.log"), "all of it");
    const kept = keepFailureLog(failure(at("squash.log"))) as PlatterError;
    expect(kept).toMatchObject({ code: "E_TOOL_FAILED", exitCode: 4, message: "failed", detail: ["line"] });
    expect(kept.log).not.toBe(at("squash.log"));
    expect(kept.hint).toBe(`Read its full output in \`${kept.log}\`.`);
    expect(readFileSync(kept.log!, "utf8")).toBe("all of it");
    rmSync(kept.log!);
  });

  test("the copy does not follow a link in its place", () => {
    writeFileSync(at("squash.log"), "all of it");
    writeFileSync(at("precious"), "precious");
    const place = join(tmpdir(), `platter-${process.pid}-squash.log`);
    rmSync(place, { force: true });
    symlinkSync(at("precious"), place);
    const kept = keepFailureLog(failure(at("squash.log"))) as PlatterError;
    expect(readFileSync(kept.log!, "utf8")).toBe("all of it");
    expect(readFileSync(at("precious"), "utf8")).toBe("precious");
    rmSync(kept.log!);
  });

  test("without a log the error stays as it is", () => {
    for (const error of [failure(undefined), failure(at("nowhere.log")), new Error("a bug")])
      expect(keepFailureLog(error)).toBe(error);
  });

  test("a log that cannot be kept does not hide why it was to be kept", () => {
    writeFileSync(at("squash.log"), "all of it");
    const before = process.env.TMPDIR;
    process.env.TMPDIR = at("nowhere");
    try {
      const error = failure(at("squash.log"));
      expect(keepFailureLog(error)).toMatchObject({
        code: "E_TOOL_FAILED",
        message: "failed",
        hint: undefined,
      });
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  });
});
