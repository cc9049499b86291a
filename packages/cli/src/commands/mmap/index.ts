import { defineCommand, type CommandArguments } from '../../shell/command.js';
import { kernelOptions, physOption, policyOption } from '../../emulator/options.js';
import { UsageError } from '../../shell/errors.js';
import {
  flag,
  imageOptions,
  jsonOption,
  list,
  parseBlockSize,
  parseBytes,
  value,
  wideOption,
} from '../../shell/options.js';

const { offset: imageOffset, ...imagePlace } = imageOptions;

const options = {
  len: value('bytes to map (default: from --offset to the end of the file)', parseBytes('--len')),
  prot: value(
    'permissions: letters of rwx, or - for none (default: r)',
    parseProt,
    undefined,
    'LETTERS',
  ),
  shared: flag('MAP_SHARED (default: MAP_PRIVATE)'),
  offset: value('first byte of the file, a whole page (default: 0)', parseBytes('--offset')),
  ...policyOption,
  ...kernelOptions("an ELF file's own, else riscv64"),
  nommu: flag('a kernel without an MMU (default: with one)'),
  ...physOption,
  'page-size': value(
    "the kernel's page size, 4096 to 65536 (default: the block size of the image, which it must equal)",
    parseBlockSize('--page-size'),
  ),
  touch: list('load, or with :w store, the first byte of a page', undefined, 'PAGE[:r|w]'),
  'image-offset': imageOffset,
  ...imagePlace,
  ...wideOption,
  ...jsonOption,
} as const;

export type MmapArguments = CommandArguments<typeof options>;

export const mmap = defineCommand({
  synopsis: 'IMAGE PATH',
  description:
    'Maps a file in the emulator and shows the result: areas as in /proc/PID/maps, what backs each\n' +
    'page, faults and signals, RAM used, and why not everything comes from ROM.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runMmapCommand(args, io);
  },
});

function parseProt(given: string): string {
  if (!/^[rwx-]+$/.test(given)) {
    throw new UsageError(`--prot cannot be '${given}': use letters of rwx, or -`);
  }
  return given;
}
