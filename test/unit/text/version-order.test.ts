import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { compareSegments, compareVersions } from "../../../internal/text/version-order.ts";

// Properties and real tools take their time on a busy machine.
setDefaultTimeout(60_000);

describe("compareVersions", () => {
  /** Each list is in order, oldest first. */
  const ORDERED: Record<string, string[]> = {
    upstream: ["6.9", "6.9.1", "6.10-rc1", "6.10-rc2", "6.10-rc10", "6.10", "6.10.1", "6.11", "10.0"],
    Fedora: [
      "6.11.0-0.rc5.20240830git.43.fc41.x86_64",
      "6.11.0-63.fc41.x86_64",
      "6.11.4-301.fc41.x86_64",
      "6.11.10-300.fc41.x86_64",
      "6.12.0-200.fc41.x86_64",
      "6.12.0-200.fc42.x86_64",
    ],
    "Enterprise Linux": [
      "5.14.0-70.el9.x86_64",
      "5.14.0-503.el9.x86_64",
      "5.14.0-503.11.1.el9_5.x86_64",
      "6.12.0-55.el10.x86_64",
      "6.12.0-55.9.1.el10_0.x86_64",
      "6.12.0-124.el10.x86_64",
    ],
    Debian: [
      "6.1.0-0.deb11.13-amd64",
      "6.1.0-9-amd64",
      "6.1.0-18-amd64",
      "6.9.7-amd64",
      "6.12-trunk-amd64",
      "6.12-amd64",
      "6.12.9-amd64",
    ],
    Ubuntu: ["6.8.0-9-generic", "6.8.0-31-generic", "6.8.0-31-lowlatency", "6.11.0-8-generic"],
    Arch: ["6.9.10-arch1-1", "6.10.0-rc3-1-mainline", "6.10.0-arch1-1", "6.10.0-arch1-2", "6.10.1-arch1-1"],
  };

  for (const [name, ordered] of Object.entries(ORDERED)) {
    test(`${name}: every pair is in order`, () => {
      for (const [at, older] of ordered.entries()) {
        expect(compareVersions(older, older)).toBe(0);
        for (const newer of ordered.slice(at + 1)) {
          expect([older, newer, Math.sign(compareVersions(older, newer))]).toEqual([older, newer, -1]);
          expect([newer, older, Math.sign(compareVersions(newer, older))]).toEqual([newer, older, 1]);
        }
      }
    });
  }

  test("is a total order: antisymmetric, transitive, and 0 only for the same name", () => {
    const name = fc.string({ unit: fc.constantFrom(..."0019arct.-~^+_"), maxLength: 8 });
    const real = fc.constantFrom(...Object.values(ORDERED).flat());
    fc.assert(
      fc.property(fc.tuple(fc.oneof(name, real), fc.oneof(name, real), fc.oneof(name, real)), ([a, b, c]) => {
        expect(Math.sign(compareVersions(a, b)) + Math.sign(compareVersions(b, a))).toBe(0);
        expect(compareVersions(a, b) === 0).toBe(a === b);
        if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) {
          expect(compareVersions(a, c)).toBeLessThanOrEqual(0);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("compareSegments is rpm's comparison", () => {
  test.each([
    ["1.0", "1.0", 0],
    ["1.0", "2.0", -1],
    ["2.0.1", "2.0", 1],
    ["2.0.1a", "2.0.1", 1],
    ["5.5p1", "5.5p2", -1],
    ["5.5p10", "5.5p1", 1],
    ["10xyz", "10.1xyz", -1],
    ["xyz10", "xyz10.1", -1],
    ["xyz.4", "8", -1],
    ["xyz.4", "2", -1],
    ["5.5p2", "5.6p1", -1],
    ["6.0.rc1", "6.0", 1],
    ["10b2", "10a1", 1],
    ["1.0aa", "1.0a", 1],
    ["10.0001", "10.0039", -1],
    ["10.0001", "10.1", 0],
    ["4.999.9", "5.0", -1],
    ["20101121", "20101122", -1],
    ["2_0", "2.0", 0],
    ["a", "a+", 0],
    ["1.0~rc1", "1.0", -1],
    ["1.0~rc1", "1.0~rc2", -1],
    ["1.0~rc1~git123", "1.0~rc1", -1],
    ["1.0^", "1.0", 1],
    ["1.0^git1", "1.0^git2", -1],
    ["1.0^git1", "1.01", -1],
    ["1.0^20160101", "1.0.1", -1],
    ["1.0^20160102", "1.0^20160101^git1", 1],
    ["1.0~rc1^git1", "1.0~rc1", 1],
    ["1.0^git1~pre", "1.0^git1", -1],
    ["99999999999999999999999", "100000000000000000000000", -1],
    ["", "a", -1],
    ["", "~", 1],
  ])("%s and %s: %i", (left, right, sign) => {
    expect(Math.sign(compareSegments(left, right))).toBe(sign);
    expect(Math.sign(compareSegments(right, left))).toBe(0 - sign);
  });
});
