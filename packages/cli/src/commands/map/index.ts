import { defineCommand, type CommandArguments } from '../../shell/command.js';
import { kernelOptions, physOption } from '../../emulator/options.js';
import {
  choice,
  colorOption,
  flag,
  imageOptions,
  jsonOption,
  list,
  parseBlockSize,
  reverseOption,
  value,
  wideOption,
} from '../../shell/options.js';

import { SORT_KEYS } from './sort.js';

const options = {
  mmu: flag('only for kernels with an MMU (default: both kinds)'),
  nommu: flag('only for kernels without an MMU'),
  'page-size': value(
    "the kernel's page size (default: the block size)",
    parseBlockSize('--page-size'),
  ),
  ...kernelOptions("each program's own"),
  ...physOption,
  segments: {
    type: 'boolean',
    default: true,
    describe: 'list the segments of ELF files (default); --no-segments does not',
  },
  require: list(
    'print only matching files that are not fully mappable; exit with 1 if there are any',
    undefined,
    'PATH|GLOB',
  ),
  simulate: flag('also make each mapping in the emulator; exit with 1 if a result differs'),
  sort: {
    ...choice(
      'sort',
      SORT_KEYS,
      'sort files by path, or the largest first: by size, stored, pages, direct or ram',
    ),
    metavar: 'KEY',
  },
  ...reverseOption,
  ...colorOption,
  ...wideOption,
  ...jsonOption,
  ...imageOptions,
} as const;

export type MapArguments = CommandArguments<typeof options>;

export const map = defineCommand({
  synopsis: 'IMAGE [PATH|GLOB...]',
  description:
    'Shows which pages of files Linux can map straight from ROM, what the others cost in RAM, and\n' +
    "why, in the kernel's own words where there are any. For ELF programs also per PT_LOAD segment.\n" +
    'Without paths: all regular files.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runMapCommand(args, io);
  },
});
