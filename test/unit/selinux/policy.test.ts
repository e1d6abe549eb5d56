/** Policies from their text files: which line decides, and which texts are refused. */
import { describe, expect, test } from "bun:test";
import { toBytePath } from "../../../internal/bytes/byte-path.ts";
import type { EntryType } from "../../../internal/image/image-tree.ts";
import { type MatchingOrder, matchingOrderOf } from "../../../internal/selinux/matching-order.ts";
import { type PolicyTexts, SelinuxPolicy } from "../../../internal/selinux/policy.ts";

const FILE = "/etc/selinux/targeted/contexts/files/file_contexts";
const ORDERS: readonly MatchingOrder[] = ["before 3.8", "3.8", "from 3.9"];

function policy(texts: string | PolicyTexts, order: MatchingOrder = "from 3.9"): SelinuxPolicy {
  return new SelinuxPolicy(typeof texts === "string" ? { contexts: texts } : texts, { file: FILE, order });
}

/** The type in a context, which says which line decided. */
function typeOf(from: SelinuxPolicy, path: string, type: EntryType = "file"): string | undefined {
  return from.contextOf(toBytePath(path), type)?.split(":")[2];
}

describe.each(ORDERS)("SelinuxPolicy, order of libselinux %s", (order) => {
  test("the last line that matches decides", () => {
    const both = policy("/a.* u:r:first:s0\n/ab.* u:r:second:s0\n/.*b u:r:third:s0\n", order);
    expect(typeOf(both, "/abc")).toBe("second");
    expect(typeOf(both, "/ab")).toBe("third");
    expect(typeOf(both, "/ac")).toBe("first");
    expect(typeOf(both, "/c")).toBeUndefined();
  });

  test("a line without special characters decides, even before others", () => {
    const both = policy("/a\\.b u:r:exact:s0\n/a.* u:r:pattern:s0\n", order);
    expect(typeOf(both, "/a.b")).toBe("exact");
    expect(typeOf(both, "/axb")).toBe("pattern");
  });

  test("a line with a type is about entries of that type only", () => {
    const types = policy("/.* u:r:any:s0\n/.* -d u:r:folder:s0\n/dev/.* -c u:r:character:s0\n", order);
    expect(typeOf(types, "/dev/x")).toBe("any");
    expect(typeOf(types, "/dev", "directory")).toBe("folder");
    expect(typeOf(types, "/dev/x", "character-device")).toBe("character");
    expect(typeOf(types, "/", "directory")).toBe("folder");
  });

  test("`<<none>>` gives no context", () => {
    const none = policy("/.* u:r:any:s0\n/proc/.* <<none>>\n", order);
    expect(none.contextOf(toBytePath("/proc/1"), "file")).toBeUndefined();
    expect(typeOf(none, "/proc", "directory")).toBe("any");
  });

  test("home directories count after the policy, and local lines after both", () => {
    const texts = {
      contexts: "/.* u:r:base:s0\n/home/x.* u:r:base_x:s0\n",
      homedirs: "/home/.* u:r:home:s0\n",
      local: "/home/l.* u:r:local:s0\n",
    };
    expect(typeOf(policy(texts, order), "/home/x")).toBe("home");
    expect(typeOf(policy(texts, order), "/home/l")).toBe("local");
  });

  test("local aliases come before those of the distribution", () => {
    const texts = {
      contexts: "/.* u:r:base:s0\n/usr/lib/.* u:r:library:s0\n",
      subs: "/opt/lib /lib64\n",
      subsDist: "# Aliases\n/lib64 /usr/lib\n\n/sysroot /\n",
    };
    expect(typeOf(policy(texts, order), "/opt/lib/x")).toBe("library");
    expect(typeOf(policy(texts, order), "/opt/library/x")).toBe("base");
    expect(typeOf(policy(texts, order), "/sysroot/usr/lib/x")).toBe("library");
  });

  test("bytes that are not UTF-8 are bytes", () => {
    const bytes = policy("/x[^/] u:r:one:s0\n/x[^/][^/] u:r:two:s0\n", order);
    expect(bytes.contextOf(toBytePath("/x\u00e9"), "file")).toBe("u:r:two:s0");
  });
});

