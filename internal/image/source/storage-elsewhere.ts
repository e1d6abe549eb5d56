import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { errnoOf } from "../../base/machine-error.ts";
import { fullImageName } from "../image-name.ts";

const records = z.array(z.object({ id: z.string(), names: z.array(z.string()).nullish() }));

/** Where storages of root and of ordinary users are, if nothing else is configured (containers-storage.conf(5)). */
const ROOT_STORAGE = "/var/lib/containers/storage";
const USER_STORAGE = ".local/share/containers/storage";

/**
 * A hint that an image may be in the storage of root, if the caller is an ordinary user, or in the storage of the user
 * who called sudo. Undefined if neither is likely.
 */
export function storageElsewhere(
  image: string,
  options: {
    environment: Readonly<Record<string, string | undefined>>;
    rootStorage?: string;
    passwd?: string;
  },
): string | undefined {
  const { environment, rootStorage = ROOT_STORAGE, passwd = "/etc/passwd" } = options;
  if ((environment._CONTAINERS_ROOTLESS_UID ?? "0") !== "0") {
    const found = holds(rootStorage, image);
    if (found === "yes") return `Run platter with sudo: the image is in root's storage.`;
    return found === "unreadable" ? "Run platter with sudo if the image is in root's storage." : undefined;
  }
  const user = environment.SUDO_UID === undefined ? undefined : userOf(environment.SUDO_UID, passwd);
  if (user === undefined || holds(join(user.home, USER_STORAGE), image) !== "yes") return undefined;
  return `Run platter without sudo: the image is in the storage of the user \`${user.name}\`.`;
}

function holds(storage: string, image: string): "yes" | "no" | "unreadable" {
  try {
    for (const folder of readdirSync(storage)) {
      if (!folder.endsWith("-images")) continue;
      const parsed = records.safeParse(
        JSON.parse(readFileSync(join(storage, folder, "images.json"), "utf8")),
      );
      if (parsed.data?.some(({ id, names }) => isMeant(image, id, names ?? []))) return "yes";
    }
    return "no";
  } catch (error) {
    return errnoOf(error) === "EACCES" ? "unreadable" : "no";
  }
}

function isMeant(image: string, id: string, names: readonly string[]): boolean {
  if (/^[0-9a-f]{12,64}$/.test(image)) return id.startsWith(image);
  const wanted = fullImageName(image, "");
  if (wanted === undefined) return names.includes(image);
  return names.some(
    (name) => name === wanted || name.endsWith(wanted.startsWith("/") ? wanted : `/${wanted}`),
  );
}

function userOf(uid: string, passwd: string): { name: string; home: string } | undefined {
  try {
    for (const line of readFileSync(passwd, "utf8").split("\n")) {
      const [name, , number, , , home] = line.split(":");
      if (number === uid && name !== undefined && home !== undefined) return { name, home };
    }
  } catch {
    // Without a list of users, the hint is omitted.
  }
  return undefined;
}
