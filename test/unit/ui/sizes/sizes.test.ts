import { describe, expect, test } from "bun:test";
import { sizesPage } from "../../../../internal/ui/sizes/page.ts";
import { renderSizes } from "../../../../internal/ui/sizes/table.ts";
import { HOSTILE, isoOf, MIB } from "../../../helpers/iso-sizes.ts";

const group = (bytes: number) => ({ bytes, size: bytes, files: 1 });

describe("renderSizes", () => {
  test("folders with their parents, the largest first", () => {
    expect(renderSizes("os.iso", isoOf(), { top: 3 })).toBe(
      `os.iso: 100 MiB

    on ISO   share     content  file or folder
  71.0 MiB    71 %     140 MiB  /LiveOS
  20.0 MiB    20 %    40.0 MiB  /kernel
   9.0 MiB     9 %              padding

    on ISO   share     content  largest folders in /LiveOS/squashfs.img
  69.0 MiB    69 %     138 MiB  /usr
  59.0 MiB    59 %     118 MiB  /usr/lib
   1.0 MiB     1 %     2.0 MiB  /etc
`,
    );
  });

  test("packages and layers beyond --top are one row; texts are safe on a terminal", () => {
    const packages = [40, 20, 5, 3, 2].map((size, i) => ({ name: `p${i}`, ...group(size * MIB) }));
    const layers = [
      { layer: 0, ...group(10 * MIB) },
      { layer: 1, ...group(30 * MIB) },
      { layer: undefined, ...group(MIB) },
    ];
    const text = renderSizes("os.iso", isoOf(packages, layers), { top: 2 });
    expect(text).toContain("  40.0 MiB    40 %    40.0 MiB  p0\n  20.0 MiB    20 %    20.0 MiB  p1\n");
    expect(text).toContain("  10.0 MiB    10 %    10.0 MiB  3 others\n");
    expect(text).toContain("layer 2 of 2, bbbbbbbbbbbb: RUN one two \\x1b[31m long");
    expect(text).not.toMatch(/[\x1b]/);
  });

  test("one row more than --top is shown instead of one other", () => {
    const packages = [
      { name: undefined, ...group(2) },
      { name: "b", ...group(1) },
    ];
    expect(renderSizes("os.iso", isoOf(packages), { top: 1 })).toContain("files of no package\n       1 B");
  });
});

describe("sizesPage", () => {
  const page = sizesPage("folder/os.iso", isoOf([{ name: HOSTILE, ...group(MIB) }]));

  test("every link leads to a view, and the view of the ISO is the last", () => {
    const ids = [...page.matchAll(/<section class="view card" id="([^"]+)"/g)].map(([, id]) => id!);
    expect(ids.at(-1)).toBe("top");
    expect(new Set(ids).size).toBe(ids.length);
    const links = [...page.matchAll(/href="#([^"]*)"/g)].map(([, id]) => id!);
    expect([...new Set(links)].sort()).toEqual(ids.toSorted());
  });

  test("hostile names stay text, and nothing is loaded or run", () => {
    expect(page).not.toMatch(/<script|\son\w+=|https?:|url\(/i);
    expect(page).toContain("&lt;script&gt;alert(1)&lt;/script&gt;\\x1b[2J");
    expect(page).toContain("<title>os.iso: 100 MiB</title>");
  });

  test("the view of a folder has its path, and the sizes of its files", () => {
    const view = page.split("<section").find((text) => text.includes(">lib</a> <span"))!;
    expect(view).toMatch(/ISO<\/a> \/ <a href="#[^"]+">LiveOS<\/a> \/ .*squashfs\.img.*usr/s);
    expect(view).toContain("59.0 MiB, 59 %");
    expect(view).toMatch(/<td class="number">50\.0 MiB<\/td>.*<td>big<\/td>/s);
  });
});
