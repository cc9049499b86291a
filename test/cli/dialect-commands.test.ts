import { lzmaCompress } from 'cramfs-archive/lzma';
import { describe, expect, test } from 'vitest';
import {
  buildDialectImage,
  openRgBlock,
  stickyExtent,
  swapWordsOf,
  type DialectDirectory,
  type DialectImageOptions,
} from '../helpers/dialect-images.js';
import { elfFile } from '../helpers/elf-builder.js';
import { noise } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs } from './run-cli.js';

/* Each dialect with each command: what it does, or the one line that says why not. */

const folder = new Folder();

const text = { flags: 5, offset: 0, filesz: 0x800, vaddr: 0x10000 };
const program = (endianness: 'little' | 'big'): Uint8Array =>
  elfFile(32, endianness === 'little', [text], noise(0x900));

/** A program, a file, a symlink and a directory; all files sticky where the dialect is about that. */
function tree(sticky: boolean, endianness: 'little' | 'big'): DialectDirectory {
  const mode = sticky ? 0o101755 : 0o100755;
  return {
    bin: { app: { mode, content: program(endianness) } },
    motd: { mode, content: Buffer.from('hello\n') },
    link: { mode: 0o120777, content: Buffer.from('motd') },
  };
}

const lzma = (block: Uint8Array): Uint8Array => openRgBlock(lzmaCompress(block, 1));
const extent: DialectImageOptions['extent'] = (node, free) =>
  (node.mode & 0o170000) === 0o120000 ? free : stickyExtent(node, free);
const reverse = (crc: number): number =>
  Buffer.from([crc, crc >>> 8, crc >>> 16, crc >>> 24]).readUInt32BE(0);

interface Row {
  readonly dialect: string;
  readonly options: DialectImageOptions;
  readonly swap?: 2 | 4;
  readonly sticky?: true;
  /** What the content of files is refused with. */
  readonly unreadable?: string;
  /** What the commands that show a kernel are refused with. */
  readonly notMapped?: string;
}

const NOT_MAPPED =
  'it, and its own kernel maps nothing from ROM; `cramfs build` makes a standard image of it';
const ROWS: readonly Row[] = [
  { dialect: 'standard', options: {} },
  { dialect: 'old', options: { flags: 0 } },
  {
    dialect: 'openrg',
    options: { flags: 0xa003, blockSize: 65536, compress: lzma },
    notMapped: `mainline Linux refuses ${NOT_MAPPED}`,
  },
  { dialect: 'linear-xip', options: { extent: stickyExtent }, sticky: true },
  { dialect: 'asxipfs', options: { flags: 0x803, extent }, sticky: true },
  {
    dialect: 'jinke',
    options: { inodeSize: 16 },
    notMapped: `mainline Linux misreads ${NOT_MAPPED}`,
  },
  { dialect: 'swapped-crc', options: { crc: reverse } },
  { dialect: 'swapped-16', options: {}, swap: 2 },
  { dialect: 'swapped-32', options: {}, swap: 4 },
  {
    dialect: 'sony-lz77',
    options: { flags: 0x20000003 },
    unreadable: 'the blocks are compressed with Sony LZ77, which this toolkit does not read',
  },
  {
    dialect: 'sony-lzo',
    options: { flags: 0x10000003 },
    unreadable: 'the blocks are compressed with LZO, which this toolkit does not read',
  },
  {
    dialect: 'unknown',
    options: { flags: 0x40000003 },
    unreadable: 'the flags announce a feature that this toolkit does not know',
  },
];

/** What a command needs of the image. */
type Need = 'tree' | 'content' | 'kernel';
/** Words after the image; `OUT` is a path that is free. */
const COMMANDS: readonly (readonly [name: string, need: Need, ...words: string[]])[] = [
  ['info', 'tree'],
  ['ls', 'tree', '-lR'],
  ['tree', 'tree'],
  ['stat', 'tree', '/bin/app', '/motd'],
  ['cat', 'content', '/motd'],
  ['blocks', 'content', '/motd'],
  ['extract', 'content', '-C', 'OUT'],
  ['tar', 'content', '-o', 'OUT'],
  ['diff', 'content', 'STANDARD'],
  ['build', 'content', 'OUT'],
  ['map', 'kernel'],
  ['mmap', 'kernel', '/motd'],
  ['exec', 'kernel', '/bin/app'],
  ['run', 'kernel', 'SCENARIO', '--mode=mmu'],
];

describe.each(ROWS)(
  '$dialect',
  ({ dialect, options, swap, sticky = false, unreadable, notMapped }) => {
    describe.each(['little', 'big'] as const)('%s endian', (endianness) => {
      const image = (): string => {
        const bytes = buildDialectImage(tree(sticky, endianness), { ...options, endianness });
        return folder.write('image', swap === undefined ? bytes : swapWordsOf(bytes, swap));
      };
      const standard = (): string =>
        folder.write('standard', buildDialectImage(tree(sticky, endianness), { flags: 3 }));

      test.each(COMMANDS)('%s', async (command, need, ...words) => {
        const file = image();
        // An image without a size needs 256 MiB of ROM.
        const medium = dialect === 'old' ? 'block' : 'mtd';
        const scenario = folder.write(
          's.scn',
          `mount ${medium}\nopen 0 motd r\nmmap a 0 0x1000 r private 0 0x40000000\npages a\n`,
        );
        const replaced = words.map((word) =>
          word
            .replace('OUT', folder.path('out'))
            .replace('STANDARD', standard())
            .replace('SCENARIO', scenario),
        );
        const { code, stdout, stderr } = await cramfs([command, file, ...replaced]);
        const why =
          (need === 'tree' ? undefined : unreadable) ?? (need === 'kernel' ? notMapped : undefined);
        if (why !== undefined) {
          expect({ code, stdout }).toEqual({ code: 8, stdout: '' });
          const rest = why === unreadable ? '; info, ls, tree and stat show the rest' : '';
          expect(stderr).toBe(`cramfs: ${file}: dialect ${dialect}: ${why}${rest}\n`);
          return;
        }
        if (command === 'run' && endianness === 'big') {
          expect(stderr).toContain('wrong endianness');
          return;
        }
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        if (command === 'diff') expect(stdout).toBe('');
        if (command === 'cat') expect(stdout).toBe('hello\n');
      });

      test('check finds no error but what it cannot read', async () => {
        const { code, stdout } = await cramfs(['check', image()]);
        expect(code).toBe(unreadable === undefined ? 0 : 4);
        if (unreadable !== undefined) expect(stdout).toContain('unsupported');
      });
    });
  },
);
