import { createRequire } from 'node:module';
import type { InferredOptionTypes, Options } from 'yargs';
import type Yargs from 'yargs/yargs';
import { UsageError } from './errors.js';
import type { ExitCode } from './exit-codes.js';
import type { CliIo } from './io.js';

/** An option as yargs takes it. */
export interface CliOption extends Options {
  /** The value that may be left out, and all it can be. */
  readonly optional?: { readonly implied: string; readonly choices: readonly string[] };
}

export interface CommandDefinition<O extends Record<string, CliOption>> {
  /** Such as `IMAGE [PATH...]`: capitals are arguments, brackets mean optional, dots several. */
  readonly synopsis: string;
  /** What the command does: one or more lines of help. */
  readonly description: string;
  readonly options: O;
  /** Does the work and tells the exit code. */
  run(args: CommandArguments<O>, io: CliIo): Promise<ExitCode>;
}

export type CommandArguments<O extends Record<string, CliOption>> = {
  /** The arguments that are not options, at least as many as the synopsis asks for. */
  readonly operands: readonly string[];
} & Readonly<InferredOptionTypes<O>>;

/** A command with the types of its options forgotten. */
export interface Command {
  /**
   * Parses the words behind the command's name.
   *
   * @param program what its help calls it, such as `cramfs ls`.
   */
  parse(program: string, argv: readonly string[]): Promise<Invocation>;
}

/** What a command line asks for: help to print, or something to run. */
export type Invocation =
  { readonly help: string } | { readonly run: (io: CliIo) => Promise<ExitCode> };

/** Checks the types of a command's options and `run` against each other. */
export function defineCommand<const O extends Record<string, CliOption>>(
  definition: CommandDefinition<O>,
): Command {
  return {
    async parse(program, argv) {
      const { help, values } = await parseWithYargs(program, argv, definition);
      if (help !== undefined) return { help };
      const operands = values['_'] as string[];
      checkOperands(definition.synopsis, operands);
      const args = { ...values, operands } as CommandArguments<O>;
      return { run: (io) => definition.run(args, io) };
    },
  };
}

// yargs as CommonJS is one bundled file: it loads in half the time of its ES modules.
const require = createRequire(import.meta.url);

async function parseWithYargs(
  program: string,
  argv: readonly string[],
  { synopsis, description, options }: CommandDefinition<Record<string, CliOption>>,
): Promise<{ help: string | undefined; values: Record<string, unknown> }> {
  const yargs = require('yargs/yargs') as typeof Yargs;
  let help: string | undefined;
  const parser = yargs([])
    .scriptName('cramfs')
    .detectLocale(false)
    .exitProcess(false)
    .fail(false)
    .version(false)
    .wrap(100)
    .parserConfiguration({
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .usage(`${program} [OPTION...] ${synopsis}\n\n${description}`)
    .options(options)
    .alias('help', 'h')
    .describe('help', 'print this help')
    .strictOptions();
  refuseFlagValues(argv, options);
  let values: Record<string, unknown>;
  try {
    values = await parser.parseAsync(
      expandOptional(argv, options),
      {},
      (_error: unknown, _values: unknown, output: string) => {
        if (output !== '') help = withoutTypes(output);
      },
    );
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    throw new UsageError(usageMessage(error.message));
  }
  return { help, values };
}

/** Of the types and defaults that yargs prints beside each option, the descriptions tell enough. */
function withoutTypes(help: string): string {
  return help
    .replace(/(\n *)?\[(boolean|string|array)\]( +\[default: .*\])?$/gm, '')
    .replace(/ +$/gm, '');
}

/** yargs takes whatever value a flag is given for false. */
function refuseFlagValues(
  argv: readonly string[],
  options: Readonly<Record<string, CliOption>>,
): void {
  const end = argv.indexOf('--');
  for (const word of end === -1 ? argv : argv.slice(0, end)) {
    const [, name, given] = /^--(?:no-)?([^=]+)=(.*)$/s.exec(word) ?? [];
    if (name === undefined || options[name]?.type !== 'boolean') continue;
    if (given !== 'true' && given !== 'false') {
      throw new UsageError(`--${name} cannot be '${String(given)}': it takes no value`);
    }
  }
}

/**
 * yargs lacks options whose value may be left out: `--xip` becomes `--xip=mmu`, unless the next word
 * is one of its values.
 */
function expandOptional(
  argv: readonly string[],
  options: Readonly<Record<string, CliOption>>,
): string[] {
  const end = argv.indexOf('--');
  return argv.map((word, index) => {
    if (!word.startsWith('--') || (end !== -1 && index >= end)) return word;
    const optional = options[word.slice(2)]?.optional;
    if (optional === undefined) return word;
    const next = argv[index + 1];
    const given = next !== undefined && optional.choices.includes(next);
    return given ? word : `${word}=${optional.implied}`;
  });
}

function usageMessage(message: string): string {
  return message
    .replace(/^Unknown arguments?: /, 'unknown option: ')
    .replace(/^Not enough arguments following: /, 'a value is missing behind: ')
    .replace(/\s*\n\s*/g, ' ');
}

/** Compares what is there with a synopsis such as `IMAGE [PATH...]`. */
function checkOperands(synopsis: string, operands: readonly string[]): void {
  const names = synopsis.split(' ').filter((name) => name !== '');
  const required = names.filter((name) => !name.startsWith('['));
  const missing = required.slice(operands.length);
  if (missing.length > 0) throw new UsageError(`missing argument: ${missing.join(' ')}`);
  const unlimited = names.some((name) => name.includes('...'));
  if (!unlimited && operands.length > names.length) {
    throw new UsageError(`unexpected argument: ${operands[names.length]!}`);
  }
}
