import { ModuleProblem } from "./core-error.ts";
import { requireModule } from "./kernel-image.ts";
import { type ModuleFolder, requireFile } from "./module-folder.ts";

/** More modules than GRUB has. */
const MAX_MODULES = 64;

/**
 * The named modules and their dependencies by the folder's `moddep.lst`. Each module comes after its dependencies.
 * @throws ModuleProblem
 */
export function resolveModules(folder: ModuleFolder, names: readonly string[]): Uint8Array[] {
  const needs = parseDependencies(Buffer.from(requireFile(folder, "moddep.lst")).toString("latin1"));
  const order = new Set<string>();
  const open = new Set<string>();
  const visit = (name: string) => {
    if (order.has(name)) return;
    if (open.has(name)) throw new ModuleProblem(`\`moddep.lst\` says that \`${name}.mod\` needs itself`);
    if (open.size + order.size >= MAX_MODULES)
      throw new ModuleProblem(`\`moddep.lst\` asks for more than ${MAX_MODULES} modules`);
    const needed = needs.get(name);
    if (needed === undefined) throw new ModuleProblem(`\`moddep.lst\` does not list \`${name}.mod\``);
    open.add(name);
    for (const each of needed) visit(each);
    open.delete(name);
    order.add(name);
  };
  for (const name of names) visit(name);
  return [...order].map((name) => {
    const bytes = requireFile(folder, `${name}.mod`);
    requireModule(bytes, `${name}.mod`);
    return bytes;
  });
}

/** Lines of `name: needed needed`. @throws ModuleProblem */
function parseDependencies(text: string): Map<string, string[]> {
  const needs = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    const [, name, list] = /^(\w[\w.+-]*):([ \w.+-]*)$/.exec(line) ?? [];
    if (name === undefined || list === undefined)
      throw new ModuleProblem("`moddep.lst` has a line that is not valid");
    needs.set(
      name,
      list.split(" ").filter((each) => each !== ""),
    );
  }
  return needs;
}
