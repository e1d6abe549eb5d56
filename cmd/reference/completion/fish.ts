import type { CommandPage, OptionEntry } from "../page.ts";
import { IMAGE_PREFIXES, optionsOf, type Values, valuesOfArgument, valuesOfOption } from "./values.ts";

/**
 * A completion script for fish. The user sources it, or saves it as `platter.fish` in a folder of `fish_complete_path`.
 */
export function fishCompletion(pages: readonly CommandPage[]): string {
  const [program, ...commands] = pages;
  return `# fish completion for platter: platter completion fish | source

# Prints the command on the line; fails if the line does not name a command yet.
function __platter_command
    set -l words (commandline -opc)
    for word in $words[2..-1]
        string match -q -- '-*' $word
        or begin
            echo $word
            return 0
        end
    end
    return 1
end

function __platter_uses
    set -l command (__platter_command)
    and test "$command" = $argv[1]
end

# Prints transports and paths, or the paths after a transport.
function __platter_images
    set -l token (commandline -ct | string replace -r '^--[a-z-]+=' '')
    set -l transport (string match -r '^(?:${IMAGE_PREFIXES.join("|")})' -- $token)
    if set -q transport[1]
        set -l path (string sub -s (math (string length -- $transport) + 1) -- $token)
        for file in $path*
            test -d $file; and set file $file/
            echo $transport$file
        end
    else
        printf '%s\\n' ${IMAGE_PREFIXES.join(" ")}
        __fish_complete_path $token
    end
end

complete -c platter -f
${commands
  .map(
    ({ name, summary }) =>
      `complete -c platter -n 'not __platter_command' -a ${name} -d ${quoted(summary)}\n`,
  )
  .join("")}${program!.globalOptions.map((option) => optionLine(option, "")).join("")}${commands
  .map((page) => commandLines(page, pages))
  .join("")}`;
}

function commandLines(page: CommandPage, pages: readonly CommandPage[]): string {
  const [argument] = page.arguments;
  const condition = ` -n '__platter_uses ${page.name}'`;
  const global = page.globalOptions.map(({ long }) => long);
  const own = optionsOf(page).filter(({ long }) => !global.includes(long));
  const values: Values = argument === undefined ? { kind: "text" } : valuesOfArgument(argument, pages);
  const offered = values.kind === "text" ? "" : `complete -c platter${condition} ${flagsFor(values)}\n`;
  return offered + own.map((option) => optionLine(option, condition)).join("");
}

function optionLine(option: OptionEntry, condition: string): string {
  const values = valuesOfOption(option);
  const short = option.short === undefined ? "" : ` -s ${option.short.slice(1)}`;
  const value = values === undefined ? "" : ` -r ${flagsFor(values)}`;
  return `complete -c platter${condition}${short} -l ${option.long.slice(2)}${value} -d ${quoted(option.description)}\n`;
}

/** Flags of \`complete\` that offer these values. */
function flagsFor(values: Values): string {
  switch (values.kind) {
    case "words":
      return `-f -a ${quoted(values.words.join(" "))}`;
    case "file":
      return "-F";
    case "folder":
      return "-f -a '(__fish_complete_directories)'";
    case "image":
      return "-f -a '(__platter_images)'";
    case "text":
      return "-f";
    default:
      return values satisfies never;
  }
}

const quoted = (text: string) => `'${text.replace(/[\\']/g, "\\$&")}'`;
