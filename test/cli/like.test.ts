import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  buildDialectImage,
  stickyExtent,
  swapWordsOf,
  type DialectDirectory,
  type DialectImageOptions,
} from '../helpers/dialect-images.js';
import { elfFile } from '../helpers/elf-builder.js';
import { noise } from '../helpers/raw-image.js';
import { writeTree } from '../helpers/write-tree.js';
import { directory, file, symlink } from '../helpers/trees.js';
import { Folder } from './folder.js';
import { cramfs } from './run-cli.js';

/* `build OLD NEW --like OLD` gives OLD's bytes again. */

const folder = new Folder();

async function again(image: string): Promise<{ code: number; stderr: string; same: boolean }> {
  const out = folder.path('again');
  const { code, stderr } = await cramfs(['build', image, out, '--like', image, '--quiet']);
  const same = code === 0 && Buffer.compare(readFileSync(out), readFileSync(image)) === 0;
  return { code, stderr, same };
}

describe('images of this toolkit', () => {
  const text = { flags: 5, offset: 0, filesz: 0x2800, vaddr: 0x10000 };
  const data = { flags: 6, offset: 0x3000, filesz: 0x900, vaddr: 0x20000 };
  const program = elfFile(
    32,
    true,
    [text, data],
    new Uint8Array(0x4100).map((_, at) => at % 251),
  );

  beforeEach(() => {
    const root = directory({
      bin: directory({
        a: file(program, { mode: 0o755 }),
        b: file(program, { mode: 0o4755 }),
        c: file(program.subarray(0, 0x3400), { mode: 0o755 }),
      }),
      link: symlink('bin/a'),
      noise: file(noise(9000)),
      zeros: file(new Uint8Array(12000)),
    });
    writeTree(root, folder.path('tree'));
    folder.write('boot', noise(600));
  });

  test.each(
    [
      [],
      ['--best'],
      ['--xip=mmu'],
      ['--xip=mmu', '--tail', 'share'],
      ['--xip=mmu', '--tail', 'auto', '--holes'],
      ['--xip=mmu', '--xip-include', '*', '-N', 'big'],
      ['--xip=nommu', '--xip-include', '*'],
      ['--xip=nommu', '--xip-include', '*', '--xip-align', 'segments'],
      ['--xip=nommu', '--xip-include', '*', '--xip-align', '256'],
      ['--flash', '40K'],
      ['--ext-pointers', '--holes', '--pad', '--edition', '9', '--name', 'sixteen-letters!'],
      ['-b', '16384'],
      ['--compat=mkcramfs', '--force', '--xip=mmu'],
      ['--compat=mkcramfs', '--force', '--xip=nommu', '--holes'],
      ['--compat=util-linux', '--force', '-b', '8192', '--holes'],
    ].map((options) => ({ options })),
  )('$options', async ({ options }) => {
    const image = folder.path('image');
    const built = await cramfs(['build', folder.path('tree'), image, '--quiet', ...options]);
    expect(built.code).toBe(0);
    expect(await again(image)).toMatchObject({ code: 0, same: true });
  });
});

function reverse(crc: number): number {
  return Buffer.from([crc, crc >>> 8, crc >>> 16, crc >>> 24]).readUInt32BE(0);
}

/** Forms of images that can be written. */
const FORMS: readonly {
  readonly title: string;
  readonly options: DialectImageOptions;
  readonly swap?: 2 | 4;
}[] = [
  { title: 'standard', options: {} },
  { title: 'before fsid version 2', options: { flags: 0 } },
  { title: 'OpenRG', options: { flags: 0x6003, blockSize: 65536 } },
  { title: 'linear XIP', options: { extent: stickyExtent } },
  { title: 'linear XIP before fsid version 2', options: { extent: stickyExtent, flags: 2 } },
  { title: 'a swapped CRC', options: { crc: reverse } },
  { title: '16-bit words', options: {}, swap: 2 },
  { title: '32-bit words', options: {}, swap: 4 },
];

describe('images of other builders', () => {
  const tree = (mode: number): DialectDirectory => ({
    bin: { app: { mode, content: noise(9000) }, b: { mode: 0o100644, content: noise(50) } },
    empty: {},
    link: { mode: 0o120777, content: Buffer.from('bin/app') },
  });

  describe.each(['little', 'big'] as const)('%s endian', (endianness) => {
    test.each(FORMS)('$title', async ({ options, swap }) => {
      const bytes = buildDialectImage(tree(0o101755), { ...options, endianness });
      const image = folder.write('image', swap === undefined ? bytes : swapWordsOf(bytes, swap));
      expect(await again(image)).toEqual({ code: 0, stderr: '', same: true });
    });
  });

  test('directories that are not sorted stay so', async () => {
    const bytes = buildDialectImage(tree(0o100755), { flags: 0 });
    // Two names of equal length in the root, whose order is reversed.
    const at = Buffer.from(bytes).indexOf('empty');
    bytes.set(Buffer.from('AAAAA'), at);
    const image = folder.write('image', bytes);
    expect((await again(image)).same).toBe(true);
    expect((await cramfs(['ls', folder.path('again')])).stdout).toContain('bin\nAAAAA\n');
  });

  test('damage in the image whose form is taken does not matter', async () => {
    const bytes = buildDialectImage(tree(0o100755));
    const image = folder.write('image', bytes);
    const broken = bytes.slice();
    for (let at = 2000; at < 3000; at += 1) broken[at]! ^= 0x5a;
    const form = folder.write('broken', broken);
    const { code, stderr } = await cramfs([
      ...['build', image, folder.path('new'), '--like', form, '--quiet'],
    ]);
    expect(code).toBe(0);
    expect(stderr).toContain('the new one is only alike\n');
  });

  test.each([
    ['asxipfs', { flags: 0x803, extent: stickyExtent }, 'only images that are signed'],
    ['jinke', { inodeSize: 16 }, 'nobody knows what the eight bits'],
  ] as const)('%s is not written, and why', async (dialect, options, why) => {
    const mode = 0o101755;
    const files = { a: { mode, content: noise(5000) }, b: { mode, content: noise(9000) } };
    const image = folder.write('image', buildDialectImage(files, options));
    const { code, stderr } = await again(image);
    expect(code).toBe(8);
    expect(stderr).toContain(`no image can be written like this one, of dialect ${dialect}: `);
    expect(stderr).toContain(why);
  });
});
