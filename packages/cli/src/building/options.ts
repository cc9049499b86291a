import { textToName } from 'cramfs-format';
import {
  choice,
  flag,
  list,
  parseBlockSize,
  parseBytes,
  parseCount,
  text,
  value,
} from '../shell/options.js';
import type { OptionValues } from '../shell/option-types.js';

/** Checked by the builder, which knows the block size. */
function parseAlignment(given: string): number | 'segments' {
  return given === 'segments' ? given : parseBytes('--xip-align')(given);
}

export const alignOption = {
  'xip-align': value(
    'with --xip=nommu: align files that run in place to N bytes (default: 8), or as the ' +
      "program's segments ask",
    parseAlignment,
    undefined,
    'N|segments',
  ),
} as const;

/** The form of an image, whatever its content. */
export const formatOptions = {
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
} as const;

/** What goes from a source into an image, and with which owners and modes. */
export const treeOptions = {
  'device-table': list('apply a device table', 'D', 'FILE'),
  squash: flag('set the owner of all files to 0:0', 'q'),
  owner: list('set the owner of files', undefined, '[GLOB=]UID:GID'),
  mode: list('set permission bits', undefined, 'GLOB=OCTAL'),
  exclude: list('leave out matching files and directories, with everything below them'),
  'exclude-from': list(
    'leave out whatever matches a glob in FILE, one per line',
    undefined,
    'FILE',
  ),
  allow: list(
    'allow, with a warning, one of truncate-names, truncate-files, truncate-ids, ' +
      'truncate-devices, skip-large-files, skip-unreadable',
    undefined,
    'KIND',
  ),
} as const;

export const effortOptions = {
  best: flag('smallest image, in three to four times the time'),
} as const;

export const workersOption = {
  workers: value('number of threads (does not change the image)', parseCount('--workers', 256, 1)),
} as const;

/** The values of the options that every command with a SOURCE takes. */
export type SourceArguments = { readonly operands: readonly string[] } & OptionValues<
  typeof formatOptions & typeof treeOptions & typeof effortOptions & typeof workersOption
>;
