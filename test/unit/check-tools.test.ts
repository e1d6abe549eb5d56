import { describe, expect, test } from "bun:test";
import { checkMksquashfs } from "../../internal/contract/check-tools.ts";
import { findingsError } from "../../internal/contract/findings-error.ts";
import { findingsAboutTools } from "../../internal/pipeline/tool-findings.ts";
import { listCompressors, parseCompressors } from "../../internal/tool/compressors.ts";
import type { ToolCall } from "../../internal/tool/run.ts";
import { Toolbox } from "../../internal/tool/toolbox.ts";
import { hostProgram } from "../helpers/scene.ts";

const ALL = ["gzip", "lzo", "lz4", "xz", "zstd"];
const codes = (found: { code: string }[]) => found.map(({ code }) => code);

describe("mksquashfs", () => {
  test.each([["4.7"], ["4.7.0"], ["4.7.2"], ["4.7.4"]])("%s may write wrong data", (version) => {
    const [found, ...rest] = checkMksquashfs({ version, compressors: ALL }, "zstd");
    expect(rest).toEqual([]);
    expect(found).toMatchObject({ code: "F_MKSQUASHFS_CORRUPTS", severity: "warning" });
    expect(found!.seen).toBe(`\`mksquashfs\` has version ${version}.`);
  });

  test.each([["4.5"], ["4.6.1"], ["4.7.5"], ["4.8"], ["5.0"]])("%s does not", (version) => {
    expect(checkMksquashfs({ version, compressors: ALL }, "xz")).toEqual([]);
  });

  test("a compressor that it lacks is an error of the tool, with those that it has", () => {
    const found = checkMksquashfs({ version: "4.6.1", compressors: ["gzip", "lz4"] }, "xz");
    expect(codes(found)).toEqual(["F_MKSQUASHFS_COMPRESSOR"]);
    expect(found[0]!.seen).toBe("`mksquashfs` 4.6.1 cannot compress with `xz`; it has `gzip`, `lz4`.");
    expect(findingsError(found, { reference: "x", strictness: "normal" })).toMatchObject({
      code: "E_MKSQUASHFS_COMPRESSOR",
      exitCode: 4,
    });
    expect(checkMksquashfs({ version: "4.6.1", compressors: ["gzip", "xz"] }, "xz")).toEqual([]);
    expect(checkMksquashfs({ version: "4.6.1", compressors: undefined }, "xz")).toEqual([]);
  });

  test.each([
    [
      'mksquashfs: Compressor "x" is not supported!\nmksquashfs: Compressors available:\n\tgzip (default)\n\tlzo\n\tzstd\n',
      ["gzip", "lzo", "zstd"],
    ],
    ["Compressors available:\n    gzip\n    xz (default)\n\nSomething else\n\tno\n", ["gzip", "xz"]],
    ["usage: mksquashfs source dest\n\tgzip\n", undefined],
    ["Compressors available:\n", undefined],
    ["", undefined],
  ])("what it tells in %j", (told, names) => {
    expect(parseCompressors(told)).toEqual(names);
  });
});

describe("tools as they are found", () => {
  const toolbox = (answer: (call: ToolCall) => string) =>
    new Toolbox({
      choice: "host",
      work: "/nowhere",
      signal: new AbortController().signal,
      run: async (call) => ({ exitCode: 1, stdout: answer(call), stderr: "" }),
      onFound: () => {},
      onSubstitute: () => {},
      kept: async () => undefined,
    });
  const isVersionCall = ({ argv }: ToolCall) => /version/.test(argv.at(-1)!);

  test("mksquashfs is asked for its compressors with one that it cannot have", async () => {
    expect(hostProgram("mksquashfs")).toStartWith("/");
    const calls: string[][] = [];
    const box = toolbox((call) => {
      calls.push([...call.argv]);
      return isVersionCall(call) ? "mksquashfs version 4.7.3" : "Compressors available:\n\tgzip\n";
    });
    expect(await listCompressors(box)).toEqual(["gzip"]);
    expect(calls[1]!.slice(1)).toEqual(["-", "/nowhere/platter", "-tar", "-comp", "platter-asks"]);
    const needs = {
      tools: ["mksquashfs"],
      compression: "xz",
      unusable: "fails",
    } as const;
    expect(codes(await findingsAboutTools(box, needs))).toEqual([
      "F_MKSQUASHFS_CORRUPTS",
      "F_MKSQUASHFS_COMPRESSOR",
    ]);
  });

  test("one that is too old is a finding, or the end", async () => {
    const box = toolbox(() => "mksquashfs version 4.4");
    const needs = { tools: ["mksquashfs"], compression: "xz" } as const;
    expect(await findingsAboutTools(box, { ...needs, unusable: "is-told" })).toMatchObject([
      { code: "F_TOOL_VERSION", severity: "warning", seen: expect.stringContaining("4.4 is too old") },
    ]);
    await expect(findingsAboutTools(box, { ...needs, unusable: "fails" })).rejects.toMatchObject({
      code: "E_TOOL_VERSION",
    });
  });
});
