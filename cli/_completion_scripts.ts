/**
 * Completions for shells: pure functions from the commands to a script.
 *
 * @module
 */

/** A flag as a shell is to know it. */
export interface CompletedFlag {
  /** Without its dashes. */
  readonly flag: string;
  /** A few words; may be empty. */
  readonly about: string;
  /** What follows it. */
  readonly value: "none" | "text" | "file";
  /** Whether it may be given several times. */
  readonly several?: boolean;
}

/** A command as a shell is to know it. */
export interface CompletedCommand {
  readonly name: string;
  /** A verb phrase. */
  readonly about: string;
  /** What its first argument may be. */
  readonly words: readonly string[];
  /** Whether that may be a path. */
  readonly path: boolean;
  readonly flags: readonly CompletedFlag[];
}

/** For bash, version 4 or later. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const flagsWith = (value: CompletedFlag["value"]) =>
    commands.flatMap(({ name, flags }) =>
      flags.filter((one) => one.value === value).map(({ flag }) => `${name}:--${flag}`)
    ).join("|") || "-";
  const cases = commands.map(({ name, words, path, flags }) => {
    const all = [...words, ...flags.map(({ flag }) => `--${flag}`), "--help"];
    return `    ${name}) words="${all.join(" ")}"${path ? " path=yes" : ""} ;;`;
  });
  return `# bash completion for skip
_skip() {
  local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words= path=
  COMPREPLY=()
  # --flag=value comes as three words
  if [[ $word == "=" ]]; then word=; elif [[ $before == "=" ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}; fi
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W "${
    commands.map(({ name }) => name).join(" ")
  } --version --help" -- "$word")
    return
  fi
  case \${COMP_WORDS[1]}:$before in
    ${
    flagsWith("file")
  }) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word"); return ;;
    ${flagsWith("text")}) return ;;
  esac
  case \${COMP_WORDS[1]} in
${cases.join("\n")}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  if [[ $path && $word != -* ]]; then
    compopt -o filenames 2>/dev/null
    mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$word")
  fi
}
complete -F _skip skip`;
}

/** For zsh: to be sourced after compinit, or kept in a folder of fpath as _skip. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  const described = commands.map(({ name, about }) => `    ${quote(`${name}:${about}`)}`);
  const cases = commands.map(({ name, words, path, flags }) => {
    const first = words.length > 0
      ? [quote(`1: :(${words.join(" ")})`)]
      : path
      ? [quote("1:path:_files")]
      : [];
    return `    ${name}) _arguments ${[...first, ...flags.map(zshFlag)].join(" ")} ;;`;
  });
  return `#compdef skip
_skip() {
  local -a commands=(
${described.join("\n")}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
${cases.join("\n")}
  esac
}
if [[ $funcstack[1] == _skip ]]; then _skip "$@"; else compdef _skip skip; fi`;
}

function zshFlag({ flag, about, value, several }: CompletedFlag): string {
  const action = { none: "", text: ":value: ", file: ":file:_files" }[value];
  const text = about.replace(/[[\]\\:]/g, "");
  return quote(`${several ? "*" : ""}--${flag}[${text}]${action}`);
}

/** For fish. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, about, words, path, flags }) => {
    const within = `complete -c skip -n ${quote(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c skip -n __fish_use_subcommand -a ${name} -d ${quote(about)}`,
      ...(words.length > 0 ? [`${within} -a ${quote(words.join(" "))}`] : []),
      ...(path ? [`${within} -F`] : []),
      ...flags.map(({ flag, about, value }) => {
        const takes = { none: "", text: " -x", file: " -r -F" }[value];
        return `${within} -l ${flag}${takes} -d ${quote(about)}`;
      }),
    ];
  });
  return ["# fish completion for skip", "complete -c skip -f", ...lines].join("\n");
}

/** A word for zsh and fish, whatever is in it. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