test("SelinuxPolicy: of several aliases the last one decides, but in 3.8 the first", () => {
  const texts = {
    contexts: "/var/run/.* u:r:run:s0\n/var/lock/.* u:r:lock:s0\n",
    subsDist: "/run /var/run\n/run/lock /var/lock\n",
  };
  const found = ORDERS.map((order) => typeOf(policy(texts, order), "/run/lock/x"));
  expect(found).toEqual(["lock", "run", "lock"]);
});

test("SelinuxPolicy: from 3.8 on, `<<none>>` below a folder stops the search", () => {
  const texts = "/usr/lib/.* <<none>>\n/.*x u:r:any:s0\n";
  const found = ORDERS.map((order) => typeOf(policy(texts, order), "/usr/lib/x"));
  expect(found).toEqual(["any", undefined, undefined]);
});

test("SelinuxPolicy: an exact local line replaces one with a type, but not in 3.8", () => {
  const texts = { contexts: "/bin/su -- u:r:base:s0\n", local: "/bin/su u:r:local:s0\n" };
  expect(ORDERS.map((order) => typeOf(policy(texts, order), "/bin/su"))).toEqual(["local", "base", "local"]);
});

test.each([
  ["/a", "line 1", "does not have a context"],
  ["/a u:r:t:s0\n\n/b -x u:r:t:s0", "line 3", "has an unknown file type"],
  ["# ü\n/ü u:r:t:s0", "line 2", "contains a character outside of ASCII"],
  ["/a u:r", "line 1", "has a context without user, role and type"],
  ["/a u:r:", "line 1", "has a context without user, role and type"],
  [`/${"a".repeat(65535)} u:r:t:s0`, "line 1", "is too long"],
  ["/a u:r:t:s0\n/(b u:r:t:s0", "line 2", "has an opening parenthesis"],
])("SelinuxPolicy: a wrong line is refused with its number: %#", (text, line, reason) => {
  const refusal = expect(() => policy(text));
  refusal.toThrow(line);
  expect(() => policy(text)).toThrow(reason);
  expect(() => policy(text)).toThrow(FILE);
});

test("SelinuxPolicy: a wrong line of home directories is refused with their file", () => {
  expect(() => policy({ contexts: "", homedirs: "/x[ u:r:t:s0" })).toThrow(`line 1 of \`${FILE}.homedirs\``);
});

test("matchingOrderOf: the library's symbol versions decide", () => {
  const library = (...names: string[]) => Buffer.from(`\x7fELF\0${names.join("\0")}\0`);
  expect(matchingOrderOf(library("LIBSELINUX_1.0", "LIBSELINUX_3.5"))).toBe("before 3.8");
  expect(matchingOrderOf(library("LIBSELINUX_3.5", "LIBSELINUX_3.8"))).toBe("3.8");
  expect(matchingOrderOf(library("LIBSELINUX_3.8", "LIBSELINUX_3.9"))).toBe("from 3.9");
});

test.each([
  ["too many patterns", { contexts: "/a u:r:t:s0\n".repeat(100_001) }, "has 100001 patterns"],
  ["too many aliases", { contexts: "", subs: "/a /b\n".repeat(2001) }, "has 2001 aliases"],
  [
    "patterns that are too large together",
    { contexts: "/.*a{1900} u:r:t:s0\n".repeat(600) },
    "has patterns that are too large together",
  ],
])("SelinuxPolicy: %s are refused", (_, texts, reason) => {
  expect(() => policy(texts)).toThrow(reason);
});

test("SelinuxPolicy: matching ends with an error when it takes too many steps", () => {
  const lines = Array.from({ length: 100 }, (_, index) => `/.*${"a".repeat(50)}${index} u:r:t:s0\n`);
  const slow = new SelinuxPolicy(
    { contexts: lines.join("") },
    { file: FILE, order: "3.8", maxSteps: 1_000_000 },
  );
  const path = toBytePath(`/${"a".repeat(4000)}`);
  expect(() => {
    for (let name = 0; name < 100; name++) slow.contextOf(path, "file");
  }).toThrow("has patterns that take too long to match");
});
