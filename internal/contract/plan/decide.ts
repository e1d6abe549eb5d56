import { hasBios } from "../../base/architecture.ts";
import { compileExcludes } from "../../image/excludes.ts";
import { findFile } from "../../image/find-file.ts";
import { imageTime } from "../../image/image-time.ts";
import { nameOf } from "../../image/reference.ts";
import { checkCapabilities } from "../checks/check-capabilities.ts";
import { checkLive } from "../checks/check-live.ts";
import { checkSelinux } from "../checks/check-selinux.ts";
import { findingsAboutExcludes } from "../checks/exclude-findings.ts";
import { checkKeys } from "../checks/left-keys.ts";
import { checkEntries } from "../config/check-menu.ts";
import { decideMenu } from "../config/decide-menu.ts";
import { finding } from "../findings/finding.ts";
import { architectureOf } from "../pieces/image-architecture.ts";
import { locateBios, locateFont } from "../pieces/locate-bios.ts";
import { locateEfi } from "../pieces/locate-efi.ts";
import { locateKernel } from "../pieces/locate-kernel.ts";
import { distributionOf } from "../pieces/packages.ts";
import { decideSelinux } from "./decide-selinux.ts";
import type { Decision, DecisionInputs } from "./decision.ts";
import { readIsoYaml, readOsRelease } from "./image-texts.ts";
import { requirePieceSizes } from "./piece-size.ts";
import type { PlanOptions } from "./plan-options.ts";

/** Makes the decisions that need only the names and texts of the image. */
export async function decide(inputs: DecisionInputs, options: PlanOptions): Promise<Decision> {
  const { tree } = inputs;
  const { root, source } = tree;
  const architecture = await architectureOf(tree, options.architecture);
  const osRelease = await readOsRelease(inputs);
  const { config, placeOf, findings } = await readIsoYaml(inputs, options);
  const selinux = await decideSelinux(
    { root, reference: source.reference, readBytes: inputs.readBytes },
    options.selinux ?? config.selinux ?? "auto",
  );
  const { labelled } = selinux;
  const { label, menu, ...decided } = decideMenu({
    config,
    placeOf,
    osRelease,
    architecture,
    label: options.label,
    kernelArgs: options.kernelArgs,
    labelled,
  });
  const { kernel, ...located } = locateKernel(root, options.kernel);
  const distribution = distributionOf(osRelease);
  const { efi, ...loaders } = locateEfi(root, { architecture, vendor: options.vendor, distribution });
  const wantsBios = options.boot === "bios-and-uefi" && hasBios(architecture);
  const { modules, ...bios } = wantsBios ? locateBios(root) : { modules: undefined, findings: [] };
  const { font, ...fonts } = locateFont(root);
  const bootModules = modules && { modules };
  requirePieceSizes({ kernel, efi, bios: bootModules, font });
  for (const each of [decided, located, loaders, bios, fonts]) findings.push(...each.findings);
  findings.push(...checkKeys(root), ...selinux.findings);
  findings.push(...(await checkSelinux({ root, readText: inputs.readText, labelled }, menu)));
  findings.push(...checkEntries(menu, { font: font === undefined ? "absent" : "present" }));
  findings.push(...findingsAboutExcludes(root, options.excludes));
  const exclude = compileExcludes(options.excludes) as (path: string) => boolean;
  findings.push(
    ...inputs.owners.findings(),
    ...(await checkCapabilities({ root, readText: inputs.readText })),
    ...(await checkLive({ root, readText: inputs.readText, exclude, menu, label })),
  );
  if (options.payloads?.length && findFile(root, "usr/bin/fuse-overlayfs") === undefined) {
    const seen = `${nameOf(source.reference)} has no \`/usr/bin/fuse-overlayfs\`.`;
    findings.push(finding("F_PAYLOAD_MOUNT", seen));
  }
  if (root.children?.get("usr")?.inode.type !== "directory") {
    findings.push(finding("F_NO_USR", `${nameOf(source.reference)} has no \`/usr\` directory.`));
  }
  return {
    root: {
      image: {
        reference: source.reference,
        digest: source.digest ?? null,
        created: source.created ?? null,
        treeDigest: inputs.treeDigest,
      },
      payloads: [...(options.payloads ?? [])],
      architecture,
      time: imageTime(tree, options.epoch),
      kernel: kernel && { version: kernel.version },
      excludes: [...options.excludes],
      ...(source.overlays === undefined ? {} : { overlays: [...source.overlays] }),
      ...(selinux.plan === undefined ? {} : { selinux: selinux.plan }),
    },
    identity: { product: osRelease.name ?? "", productVersion: osRelease.versionId ?? "", label, menu },
    distribution,
    placeOf,
    kernel,
    efi,
    bios: bootModules,
    font,
    added: options.added,
    findings,
  };
}
