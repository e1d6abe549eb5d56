import type { Architecture } from "../../base/architecture.ts";
import type { VolumeLabel } from "../../grub/menu-model.ts";
import type { SelinuxChoice } from "../../selinux/labels.ts";
import type { KernelArgEdit } from "../config/kernel-arg-edits.ts";
import type { PartialPlan } from "./plan.ts";

/** A file of the host that the ISO contains next to those of the image. */
export interface AddedFile {
  /** Absolute path on the ISO. */
  isoPath: string;
  /** Absolute path on the host. */
  source: string;
  /** Bytes. */
  size: number;
}

/** The options of a plan that a user can set. */
export interface PlanOptions {
  kernel?: string | undefined;
  vendor?: string | undefined;
  label?: VolumeLabel | undefined;
  /** Changes of the kernel arguments of all menu entries. */
  kernelArgs: readonly KernelArgEdit[];
  /** An `iso.yaml` that takes the place of the image's. */
  config?: { text: string; file: string } | undefined;
  architecture?: Architecture | undefined;
  boot: "bios-and-uefi" | "uefi-only";
  /** All patterns that the rootfs leaves out. */
  excludes: readonly string[];
  /** Container images for the live system's storage, looked up already. */
  payloads?: PartialPlan["payloads"] | undefined;
  /** Files of the host for the ISO, in order of their path there. */
  added: readonly AddedFile[];
  /** SELinux labels; undefined if iso.yaml decides. */
  selinux?: SelinuxChoice | undefined;
  /** SOURCE_DATE_EPOCH: seconds since 1970. */
  epoch?: number | undefined;
}
