import { defineCommand, type CommandArguments } from '../command.js';
import { PAGE_SIZE, physOption, policyOption } from '../emulator-options.js';
import { UsageError } from '../errors.js';
import { flag, imageOptions, jsonOption, list, parseBytes, value } from '../options.js';

const options = {
  len: value('bytes to map (default: from --offset to the end of the file)', parseBytes('--len')),
  prot: value('permissions: letters of rwx, or - for none (default: r)', parseProt),
  shared: flag('MAP_SHARED (default: MAP_PRIVATE)'),
  offset: value('first byte of the file, a whole page (default: 0)', parseBytes('--offset')),
  ...policyOption,
  nommu: flag('a kernel without an MMU (default: with one)'),
  ...physOption,
  'page-size': value(
    `the kernel's page size: ${PAGE_SIZE}, the only one that is emulated`,
    parsePageSize,
  ),
  touch: list('access PAGE of the mapping: PAGE or PAGE:r loads, PAGE:w stores its first byte'),
  'image-offset': imageOptions.offset,
  'block-size': imageOptions['block-size'],
  ...jsonOption,
} as const;

export type MmapArguments = CommandArguments<typeof options>;

export const mmap = defineCommand({
  synopsis: 'IMAGE PATH',
  description:
    'Maps a file in the emulator and tells what comes of it: the areas as in /proc/PID/maps, what\n' +
    'is behind each page, faults and signals, the RAM it takes, and why it is not all from ROM.',
  options,
  async run(args, io) {
    return (await import('../mmap/command.js')).runMmapCommand(args, io);
  },
});

function parseProt(given: string): string {
  if (!/^[rwx-]+$/.test(given)) {
    throw new UsageError(`--prot cannot be '${given}': use letters of rwx, or -`);
  }
  return given;
}

function parsePageSize(given: string): number {
  if (parseBytes('--page-size')(given) !== PAGE_SIZE) {
    throw new UsageError(
      `--page-size cannot be '${given}': the emulated kernels have ${PAGE_SIZE}`,
    );
  }
  return PAGE_SIZE;
}
