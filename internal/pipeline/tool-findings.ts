import { checkMksquashfs } from "../contract/check-tools.ts";
import { type Finding, finding } from "../contract/finding.ts";
import { PlatterError } from "../error.ts";
import type { Compression } from "../squash/rootfs-options.ts";
import { listCompressors } from "../tool/compressors.ts";
import type { ToolName } from "../tool/find.ts";
import type { Toolbox } from "../tool/toolbox.ts";

export interface ToolNeeds {
  tools: readonly ToolName[];
  compression: Compression;
  /** What a tool is that is missing or too old: the end, or a finding. */
  unusable: "fails" | "is-told";
}

/**
 * Looks at the tools that will be used, before anything slow starts.
 * @throws PlatterError `E_TOOL_MISSING`, `E_TOOL_VERSION` where these are no findings
 */
export async function findingsAboutTools(toolbox: Toolbox, needs: ToolNeeds): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of needs.tools) {
    try {
      findings.push(...(await findingsAbout(name, { toolbox, needs })));
    } catch (error) {
      if (needs.unusable === "fails" || !(error instanceof PlatterError) || error.kind !== "tool")
        throw error;
      const code = error.code === "E_TOOL_MISSING" ? "F_TOOL_MISSING" : "F_TOOL_VERSION";
      findings.push(finding(code, `${error.message}.`, { fix: error.hint }));
    }
  }
  return findings;
}

async function findingsAbout(
  name: ToolName,
  { toolbox, needs }: { toolbox: Toolbox; needs: ToolNeeds },
): Promise<Finding[]> {
  const { version } = await toolbox.find(name);
  switch (name) {
    case "mksquashfs":
      return checkMksquashfs({ version, compressors: await listCompressors(toolbox) }, needs.compression);
    case "grub-mkimage":
    case "mkfs.erofs":
      return [];
    default: {
      const never: never = name;
      return never;
    }
  }
}
