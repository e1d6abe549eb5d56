import type { CommandPage } from "../page.ts";
import { IMAGE_PREFIXES, optionsOf, type Values, valuesOfArgument, valuesOfOption } from "./values.ts";

/** A completion script for bash 4.4 and later. It needs no other package. */
export function bashCompletion(pages: readonly CommandPage[]): string {
  const [program, ...commands] = pages;
  const names = commands.map(({ name }) => name).join(" ");
  return `# bash completion for platter: source <(platter completion bash)

# Offers words that begin with the value.
_platter_words() { # VALUE WORDS
  mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
}

# Offers files, or with -d folders.
_platter_paths() { # VALUE -f|-d
  mapfile -t COMPREPLY < <(compgen "$2" -- "$1")
  compopt -o filenames
}

# Offers transports and files, or the files after a transport.
_platter_images() { # VALUE
  case $1 in
    ${IMAGE_PREFIXES.filter((prefix) => prefix.endsWith(":"))
      .map((prefix) => `${prefix}*`)
      .join(" | ")})
      mapfile -t COMPREPLY < <(compgen -f -- "\${1#*:}")
      compopt -o filenames
      # The shell takes what follows the colon as a word of its own.
      [[ $COMP_WORDBREAKS = *:* ]] || COMPREPLY=("\${COMPREPLY[@]/#/\${1%%:*}:}")
      return
      ;;
  esac
  mapfile -t COMPREPLY < <(compgen -f -W "${IMAGE_PREFIXES.join(" ")}" -- "$1")
  compopt -o filenames
  [[ \${#COMPREPLY[@]} != 1 || \${COMPREPLY[0]} != *[:/] ]] || compopt -o nospace
}

# The words up to the cursor, without the breaks that the shell makes at : and =.
_platter_split() {
  local rest=\${COMP_LINE:0:COMP_POINT} part i
  words=()
  for ((i = 0; i <= COMP_CWORD; i++)); do
    part=\${COMP_WORDS[i]}
    if ((i > 0)) && [[ \${rest:0:1} != [[:space:]] && -n $rest ]]; then
      words[\${#words[@]} - 1]+=$part
    else
      words+=("$part")
    fi
    while [[ \${rest:0:1} = [[:space:]] ]]; do rest=\${rest:1}; done
    rest=\${rest:\${#part}}
  done
}

_platter() {
  local words word last option value command= i
  COMPREPLY=()
  _platter_split
  last=$((\${#words[@]} - 1))
  for ((i = 1; i < last; i++)); do
    if [[ \${words[i]} != -* ]]; then
      command=\${words[i]}
      break
    fi
  done
  word=\${words[last]}
  option=\${words[last - 1]}
  value=$word
  if [[ $word = --*=* ]]; then
    option=\${word%%=*}
    value=\${word#*=}
  fi
  case "$command $option" in
${commands.flatMap(valueCases).join("\n")}
  esac
  case $command in
    '')
      if [[ $word = -* ]]; then _platter_words "$word" "${optionWords(program!)}"
      else _platter_words "$word" "${names}"; fi
      ;;
${commands.map((page) => commandCase(page, pages)).join("\n")}
  esac
}
complete -F _platter platter
`;
}

/** Cases of the script in which the current word is the value of an option. */
function valueCases(page: CommandPage): string[] {
  return optionsOf(page).flatMap((option) => {
    const values = valuesOfOption(option);
    if (values === undefined) return [];
    const names = [option.long, ...(option.short === undefined ? [] : [option.short])];
    const pattern = names.map((name) => `'${page.name} ${name}'`).join(" | ");
    return [`    ${pattern}) ${offer(values, "$value")}; return ;;`];
  });
}

function commandCase(page: CommandPage, pages: readonly CommandPage[]): string {
  const [argument] = page.arguments;
  const values: Values = argument === undefined ? { kind: "text" } : valuesOfArgument(argument, pages);
  return `    ${page.name})
      if [[ $word = -* ]]; then _platter_words "$word" "${optionWords(page)}"
      else ${offer(values, "$word")}; fi
      ;;`;
}

const optionWords = (page: CommandPage) =>
  optionsOf(page)
    .flatMap(({ long, short }) => [long, ...(short === undefined ? [] : [short])])
    .join(" ");

function offer(values: Values, word: string): string {
  switch (values.kind) {
    case "words":
      return `_platter_words "${word}" "${values.words.join(" ")}"`;
    case "file":
      return `_platter_paths "${word}" -f`;
    case "folder":
      return `_platter_paths "${word}" -d`;
    case "image":
      return `_platter_images "${word}"`;
    case "text":
      return ":";
    default:
      return values satisfies never;
  }
}
