import yargs from 'yargs/yargs';
import { UsageError } from './errors.js';
import { aliases, dashed, spellings, type CliOption, type CliOptions } from './option-types.js';
import { didYouMean } from './suggest.js';

/** What a command line says. */
export interface ParsedCommandLine {
  /** `-h` or `--help` was given: the rest has not been checked. */
  readonly help: boolean;
  /** Values by the first name of each option; an option that is not given has its default. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly operands: readonly string[];
}

/**
 * Parses the words after a command's name: options and operands in any order, until `--`.
 *
 * @throws UsageError
 */
export function parseCommandLine(argv: readonly string[], options: CliOptions): ParsedCommandLine {
  const words = beforeEnd(argv);
  if (words.includes('--help') || (words.includes('-h') && isHelp(argv, options))) {
    return { help: true, values: {}, operands: [] };
  }
  for (const word of words) refuseFlagValue(word, options);
  const found = parseWithYargs(withImpliedValues(argv, options), words, options);
  const values = Object.entries(options).map(([name, option]) => [
    name,
    optionValue(found[name], option),
  ]);
  return {
    help: false,
    values: Object.fromEntries(values) as Record<string, unknown>,
    operands: found['_'] as string[],
  };
}

/** `-h` is help, unless it means something else to the command (`ls -h`) and is not the only word. */
function isHelp(argv: readonly string[], options: CliOptions): boolean {
  return (
    argv.length === 1 || !Object.values(options).some((option) => aliases(option).includes('h'))
  );
}

/** The words that may be options. */
function beforeEnd(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf('--');
  return end === -1 ? argv : argv.slice(0, end);
}

/** Whether the word after an option such as `--offset` or `-o` is its value. */
export function takesValue(word: string, options: CliOptions): boolean {
  if (word.includes('=')) return false;
  const isLong = word.startsWith('--');
  const name = isLong ? word.slice(2) : word.slice(-1);
  const entry = Object.entries(options).find(
    ([first, option]) => first === name || aliases(option).includes(name),
  );
  const option = entry?.[1];
  return option !== undefined && option.type !== 'boolean' && !('implied' in option);
}

function parseWithYargs(
  argv: readonly string[],
  words: readonly string[],
  options: CliOptions,
): Record<string, unknown> {
  const parser = yargs([])
    .detectLocale(false)
    .exitProcess(false)
    .fail(false)
    .help(false)
    .version(false)
    .parserConfiguration({
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .options(Object.fromEntries(Object.entries(options).map(yargsOption)))
    .strictOptions();
  try {
    return parser.parseSync(argv);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new UsageError(usageMessage(error.message, words, options));
  }
}

/** An option in yargs's form; values are converted and checked after yargs has found them. */
function yargsOption([name, option]: readonly [string, CliOption]) {
  const alias = [...aliases(option)];
  const shape =
    option.type === 'boolean'
      ? ({ type: 'boolean' } as const)
      : option.type === 'array'
        ? ({ type: 'array', string: true, requiresArg: true } as const)
        : ({ type: 'string', requiresArg: true } as const);
  return [name, { ...shape, alias }] as const;
}

function optionValue(found: unknown, option: CliOption): unknown {
  switch (option.type) {
    case 'boolean':
      return (Array.isArray(found) ? found.at(-1) : found) ?? option.default;
    case 'array':
      return found ?? [];
    case 'string': {
      const last = (Array.isArray(found) ? found.at(-1) : found) as string | undefined;
      return last === undefined ? undefined : option.coerce(last);
    }
  }
}

/** yargs takes any value of a flag as false, and accepts `--no-` for every option. */
function refuseFlagValue(word: string, options: CliOptions): void {
  const [, rawName, no, name, value] = /^(--(no-)?([^=]+))(=.*)?$/s.exec(word) ?? [];
  if (name === undefined) return;
  const option = options[name];
  if (no !== undefined && option !== undefined && option.type !== 'boolean') {
    throw new UsageError(`unknown option: ${rawName!}`);
  }
  if (option?.type === 'boolean' && value !== undefined) {
    throw new UsageError(`${rawName!} takes no value: '${value.slice(1)}'`);
  }
}

/** `--xip` becomes `--xip=mmu`, unless the next word is one of its values. */
function withImpliedValues(argv: readonly string[], options: CliOptions): string[] {
  const { length } = beforeEnd(argv);
  return argv.map((word, index) => {
    if (!word.startsWith('--') || index >= length) return word;
    const option = options[word.slice(2)];
    if (option?.type !== 'string' || option.implied === undefined) return word;
    return option.choices!.includes(argv[index + 1] ?? '') ? word : `${word}=${option.implied}`;
  });
}

/** yargs' complaints in our words. */
function usageMessage(message: string, words: readonly string[], options: CliOptions): string {
  const [, names] = /^Unknown arguments?: (.*)$/s.exec(message) ?? [];
  if (names !== undefined) return unknownOptions(new Set(names.split(', ')), words, options);
  const [, name] = /^Not enough arguments following: (.*)$/s.exec(message) ?? [];
  return name === undefined ? message.replace(/\s*\n\s*/g, ' ') : `${dashed(name)} needs a value`;
}

/** Names each unknown option once, as written; for bundled letters the first. */
function unknownOptions(
  names: ReadonlySet<string>,
  words: readonly string[],
  options: CliOptions,
): string {
  const unknown = new Set<string>();
  for (const word of words) {
    const [, long] = /^--([^=]+)/.exec(word) ?? [];
    const letters = /^-[^-]/.test(word) ? Array.from(word.slice(1)) : [];
    const letter = letters.find((each) => names.has(each));
    if (long !== undefined && (names.has(long) || names.has(long.replace(/^no-/, '')))) {
      unknown.add(`--${long}`);
    } else if (letter !== undefined) unknown.add(`-${letter}`);
  }
  const written = unknown.size > 0 ? [...unknown] : [...names].map(dashed);
  const known = Object.entries(options).flatMap(([name, option]) => spellings(name, option));
  const hint = written.length === 1 ? didYouMean(written[0]!, known) : '';
  return `unknown option${written.length === 1 ? '' : 's'}: ${written.join(', ')}${hint}`;
}
