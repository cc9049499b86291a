import { textToName } from 'cramfs-format';
import { defineCommand, type CommandArguments } from '../../shell/command.js';
import {
  choice,
  flag,
  list,
  parseBlockSize,
  parsePositiveBytes,
  parseBytes,
  parseCount,
  text,
  value,
  wideOption,
} from '../../shell/options.js';

/** Checked by the builder, which knows the block size. */
function parseAlignment(given: string): number | 'segments' {
  return given === 'segments' ? given : parseBytes('--xip-align')(given);
}

const options = {
  xip: choice(
    'xip',
    ['none', 'nommu', 'mmu'],
    'store programs so that they run in place; --xip alone means --xip=mmu',
    'mmu',
  ),
  'xip-include': list('with --xip: run matching files in place as a whole, whatever they are'),
  'xip-exclude': list('with --xip: never run matching files in place'),
  'xip-sticky': flag('with --xip: run files with the sticky bit in place as a whole'),
  tail: list(
    'what follows an XIP file in its last page: zeros, other data, or the cheaper of both ' +
      '(default: pad with an MMU, share without)',
    undefined,
    '[GLOB=]pad|share|auto',
  ),
  'xip-align': value(
    'with --xip=nommu: align files that run in place to N bytes (default: 8), or as the ' +
      "program's segments ask",
    parseAlignment,
    undefined,
    'N|segments',
  ),
  'xip-pad': flag(
    'with --xip: append a zero byte to programs whose last page could not be in place otherwise',
  ),
  'page-size': value(
    "block size and alignment; must be the kernel's page size: 4096 (default) to 65536",
    parseBlockSize('--page-size'),
    ['b', 'block-size'],
  ),
  endian: {
    ...choice(
      'endian',
      ['little', 'big', 'host'],
      'byte order of the CPU that mounts it (default: little)',
    ),
    alias: 'N',
  },
  B: flag('same as --endian big'),
  L: flag('same as --endian little'),
  name: value('volume name, at most 16 bytes', textToName, 'n', 'NAME'),
  edition: value('edition number', parseCount('--edition', 0xffffffff), 'e'),
  pad: flag('leave 512 bytes for boot code before the superblock', 'p'),
  insert: value('put a file between the superblock and the root directory', text, 'i', 'FILE'),
  holes: flag('store blocks of zeros as holes', 'z'),
  'ext-pointers': flag('use extended block pointers (Linux >= 4.15) where they save bytes', 'x'),
  'device-table': list('apply a device table', 'D', 'FILE'),
  squash: flag('set the owner of all files to 0:0', 'q'),
  owner: list('set the owner of files', undefined, '[GLOB=]UID:GID'),
  mode: list('set permission bits', undefined, 'GLOB=OCTAL'),
  exclude: list('leave out matching files and directories, with all below them'),
  'exclude-from': list('leave out what the globs in FILE match, one per line', undefined, 'FILE'),
  allow: list(
    'allow, with a warning, one of truncate-names, truncate-files, truncate-ids, ' +
      'truncate-devices, skip-large-files, skip-unreadable',
    undefined,
    'KIND',
  ),
  'max-size': value(
    'fail if the image is larger, and say what would make it smaller',
    parseBytes('--max-size'),
    undefined,
    'SIZE',
  ),
  'erase-size': value(
    'with --max-size: count whole erase blocks of this size',
    parsePositiveBytes('--erase-size'),
    undefined,
    'SIZE',
  ),
  strict: flag('treat warnings as errors: no image, exit 8', 'E'),
  best: flag('smallest image, in three to four times the time'),
  compat: choice(
    'compat',
    ['mkcramfs', 'util-linux'],
    'make the same bytes as mkcramfs or mkfs.cramfs (util-linux)',
  ),
  force: flag('with --compat: build even what Linux would misread'),
  workers: value('number of threads (does not change the image)', parseCount('--workers', 256, 1)),
  compress: choice(
    'compress',
    ['none', 'gz', 'zst'],
    'compress the image for transport (default: by the name of IMAGE)',
  ),
  report: choice(
    'report',
    ['table', 'json'],
    'print how every file is stored; --report alone means --report=table',
    'table',
  ),
  ...wideOption,
  quiet: flag('print nothing but problems'),
  verbose: flag('also print the layout of the image', 'v'),
} as const;

export type BuildArguments = CommandArguments<typeof options>;

export const build = defineCommand({
  synopsis: 'SOURCE IMAGE',
  description:
    'Makes IMAGE from SOURCE: a directory, a tar (also .gz or .zst), or - for a tar on standard\n' +
    'input. What cramfs cannot hold is an error unless --allow permits it. The same input and\n' +
    'options give the same bytes everywhere.\n\n' +
    'A GLOB with a slash matches whole paths in the image, one without matches names.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runBuildCommand(args, io);
  },
});
