import { renderOptions, renderParagraphs, type HelpLine } from '../shell/help.js';

/** What a drop-in command takes: the source of its help, manual page and completion. */
export interface DropInShape {
  readonly name: string;
  readonly alsoAs: string;
  readonly summary: string;
  readonly synopsis: string;
  readonly options: readonly HelpLine[];
  readonly exitCodes: string;
}

export const MKCRAMFS: DropInShape = {
  name: 'mkcramfs',
  alsoAs: 'mkfs.cramfs',
  summary: 'make a cramfs image',
  synopsis: '[OPTION...] DIRECTORY IMAGE',
  options: [
    ['-h, --help', 'print this help'],
    ['-V, --version', 'print the version'],
    ['-v', 'print what it does'],
    ['-E', 'treat warnings as errors: no image, exit 8'],
    ['-b SIZE', "block size, the kernel's page size: 4096 (default) to 65536"],
    ['-e EDITION', 'edition number, part of the fsid'],
    ['-N big|little|host', 'byte order (default: host)'],
    ['-B', 'same as -N big'],
    ['-L', 'same as -N little'],
    ['-i FILE', 'insert a file between the superblock and the root directory'],
    ['-n NAME', 'name of the file system'],
    ['-p', 'leave 512 bytes for boot code before the superblock'],
    ['-s', 'ignored: directories are always sorted'],
    ['-z', 'store blocks of zeros as holes'],
    ['-x', 'use extended block pointers (Linux >= 4.15) where they save bytes'],
    ['-X', 'run programs in place; twice: for kernels with an MMU'],
    ['-D FILE', 'apply a device table (repeatable)'],
    ['-q', 'set the owner of all files to 0:0'],
    [
      '-l[=MODE]',
      'ignored: the image is written beside IMAGE and renamed, so nothing needs a lock',
    ],
    [
      '--allow KIND',
      'allow with a warning: truncate-names, truncate-files, truncate-ids, truncate-devices, ' +
        'skip-large-files, skip-unreadable (repeatable)',
    ],
    ['--best', 'smallest image, in three to four times the time'],
    ['--compat mkcramfs|util-linux', 'make exactly the bytes that one of the C tools makes'],
    ['--force', 'with --compat: build even what Linux would misread'],
  ],
  exitCodes: '0 ok, 8 failure, 16 usage',
};

export const FSCK_CRAMFS: DropInShape = {
  name: 'fsck.cramfs',
  alsoAs: 'cramfsck',
  summary: 'check a cramfs image',
  synopsis: '[OPTION...] IMAGE',
  options: [
    ['-h, --help', 'print this help'],
    ['-V, --version', 'print the version'],
    ['-v, --verbose', 'print what the image contains, and that it is OK'],
    ['-x DIR, --extract=DIR', 'extract the image into DIR, unless it is damaged'],
    ['--extract', 'only test whether everything can be extracted (always done)'],
    ['-c', 'carry on: extract the readable part of a damaged image'],
    ['-b, --blocksize SIZE', 'block size (default: detected)'],
    ['-a, -y', 'ignored'],
  ],
  exitCodes: '0 ok (there may be warnings), 4 file system errors, 8 failure, 16 usage',
};

export function usageText({ name, alsoAs, synopsis, options, exitCodes }: DropInShape): string {
  return [
    `usage: ${name} ${synopsis}\n       (also as ${alsoAs})\n`,
    renderOptions(options),
    renderParagraphs(`Exit codes: ${exitCodes}.`),
  ].join('\n');
}
