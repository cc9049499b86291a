import { parseArgs, type ParseArgsConfig } from 'node:util';
import { UsageError } from '../shell/errors.js';

type Options = NonNullable<ParseArgsConfig['options']>;

/** The result of {@link parseGetopt} for a command line. */
export type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true; strict: true }>
>;

/**
 * Parses a command line as getopt(3) does: short options can be bundled (`-Xx`), carry their value
 * (`-e1`) and can be anywhere.
 *
 * @throws UsageError even for unknown options, some of which the C tools let pass.
 */
export function parseGetopt<const O extends Options>(
  argv: readonly string[],
  options: O,
): Parsed<O> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    if (!String(error.code).startsWith('ERR_PARSE_ARGS_')) throw error;
    // Keep the first sentence, which says what is wrong, without the suggestions after it.
    throw new UsageError(error.message.replace(/\.( |\n)[^]*$/, ''));
  }
}
