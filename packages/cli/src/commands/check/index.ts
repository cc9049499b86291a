import { defineCommand, type CommandArguments } from '../../shell/command.js';
import {
  colorOption,
  flag,
  imageOptions,
  jsonOption,
  parseBlockSize,
  parseCount,
  value,
  wideOption,
} from '../../shell/options.js';

const options = {
  'page-size': value(
    'page size of the kernel that will mount the image',
    parseBlockSize('--page-size'),
  ),
  mmu: flag('omit what affects only kernels without an MMU'),
  nommu: flag('check for a kernel without an MMU: anything that stops it is an error'),
  workers: value('number of threads', parseCount('--workers', 256, 1)),
  verbose: flag('print all findings, and what the image contains', 'v'),
  ...colorOption,
  ...wideOption,
  ...jsonOption,
  ...imageOptions,
} as const;

export type CheckArguments = CommandArguments<typeof options>;

export const check = defineCommand({
  synopsis: 'IMAGE',
  description:
    'Checks a whole image: superblock, CRC, directories, block pointers, the data of every block,\n' +
    'overlaps, and what Linux would misread. Prints a line per finding. Exits with 4 if one is an\n' +
    'error, with 0 if there are only warnings.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runCheckCommand(args, io);
  },
});
