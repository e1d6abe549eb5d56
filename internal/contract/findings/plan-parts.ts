/** What a plan consists of, as far as a stage may do with one part and without another. */
export const PARTS = ["root", "config", "kernel", "efi", "bios"] as const;
export type Part = (typeof PARTS)[number];
