export const SHELLS = ['bash', 'zsh', 'fish'] as const;

export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly {
    readonly flag: string;
    readonly summary: string;
    readonly takesValue: boolean;
    readonly values: readonly string[];
  }[];
}

/** A completion script: commands, their flags, the values of flags that have a fixed set, and files for the rest. */
export function completionScript(shell: (typeof SHELLS)[number], commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return zsh(commands);
    case 'fish':
      return fish(commands);
  }
}

function bash(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(
    ({ name, options }) => `    ${name}) flags="${options.map(({ flag }) => flag).join(' ')}" ;;`,
  );
  const values = commands.flatMap(({ name, options }) =>
    options
      .filter((option) => option.values.length > 0)
      .map(
        (option) =>
          `    ${name}:${option.flag}) COMPREPLY=($(compgen -W "${option.values.join(' ')}" -- "$cur")); return ;;`,
      ),
  );
  return `# bash completion of lattice: source <(lattice completion bash)
_lattice() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="\${COMP_WORDS[1]}" flags=""
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(' ')} help" -- "$cur"))
    return
  fi
  case "$command:$previous" in
${values.join('\n')}
  esac
  case "$command" in
${cases.join('\n')}
  esac
  case "$cur" in
    -*) COMPREPLY=($(compgen -W "$flags" -- "$cur")) ;;
    *) COMPREPLY=($(compgen -f -- "$cur")) ;;
  esac
}
complete -o filenames -F _lattice lattice
`;
}

function zsh(commands: readonly CompletedCommand[]): string {
  const names = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`);
  const cases = commands.map(({ name, options }) => {
    const flags = options.map(({ flag, summary, takesValue, values }) => {
      const value = takesValue ? `:value:${values.length > 0 ? `(${values.join(' ')})` : '_files'}` : '';
      return quote(`${flag}[${summary.replace(/[[\]:]/g, ' ')}]${value}`);
    });
    return `    ${name}) _arguments ${[...flags, quote('*:file:_files')].join(' ')} ;;`;
  });
  return `#compdef lattice
# zsh completion of lattice: source <(lattice completion zsh)
_lattice() {
  local -a commands=(
${names.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('\n')}
  esac
}
compdef _lattice lattice
`;
}

function fish(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, summary, options }) => [
    `complete -c lattice -n __fish_use_subcommand -f -a ${name} -d ${quote(summary)}`,
    ...options
      .filter(({ flag }) => flag.startsWith('--'))
      .map(({ flag, summary, takesValue, values }) => {
        const value = takesValue ? (values.length > 0 ? ` -x -a ${quote(values.join(' '))}` : ' -r') : '';
        return `complete -c lattice -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)} -d ${quote(summary)}${value}`;
      }),
  ]);
  return `# fish completion of lattice\n${lines.join('\n')}\n`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
