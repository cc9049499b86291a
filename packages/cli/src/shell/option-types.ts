/** An option without a value, such as `--json`; `--no-json` says the opposite. */
export interface FlagOption {
  readonly type: 'boolean';
  readonly describe: string;
  readonly alias?: string | readonly string[];
  /** Value of an option that is not given; without a default it is undefined. */
  readonly default?: boolean;
}

/** An option with a value, such as `--offset 512` or `--offset=512`; of several the last counts. */
export interface ValueOption<T = unknown> {
  readonly type: 'string';
  readonly describe: string;
  readonly alias?: string | readonly string[];
  /** What help calls the value: `BYTES`, or all possible values: `mmu|nommu`. */
  readonly metavar: string;
  /** @throws UsageError */
  readonly coerce: (given: string) => T;
  /** All possible values, if they can be listed. */
  readonly choices?: readonly string[];
  /** The value that the option has if given without one. */
  readonly implied?: string;
}

/** An option with a value that can be given several times. */
export interface ListOption {
  readonly type: 'array';
  readonly describe: string;
  readonly alias?: string | readonly string[];
  readonly metavar: string;
}

export type CliOption = FlagOption | ValueOption | ListOption;

export type CliOptions = Readonly<Record<string, CliOption>>;

/** The value of an option on the command line. */
type OptionValue<O extends CliOption> = O extends { readonly type: 'boolean' }
  ? O extends { readonly default: boolean }
    ? boolean
    : boolean | undefined
  : O extends ValueOption<infer T>
    ? T | undefined
    : readonly string[];

export type OptionValues<O extends CliOptions> = {
  readonly [Name in keyof O]: OptionValue<O[Name]>;
};

/** The names of an option besides its first, those of one letter too. */
export function aliases({ alias = [] }: CliOption): readonly string[] {
  return typeof alias === 'string' ? [alias] : alias;
}

/** An option as it is written: `-b` or `--block-size`. */
export function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

/** All ways to write an option, letters first: `-b`, `--block-size`. */
export function spellings(name: string, option: CliOption): string[] {
  return [name, ...aliases(option)]
    .sort((a, b) => Number(a.length > 1) - Number(b.length > 1))
    .map(dashed);
}
