import { UsageError } from './errors.js';
import type { ExitCode } from './exit-codes.js';
import type { CliIo } from './io.js';
import { optionLines, renderOptions, renderParagraphs } from './help.js';
import type { CliOptions, OptionValues } from './option-types.js';
import { parseCommandLine } from './parse-options.js';

/** What a command takes, and what it is for: the source of its help, manual page and completion. */
export interface CommandShape<O extends CliOptions = CliOptions> {
  /** Such as `IMAGE [PATH...]`: capitals are arguments, brackets mean optional, dots several. */
  readonly synopsis: string;
  /** What the command does: paragraphs, with empty lines between them. */
  readonly description: string;
  readonly options: O;
}

export interface CommandDefinition<O extends CliOptions> extends CommandShape<O> {
  /** Rewrites the words before they are parsed, for syntax beyond options. */
  readonly words?: (argv: readonly string[], options: O) => readonly string[];
  /** Does the work and tells the exit code. */
  run(args: CommandArguments<O>, io: CliIo): Promise<ExitCode>;
}

export type CommandArguments<O extends CliOptions> = {
  /** The arguments that are not options, at least as many as the synopsis asks for. */
  readonly operands: readonly string[];
} & OptionValues<O>;

/** A command with the types of its options forgotten. */
export interface Command {
  readonly shape: CommandShape;
  /**
   * Parses the words after the command's name.
   *
   * @param program what its help calls it, such as `cramfs ls`.
   * @throws UsageError
   */
  parse(program: string, argv: readonly string[]): Invocation;
}

/** The request of a command line: help to print, or something to run. */
export type Invocation =
  { readonly help: string } | { readonly run: (io: CliIo) => Promise<ExitCode> };

/** Checks the types of a command's options and `run` against each other. */
export function defineCommand<const O extends CliOptions>(
  definition: CommandDefinition<O>,
): Command {
  return {
    shape: definition,
    parse(program, argv) {
      const { options } = definition;
      const words = definition.words?.(argv, options) ?? argv;
      const { help, values, operands } = parseCommandLine(words, options);
      if (help) return { help: helpText(program, definition) };
      checkOperands(definition.synopsis, operands);
      const args = { ...values, operands } as CommandArguments<O>;
      return { run: (io) => definition.run(args, io) };
    },
  };
}

function helpText(program: string, { synopsis, description, options }: CommandShape): string {
  return [
    `${program} [OPTION...] ${synopsis}\n`,
    renderParagraphs(description),
    `Options:\n${renderOptions(optionLines(options))}`,
  ].join('\n');
}

/** Compares the operands with a synopsis such as `IMAGE [PATH...]`. */
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
