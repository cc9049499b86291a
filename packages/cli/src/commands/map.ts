import { defineCommand, type CommandArguments } from '../command.js';
import { UsageError } from '../errors.js';
import {
  flag,
  imageOptions,
  jsonOption,
  list,
  parseBlockSize,
  parseBytes,
  value,
} from '../options.js';

/** Where the kernel's test board has its flash; any page aligned address gives the same answers. */
const DEFAULT_PHYS = 0x22000000;

const options = {
  mmu: flag('only for kernels with an MMU (default: both kinds)'),
  nommu: flag('only for kernels without an MMU'),
  'page-size': value(
    "the kernel's page size (default: the block size)",
    parseBlockSize('--page-size'),
  ),
  phys: value(
    `bus address of the image's first byte (default: 0x${DEFAULT_PHYS.toString(16)})`,
    parsePhys,
  ),
  segments: {
    type: 'boolean',
    default: true,
    describe: 'list the segments of ELF files (default); --no-segments does not',
  },
  require: list('print only files matching GLOB that are not fully mappable; exit 1 if any'),
  ...jsonOption,
  ...imageOptions,
} as const;

export type MapArguments = CommandArguments<typeof options>;

export const map = defineCommand({
  synopsis: 'IMAGE [PATH|GLOB...]',
  description:
    'Tells which pages of files Linux can map straight from ROM, what the others cost in RAM, and\n' +
    "why: in the kernel's own words where it has some. For ELF programs also per PT_LOAD segment.\n" +
    'Without paths: all regular files.',
  options,
  async run(args, io) {
    return (await import('../map/command.js')).runMapCommand(args, DEFAULT_PHYS, io);
  },
});

function parsePhys(given: string): number {
  const address = parseBytes('--phys')(given);
  if (address === 0) throw new UsageError('--phys cannot be 0: Linux maps nothing directly then');
  return address;
}
