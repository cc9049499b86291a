import { parseArgs } from 'node:util';
import { UsageError } from '../errors.js';
import { aliases, spellings, type CliOptions } from './option-types.js';
import { didYouMean } from './suggest.js';

/** What a command line says. */
export interface ParsedCommandLine {
  /** `-h` or `--help` is there: the rest has not been looked at. */
  readonly help: boolean;
  /** By the first name of each option; what is not given has its default. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly operands: readonly string[];
}

/** An option as it was found. */
interface Found {
  readonly name: string;
  /** As written, without its value. */
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
  readonly index: number;
}

/**
 * Parses the words after a command's name: options and operands in any order, until `--`.
 *
 * @throws UsageError
 */
export function parseCommandLine(argv: readonly string[], options: CliOptions): ParsedCommandLine {
  const { tokens } = parseArgs({
    args: withImpliedValues(argv, options),
    options: shapes(options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const found = tokens.filter((token) => token.kind === 'option');
  if (found.some(({ name }) => name === 'help' || name === 'h')) {
    return { help: true, values: {}, operands: [] };
  }
  refuseUnknown(found, options);
  return {
    help: false,
    values: Object.fromEntries(
      Object.keys(options).map((name) => [name, optionValue(name, found, options)]),
    ),
    operands: tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : [])),
  };
}

/** Which words are values of the words before them is all that parseArgs() needs to know. */
function shapes(options: CliOptions): Record<string, { type: 'boolean' | 'string' }> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, option]) =>
      [name, ...aliases(option)].map((each) => [
        each,
        {
          type: option.type === 'boolean' ? ('boolean' as const) : ('string' as const),
          ...(each.length === 1 ? { short: each } : {}),
        },
      ]),
    ),
  );
}

/** `--xip` becomes `--xip=mmu`, unless the next word is one of its values. */
function withImpliedValues(argv: readonly string[], options: CliOptions): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, index) => {
    if (!word.startsWith('--') || (end !== -1 && index >= end)) return word;
    const option = options[word.slice(2)];
    if (option?.type !== 'string' || option.implied === undefined) return word;
    return option.choices!.includes(argv[index + 1] ?? '') ? word : `${word}=${option.implied}`;
  });
}

/** Names every word with an option that is not known, once. */
function refuseUnknown(found: readonly Found[], options: CliOptions): void {
  const known = Object.entries(options).flatMap(([name, option]) => spellings(name, option));
  const flags = Object.keys(options).filter((name) => options[name]!.type === 'boolean');
  const allowed = new Set([...known, ...flags.map((name) => `--no-${name}`)]);
  const unknown = new Map<number, string>();
  for (const { rawName, index } of found) {
    if (!allowed.has(rawName) && !unknown.has(index)) unknown.set(index, rawName);
  }
  const names = [...new Set(unknown.values())];
  if (names.length === 0) return;
  const hint = names.length === 1 ? didYouMean(names[0]!, known) : '';
  throw new UsageError(
    `unknown option${names.length === 1 ? '' : 's'}: ${names.join(', ')}${hint}`,
  );
}

function optionValue(name: string, found: readonly Found[], options: CliOptions): unknown {
  const option = options[name]!;
  const names = [name, ...aliases(option)];
  if (option.type === 'boolean') {
    const given = found.filter((each) => [...names, `no-${name}`].includes(each.name));
    given.forEach(refuseFlagValue);
    const last = given.at(-1);
    return last === undefined ? option.default : !last.rawName.startsWith('--no-');
  }
  const values = found
    .filter((each) => names.includes(each.name))
    .map((each) => givenValue(each, options));
  if (option.type === 'array') return values;
  const last = values.at(-1);
  return last === undefined ? undefined : option.coerce(last);
}

function refuseFlagValue({ rawName, value }: Found): void {
  if (value !== undefined) throw new UsageError(`${rawName} takes no value: '${value}'`);
}

/** An option's value, which is not the next option. */
function givenValue({ rawName, value, inlineValue }: Found, options: CliOptions): string {
  const isOption =
    inlineValue === false &&
    value !== undefined &&
    Object.entries(options).some(([name, option]) => spellings(name, option).includes(value));
  if (value === undefined || isOption) throw new UsageError(`${rawName} needs a value`);
  return value;
}
