import { describe, expect, test } from "bun:test";
import { lintContainerfile, parseContainerfile } from "../../helpers/images/containerfile.ts";

const DEBIAN = "FROM docker.io/library/debian:trixie-slim\n";

describe("reading a Containerfile", () => {
  test("joins continued lines, over comments and empty lines", () => {
    const text = "# syntax\nFROM a.example/b:1 AS c\nrun one \\\n  # why\n\n && two\nUSER 1\n";
    expect(parseContainerfile(text)).toEqual([
      { name: "FROM", text: "a.example/b:1 AS c", line: 2 },
      { name: "RUN", text: "one && two", line: 3 },
      { name: "USER", text: "1", line: 7 },
    ]);
  });
});

describe("a rule finds what it is for", () => {
  const cases: readonly [rule: string, text: string][] = [
    ["2 unknown-instruction", `${DEBIAN}RUM true\n`],
    ["1 from-not-qualified", "FROM debian:trixie\n"],
    ["1 from-without-tag", "FROM docker.io/library/debian\n"],
    ["1 from-without-tag", "FROM docker.io/library/debian:latest\n"],
    ["2 pipe-without-pipefail", `${DEBIAN}RUN one | two\n`],
    ["2 add-from-network", `${DEBIAN}ADD https://example.com/x /x\n`],
    ["2 workdir-not-absolute", `${DEBIAN}WORKDIR out\n`],
    ["2 not-json", `${DEBIAN}CMD run me\n`],
    ["2 hard-coded-esp", `${DEBIAN}COPY shim.efi /boot/efi/EFI/x/\n`],
    ["2 maintainer-is-deprecated", `${DEBIAN}MAINTAINER me\n`],
    ["2 script-from-network", `${DEBIAN}RUN set -o pipefail; curl x | sh\n`],
    ["2 sudo", `${DEBIAN}RUN true && sudo true\n`],
    ["2 cd", `${DEBIAN}RUN cd /x && true\n`],
    ["2 world-writable", `${DEBIAN}RUN chmod -R 777 /x\n`],
    ["2 apt-is-for-people", `${DEBIAN}RUN apt install x\n`],
    ["2 apt-without-yes", `${DEBIAN}RUN apt-get update && apt-get install x\n`],
    ["2 apt-with-recommends", `${DEBIAN}RUN apt-get update && apt-get install -y x\n`],
    ["2 apt-asks-questions", `${DEBIAN}RUN apt-get update && apt-get install -y x\n`],
    ["2 apt-without-update", `${DEBIAN}RUN apt-get install -y x && apt-get update\n`],
    ["2 apt-lists-stay", `${DEBIAN}RUN apt-get update && apt-get install -y x\n`],
    ["2 dnf-without-yes", `${DEBIAN}RUN dnf install x && dnf clean all\n`],
    ["2 dnf-cache-stays", `${DEBIAN}RUN dnf clean all && dnf -y install x\n`],
    ["1 no-from", "RUN true\n"],
  ];
  for (const [rule, text] of cases) {
    test(rule, () => expect(lintContainerfile(text)).toContain(rule));
  }

  test("nothing in what keeps them all", () => {
    const install =
      "RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends x && rm -rf /var/lib/apt/lists/*\n";
    const stages = `FROM ghcr.io/o/r:v1 AS one\n${install}FROM one\nFROM localhost/x@sha256:${"0".repeat(64)}\n`;
    const piped = 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN one | two || three\n';
    expect(lintContainerfile(`${stages}${piped}`)).toEqual([]);
  });

  test("pipefail holds for its own stage only", () => {
    const shell = 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\n';
    expect(lintContainerfile(`${DEBIAN}${shell}${DEBIAN}RUN one | two\n`)).toEqual([
      "4 pipe-without-pipefail",
    ]);
  });
});
