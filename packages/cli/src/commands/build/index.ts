import {
  alignOption,
  effortOptions,
  formatOptions,
  treeOptions,
  workersOption,
} from '../../building/options.js';
import { runOptions } from '../../planning/options.js';
import { defineCommand, type CommandArguments } from '../../shell/command.js';
import {
  choice,
  flag,
  list,
  parsePositiveBytes,
  parseBytes,
  text,
  value,
  wideOption,
  imageOptions,
} from '../../shell/options.js';

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
    'what follows an XIP file in its last page: zeros, other data, or the cheaper of the two ' +
      '(default: pad with an MMU, share without)',
    undefined,
    '[GLOB=]pad|share|auto',
  ),
  'xip-plan': value(
    'run in place what PLAN says, page by page (see cramfs plan)',
    text,
    undefined,
    'PLAN',
  ),
  adapt: flag('with --xip-plan: change what does not fit the tree, and say how'),
  flash: value(
    'plan for an image of at most SIZE bytes, as cramfs plan does, and build it',
    parsePositiveBytes('--flash'),
    undefined,
    'SIZE',
  ),
  ...runOptions,
  ...alignOption,
  'xip-pad': flag(
    'with --xip: append a zero byte to programs whose last page could not be in place otherwise',
  ),
  'xip-gzip-data': flag(
    'with --xip=nommu: gzip data and relocations of bFLT programs where that is smaller ' +
      '(kernel: CONFIG_BINFMT_ZFLAT)',
  ),
  ...formatOptions,
  'ext-pointers': flag('use extended block pointers (Linux >= 4.15) where they save bytes', 'x'),
  ...treeOptions,
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
  ...effortOptions,
  compat: choice(
    'compat',
    ['mkcramfs', 'util-linux'],
    'make the same bytes as mkcramfs or mkfs.cramfs (util-linux)',
  ),
  force: flag('with --compat: build even what Linux would misread'),
  ...workersOption,
  cache: value(
    'keep compressed blocks in DIR, and take from there what has not changed',
    text,
    undefined,
    'DIR',
  ),
  'cache-size': value(
    'with --cache: largest size of DIR after the build (default: 1G)',
    parsePositiveBytes('--cache-size'),
    undefined,
    'SIZE',
  ),
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
  like: value(
    'take the form from IMAGE: byte order, dialect, block size, name, layout and compressor',
    text,
    undefined,
    'IMAGE',
  ),
  add: list('put FILE at PATH of the image, owned by 0:0', undefined, 'PATH=FILE'),
  replace: list('give the file at PATH the content of FILE', undefined, 'PATH=FILE'),
  remove: list('leave out PATH and everything below it', undefined, 'PATH'),
  chmod: list('set the permission bits of PATH', undefined, 'PATH=OCTAL'),
  chown: list('set the owner of PATH', undefined, 'PATH=UID:GID'),
  splice: value(
    'write a copy of FILE, a firmware, with the image in place of the one at --at',
    text,
    undefined,
    'FILE',
  ),
  at: value('where the old image starts (default: --offset)', parseBytes('--at')),
  fill: choice('fill', ['00', 'ff'], 'bytes to put after a smaller image (default: 00)'),
  grow: flag('with --splice: a larger image may take empty bytes after the old one'),
  offset: imageOptions.offset,
  image: imageOptions.image,
  dialect: imageOptions.dialect,
  ...wideOption,
  quiet: flag('print only problems'),
  verbose: flag('also print the layout of the image', 'v'),
} as const;

export type BuildArguments = CommandArguments<typeof options>;

export const build = defineCommand({
  synopsis: 'SOURCE IMAGE',
  description:
    'Makes IMAGE from SOURCE: a directory, a tar (also .gz or .zst), - for a tar on standard\n' +
    'input, or an image. What cramfs cannot hold is an error unless --allow permits it. The same input and\n' +
    'options give the same bytes everywhere.\n\n' +
    'A GLOB with a slash matches whole paths in the image, one without matches names.',
  options,
  async run(args, io) {
    return (await import('./run.js')).runBuildCommand(args, io);
  },
});
