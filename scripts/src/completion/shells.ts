import type { CompletedCommand, CompletedOption } from './words.js';

/** For bash, which needs no bash-completion for it. */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  const cases = commands.map(({ name, options }) => {
    const words = options.flatMap(({ spellings }) => spellings).join(' ');
    const values = options.flatMap(bashValues);
    const choices =
      values.length === 0 ? '' : `      case $prev in\n${values.join('')}      esac\n`;
    return `    ${name})\n${choices}      words='${words}' ;;\n`;
  });
  return `# bash completion of cramfs; made of the tables that cramfs --help prints
_cramfs() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} words=
  COMPREPLY=()
  if [ "$prev" = = ]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  if [ "$cur" = = ]; then cur= prev=\${COMP_WORDS[COMP_CWORD - 1]}; fi
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} help --help --version' -- "$cur"))
    return
  fi
  case \${COMP_WORDS[1]} in
    help) COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')}' -- "$cur")); return ;;
${cases.join('')}  esac
  if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "$words" -- "$cur")); fi
}
complete -o default -o bashdefault -F _cramfs cramfs
`;
}

function bashValues({ spellings, value }: CompletedOption): string[] {
  if (typeof value === 'string') return [];
  const words = value.join(' ');
  return [
    `        ${spellings.join('|')}) COMPREPLY=($(compgen -W '${words}' -- "$cur")); return ;;\n`,
  ];
}

/** For zsh: a file \`_cramfs\` of its function path. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  const quote = (text: string): string => text.replaceAll("'", "'\\''");
  const plain = (text: string): string => quote(text.replace(/[[\]:\\]/g, '\\$&'));
  const names = commands.map(({ name, summary }) => `    '${name}:${plain(summary)}'\n`);
  const cases = commands.map(({ name, options }) => {
    const specs = options.flatMap((option) =>
      option.spellings.map((spelling) => zshSpec(spelling, option, plain)),
    );
    return `    ${name}) _arguments -s -S ${specs.join(' ')} '*:file:_files' ;;\n`;
  });
  return `#compdef cramfs
# made of the tables that cramfs --help prints
_cramfs() {
  local -a commands=(
${names.join('')}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command=$words[2]
  if [[ $command == help ]]; then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $command in
${cases.join('')}  esac
}
_cramfs "$@"
`;
}

function zshSpec(
  spelling: string,
  { description, value, optional }: CompletedOption,
  plain: (text: string) => string,
): string {
  const assign = value === 'none' ? '' : spelling.startsWith('--') ? (optional ? '=-' : '=') : '';
  const action =
    value === 'none' ? '' : value === 'file' ? ':value:_files' : `:value:(${value.join(' ')})`;
  return `'*${spelling}${assign}[${plain(description)}]${optional ? ':' : ''}${action}'`;
}

/** For fish. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const quote = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`;
  const lines = commands.flatMap(({ name, summary, options }) => [
    ...['__fish_use_subcommand', "'__fish_seen_subcommand_from help'"].map(
      (when) => `complete -c cramfs -n ${when} -f -a ${name} -d ${quote(summary)}`,
    ),
    ...options.map((option) => {
      const names = option.spellings.map((spelling) =>
        spelling.startsWith('--') ? `-l ${spelling.slice(2)}` : `-s ${spelling.slice(1)}`,
      );
      const value =
        option.value === 'none'
          ? ''
          : option.value === 'file'
            ? ' -r'
            : // A word after one whose value may be left out may be a file.
              ` -r ${option.optional ? '-F' : '-f'} -a ${quote(option.value.join(' '))}`;
      const when = `-n '__fish_seen_subcommand_from ${name}'`;
      return `complete -c cramfs ${when} ${names.join(' ')}${value} -d ${quote(option.description)}`;
    }),
  ]);
  return `# fish completion of cramfs; made of the tables that cramfs --help prints\n${lines.join('\n')}\n`;
}
