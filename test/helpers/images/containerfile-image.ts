/** Images in memory for `platter containerfile`, and what it prints for them. */
import { containerfileFor } from "../../../internal/containerfile/containerfile.ts";
import { ForeignOwners } from "../../../internal/contract/checks/foreign-owners.ts";
import { decide } from "../../../internal/contract/plan/decide.ts";
import { readWhole } from "../../../internal/image/read-whole.ts";
import { openLayers } from "./memory-layers.ts";
import type { Member } from "./tar-maker.ts";

const NAMED = "docker://registry.example/os:1";
export const OS_RELEASES = {
  debian: 'ID=debian\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\n',
  ubuntu: "ID=ubuntu\nID_LIKE=debian\nNAME=Ubuntu\nVERSION_ID=24.04\n",
  fedora: 'ID=fedora\nNAME="Fedora Linux"\nVERSION_ID=44\n',
  centos: 'ID="centos"\nID_LIKE="rhel fedora"\nNAME="CentOS Stream"\nVERSION_ID="10"\n',
  arch: 'ID=arch\nNAME="Arch Linux"\n',
};
export function file(name: string, content = "x"): Member {
  return { name, content };
}

export const MANAGERS = ["apt-get", "dnf", "pacman"].map((name) => file(`usr/bin/${name}`));

interface Image {
  osRelease?: string;
  reference?: string;
  architecture?: string;
}

/** The Containerfile for an image with these files next to its os-release. */
export async function containerfile(members: readonly Member[], image: Image = {}): Promise<string> {
  const osRelease = file("usr/lib/os-release", image.osRelease ?? OS_RELEASES.debian);
  await using tree = await openLayers([[{ name: "usr/" }, osRelease, ...members]]);
  const { reference = NAMED, architecture = "amd64" } = image;
  const { root } = tree;
  const source = { ...tree.source, reference, architecture };
  const readBytes = ({ inode }: typeof root) => readWhole(tree, inode);
  const decision = await decide(
    {
      tree: Object.assign(Object.create(tree), { source }),
      treeDigest: "",
      owners: new ForeignOwners(),
      readText: async (node) => Buffer.from(await readBytes(node)).toString(),
      readBytes,
    },
    { boot: "bios-and-uefi", excludes: [], kernelArgs: [], added: [] },
  );
  return containerfileFor({ tree: { root, source }, decision, findings: decision.findings });
}
