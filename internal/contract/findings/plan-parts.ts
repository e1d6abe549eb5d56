/** The parts of a plan. A stage may need some parts and not others. */
export const PARTS = ["root", "config", "kernel", "efi", "bios"] as const;
export type Part = (typeof PARTS)[number];
