/** File systems that the live system's root can be. */
export const ROOTFS_TYPES = ["squashfs", "erofs"] as const;
export type RootfsType = (typeof ROOTFS_TYPES)[number];
