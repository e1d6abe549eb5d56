import type { Severity } from "../../base/notice.ts";
import type { PackagedPiece } from "../../base/packages.ts";
import type { BootEffect } from "./boot-claims.ts";
import type { Part } from "./plan-parts.ts";

/** The subject of a finding: the image with its configuration, or an option that does not fit the image. */
export type FindingKind = "image" | "option";

/** A part of a live system that an image may lack: a piece of a package, or a part that the Containerfile makes. */
export type AddedPart = PackagedPiece | "initramfs" | "machine-id" | "iso-yaml";

/** The texts that all findings of a code share. */
export interface FindingText {
  severity: Severity;
  /** The part of a plan that the finding concerns. A stage that does not need the part is not stopped. */
  part: Part;
  kind: FindingKind;
  /** The parts of a live system with which `platter containerfile` solves the problem. Undefined if it cannot. */
  adds?: readonly AddedPart[];
  /** A short description of the problem. */
  title: string;
  /** One sentence that explains why the problem matters. */
  why: string;
  /** One sentence that explains how to fix the problem. */
  fix: string;
  /**
   * Ways to boot that the problem prevents or limits, with `title` as the reason. Undefined without an effect on
   * booting.
   */
  boot?: Pick<BootEffect, "effect" | "ways">;
}
