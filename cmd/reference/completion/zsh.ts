import type { CommandPage, OptionEntry } from "../page.ts";
import { IMAGE_PREFIXES, optionsOf, type Values, valuesOfArgument, valuesOfOption } from "./values.ts";

/** A completion script for zsh. The user sources it, or saves it as `_platter` in a folder of `fpath`. */
export function zshCompletion(pages: readonly CommandPage[]): string {
  const [program, ...commands] = pages;
  return `#compdef platter
# zsh completion for platter: source <(platter completion zsh)

# A transport, then a path.
_platter_images() {
  if compset -P '(${IMAGE_PREFIXES.filter((prefix) => prefix.endsWith(":")).join("|")})'; then
    _files
  else
    compadd -S '' -- ${IMAGE_PREFIXES.join(" ")}
    _files
  fi
}

_platter_commands() {
  local -a commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join("\n")}
  )
  _describe command commands
}

_platter() {
  local curcontext=$curcontext state line
  local -A opt_args
  _arguments -C -s -S \\
    ${optionsOf(program!).flatMap(optionSpecs).join(" \\\n    ")} \\
    '1:command:_platter_commands' '*::argument:->arguments'
  [[ $state = arguments ]] || return
  case $words[1] in
${commands.map((page) => commandCase(page, pages)).join("\n")}
  esac
}

# A file of fpath is called; a file that is sourced only registers the function.
if [[ $zsh_eval_context[-1] = loadautofunc ]]; then
  _platter "$@"
else
  compdef _platter platter
fi
`;
}

function commandCase(page: CommandPage, pages: readonly CommandPage[]): string {
  const positions = page.arguments.map((argument, index) => {
    const message = escaped(argument.name);
    return quoted(`${index + 1}:${message}:${action(valuesOfArgument(argument, pages))}`);
  });
  const specs = [...optionsOf(page).flatMap(optionSpecs), ...positions];
  return `    ${page.name})
      _arguments -s -S \\
        ${specs.join(" \\\n        ")}
      ;;`;
}

function optionSpecs(option: OptionEntry): string[] {
  const { long, short, description, isRepeatable } = option;
  const values = valuesOfOption(option);
  const about = `[${escaped(description)}]`;
  const value = values === undefined ? "" : `:${escaped(option.value ?? "")}:${action(values)}`;
  const excluded = isRepeatable ? "*" : short === undefined ? "" : `(${short} ${long})`;
  const names = [`${long}${values === undefined ? "" : "="}`];
  if (short !== undefined) names.push(`${short}${values === undefined ? "" : "+"}`);
  return names.map((name) => quoted(`${excluded}${name}${about}${value}`));
}

function action(values: Values): string {
  switch (values.kind) {
    case "words":
      return `(${values.words.map(escaped).join(" ")})`;
    case "file":
      return "_files";
    case "folder":
      return "_files -/";
    case "image":
      return "_platter_images";
    case "text":
      return "";
    default:
      return values satisfies never;
  }
}

/** A text with the special characters of an `_arguments` specification escaped. */
const escaped = (text: string) => text.replace(/[\\:[\]]/g, "\\$&");

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
