import { COMMANDS, spellings, type CliOption } from 'cramfs-cli/shapes';

/** A command as completion sees it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
}

export interface CompletedOption {
  /** Every way to write it, `--no-` too. */
  readonly spellings: readonly string[];
  readonly description: string;
  /** What follows it: nothing, one of these words, or anything. */
  readonly value: 'none' | 'file' | readonly string[];
  /** The value may be left out, and goes after `=`. */
  readonly optional: boolean;
}

/** The commands with their options, from the tables that `--help` prints. */
export async function completedCommands(): Promise<CompletedCommand[]> {
  return Promise.all(
    COMMANDS.map(async (entry) => {
      const { name, summary } = entry;
      const { options } = (await entry.load()).shape;
      const own = Object.entries(options).map(([option, each]) => completed(option, each));
      return { name, summary, options: [...own, HELP] };
    }),
  );
}

const HELP: CompletedOption = {
  spellings: ['-h', '--help'],
  description: 'print this help',
  value: 'none',
  optional: false,
};

function completed(name: string, option: CliOption): CompletedOption {
  const negatable = option.type === 'boolean' && option.default !== false;
  return {
    spellings: [...spellings(name, option), ...(negatable ? [`--no-${name}`] : [])],
    description: option.describe.replace(/\s+/g, ' '),
    value: option.type === 'boolean' ? 'none' : valueOf(option),
    optional: option.type === 'string' && option.implied !== undefined,
  };
}

function valueOf(option: Exclude<CliOption, { type: 'boolean' }>): 'file' | readonly string[] {
  return option.type === 'string' && option.choices !== undefined ? option.choices : 'file';
}
