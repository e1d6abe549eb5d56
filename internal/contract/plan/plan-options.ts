import type { Architecture } from "../../base/architecture.ts";
import type { SelinuxChoice } from "../../selinux/labels.ts";
import type { PartialPlan } from "./plan.ts";

/** The options of a plan that a user can set. */
export interface PlanOptions {
  kernel?: string | undefined;
  vendor?: string | undefined;
  label?: string | undefined;
  /** An `iso.yaml` that takes the place of the image's. */
  config?: { text: string; file: string } | undefined;
  architecture?: Architecture | undefined;
  boot: "bios-and-uefi" | "uefi-only";
  /** All patterns that the rootfs leaves out. */
  excludes: readonly string[];
  /** Container images for the live system's storage, looked up already. */
  payloads?: PartialPlan["payloads"] | undefined;
  /** SELinux labels; undefined if iso.yaml decides. */
  selinux?: SelinuxChoice | undefined;
  /** SOURCE_DATE_EPOCH: seconds since 1970. */
  epoch?: number | undefined;
}
