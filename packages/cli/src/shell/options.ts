import type { OutOfBand } from 'cramfs-reader/damage';
import { DIALECT_NAMES } from 'cramfs-reader/dialect-names';
import { CRAMFS_BLOCK_SIZES, isBlockSize, type BlockSize } from 'cramfs-format';
import { COLOR_WHEN } from '../render/look.js';
import { UsageError } from './errors.js';
import type { ValueOption } from './option-types.js';

/** Options of `cramfs` commands are made of these, so that equal ones behave and read alike. */

/** Converts the given word to a value, and tells what help calls it. */
export interface ValueParser<T> {
  (given: string): T;
  readonly metavar?: string;
}

/** An option without a value. */
export function flag(describe: string, alias?: string) {
  return {
    type: 'boolean',
    default: false,
    describe,
    ...(alias === undefined ? {} : { alias }),
  } as const;
}

/** An option with a value; of several the last counts. */
export function value<T = string>(
  describe: string,
  parse: ValueParser<T>,
  alias?: string | readonly string[],
  metavar = parse.metavar ?? 'TEXT',
): ValueOption<T> {
  return {
    type: 'string',
    coerce: parse,
    describe,
    metavar,
    ...(alias === undefined ? {} : { alias }),
  };
}

/** Longer lists of choices are for the description. */
const LONGEST_CHOICES = 24;

/** An option with one of `choices` as its value; without a value it means `implied`, if given. */
export function choice<const T extends string>(
  name: string,
  choices: readonly T[],
  describe: string,
  implied?: T,
): ValueOption<T> {
  const all = choices.join('|');
  return {
    ...value(describe, oneOf(`--${name}`, choices)),
    metavar: all.length <= LONGEST_CHOICES ? all : 'NAME',
    choices,
    ...(implied === undefined ? {} : { implied }),
  };
}

/** An option that can be given several times. */
export function list(describe: string, alias?: string, metavar = 'GLOB') {
  return {
    type: 'array',
    describe,
    metavar,
    ...(alias === undefined ? {} : { alias }),
  } as const;
}

export function text(given: string): string {
  return given;
}

/** One of `choices`, in the words of the option called `name`. */
export function oneOf<const T extends string>(name: string, choices: readonly T[]) {
  return (given: string): T => {
    const found = choices.find((choice) => choice === given);
    if (found === undefined) {
      throw new UsageError(`${name} cannot be '${given}': use ${choices.join(', ')}`);
    }
    return found;
  };
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** A number of bytes: decimal, or hexadecimal with `0x`; K, M and G are binary. */
export function parseBytes(name: string): ValueParser<number> {
  return named('BYTES', (given) => {
    const match = /^(0[xX][0-9a-fA-F]+|[0-9]+)([KMG]?)$/.exec(given);
    const bytes = match === null ? NaN : Number(match[1]) * UNITS[match[2]!]!;
    if (!Number.isSafeInteger(bytes)) {
      throw new UsageError(`${name} cannot be '${given}': use a number such as 512, 0x200 or 64K`);
    }
    return bytes;
  });
}

/** {@link parseBytes}, and not 0. */
export function parsePositiveBytes(name: string): ValueParser<number> {
  return named('BYTES', (given) => {
    const bytes = parseBytes(name)(given);
    if (bytes === 0) throw new UsageError(`${name} cannot be 0`);
    return bytes;
  });
}

/** A whole number from `min` to `max`. */
export function parseCount(name: string, max: number, min = 0): ValueParser<number> {
  return named('N', (given) => {
    const count = /^(0[xX][0-9a-fA-F]+|[0-9]+)$/.test(given) ? Number(given) : NaN;
    if (!(count >= min && count <= max)) {
      throw new UsageError(`${name} cannot be '${given}': use ${min} to ${max}`);
    }
    return count;
  });
}

/** The option of commands that hold all entries of an image in memory. */
export const maxEntriesOption = {
  'max-entries': value(
    'refuse images with more entries than this (default: 500000)',
    parseCount('--max-entries', 2 ** 25, 1),
  ),
} as const;

/** A block size, which is a page size: 4096, 4K, ... 64K. */
export function parseBlockSize(name: string): ValueParser<BlockSize> {
  return named('SIZE', (given) => {
    const bytes = parseBytes(name)(given);
    if (!isBlockSize(bytes)) {
      throw new UsageError(`${name} cannot be '${given}': use ${CRAMFS_BLOCK_SIZES.join(', ')}`);
    }
    return bytes;
  });
}

function named<T>(metavar: string, parse: (given: string) => T): ValueParser<T> {
  return Object.assign(parse, { metavar });
}

/** The offset of an image in a larger file. */
function parseOffset(given: string): number | 'auto' {
  return given === 'auto' ? given : parseBytes('--offset')(given);
}

/** How a raw dump of NAND flash alternates, such as `512+16`. */
function parseOutOfBand(given: string): OutOfBand | 'auto' {
  if (given === 'auto') return given;
  const match = /^([1-9][0-9]{0,5})\+([1-9][0-9]{0,4})$/.exec(given);
  if (match === null) throw new UsageError(`--oob cannot be '${given}': use 512+16, or auto`);
  return { data: Number(match[1]), spare: Number(match[2]) };
}

function parseRoot(given: string): number | 'auto' {
  return given === 'auto' ? given : parseBytes('--root')(given);
}

/** What every command that opens an image takes. */
export const imageOptions = {
  offset: value(
    'where the image starts in the file, in bytes; "auto" searches for it',
    parseOffset,
    undefined,
    'N|auto',
  ),
  image: value(
    'the Nth image in the file, as `cramfs find` lists them',
    parseCount('--image', 2 ** 20, 1),
  ),
  'block-size': value(
    'block size of the image in bytes, 4096 to 65536 (default: detected)',
    parseBlockSize('--block-size'),
    'b',
  ),
  root: value(
    'offset of the root directory, for an image without a superblock; "auto" searches for it',
    parseRoot,
    undefined,
    'N|auto',
  ),
  oob: value(
    'remove spare areas of NAND flash, such as 512+16; "auto" detects their layout',
    parseOutOfBand,
    undefined,
    'DATA+SPARE|auto',
  ),
  dialect: choice(
    'dialect',
    DIALECT_NAMES,
    'read the image as this dialect of cramfs (default: recognised; see docs/dialects.md)',
  ),
} as const;

export const jsonOption = { json: flag('print JSON (see docs/cli.md)') } as const;

/** What commands with wide tables take. */
export const wideOption = { wide: flag('do not fit the output to the terminal') } as const;

/** Options of commands that find something good or bad. */
export const colorOption = {
  color: choice(
    'color',
    COLOR_WHEN,
    'use colours (default: auto, on a terminal; --color alone means always)',
    'always',
  ),
} as const;

/** What commands take that sort. */
export const reverseOption = { reverse: flag('reverse the order', 'r') } as const;
