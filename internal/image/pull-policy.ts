/**
 * When an image that is named like one in podman's storage is fetched from its registry: if it is not in the storage,
 * always, if the registry has another one, or never (podman-run(1), `--pull`).
 */
export const PULL_POLICIES = ["missing", "always", "newer", "never"] as const;
export type PullPolicy = (typeof PULL_POLICIES)[number];
