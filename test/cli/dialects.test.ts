import { beforeEach, expect, test } from 'vitest';
import {
  buildDialectImage,
  stickyExtent,
  swapWordsOf,
  type DialectImageOptions,
} from '../helpers/dialect-images.js';
import { noise } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';

const folder = new Folder();

const prog = { mode: 0o101755, content: noise(9000) };
const TREE = {
  bin: { prog },
  link: { mode: 0o120777, content: Buffer.from('bin/prog') },
};

let linear = '';
let sony = '';
let openrg = '';
let swapped = '';

beforeEach(() => {
  const write = (name: string, options: DialectImageOptions): string =>
    folder.write(name, buildDialectImage(TREE, options));
  linear = write('linear.img', { extent: stickyExtent });
  sony = write('sony.img', { flags: 0x20000003 });
  openrg = write('openrg.img', { flags: 0x6003, blockSize: 65536 });
  swapped = folder.write('swapped.img', swapWordsOf(buildDialectImage(TREE), 2));
});

test('info names the dialect', async () => {
  const expected = [
    [linear, 'linear-xip', 'linear XIP (patches of 2000 to 2010); mainline Linux misreads it'],
    [sony, 'sony-lz77', 'Sony cameras (LZ77); mainline Linux refuses it'],
    [openrg, 'openrg', 'OpenRG/Broadcom; mainline Linux refuses it'],
    [swapped, 'swapped-16', '16-bit words stored backwards'],
  ] as const;
  for (const [file, name, text] of expected) {
    const { code, stdout, stderr } = await cramfs(['info', file]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`dialect:        ${name}: ${text}\n`);
    expect(await cramfsJson(['info', file])).toMatchObject({ dialect: name });
  }
});

test('what can be read of a dialect with unknown blocks is shown, without complaint', async () => {
  const list = await cramfs(['ls', '-lR', sony]);
  expect(list).toMatchObject({ code: 0, stderr: '' });
  expect(list.stdout).toContain('prog');
  for (const command of [
    ['tree', sony],
    ['stat', sony, '/bin/prog', '/link'],
  ]) {
    expect(await cramfs(command)).toMatchObject({ code: 0, stderr: '' });
  }
});

test('what cannot is refused by name', async () => {
  for (const command of [
    ['cat', sony, '/bin/prog'],
    ['tar', sony],
    ['blocks', sony, '/bin/prog'],
  ]) {
    const { code, stderr } = await cramfs(command);
    expect(code).toBe(8);
    expect(stderr).toBe(
      `cramfs: ${sony}: dialect sony-lz77: the blocks are compressed with Sony LZ77, which this ` +
        'toolkit does not read; info, ls, tree and stat show the rest\n',
    );
  }
});

test('the emulator takes the kernel of the dialect', async () => {
  const mapped = await cramfs(['map', linear, '--simulate']);
  expect(mapped).toMatchObject({ code: 0, stderr: '' });
  expect(mapped.stdout).toContain('Linux with the linear XIP patches;');
  expect(mapped.stdout).toMatch(/\/bin\/prog +3 +3 +0 +0 +/);
  expect(mapped.stdout).toContain('all match\n');
  expect(await cramfsJson(['mmap', linear, '/bin/prog'])).toMatchObject({
    policy: 'linux-linear-xip',
    rom: { pages: 3 },
  });
  const asked = await cramfs(['mmap', linear, '/bin/prog', '--policy', 'linux-6.12']);
  expect(asked).toMatchObject({ code: 8, stdout: '' });
  expect(asked.stderr).toContain('--policy linux-6.12 is for other images, use linux-linear-xip\n');
  const standard = await cramfs(['mmap', swapped, '/bin/prog', '--policy', 'linux-linear-xip']);
  expect(standard.stderr).toContain('is for other images, use linux-6.12,');
});

test('a kernel that maps nothing is not emulated', async () => {
  const { code, stderr } = await cramfs(['exec', openrg, '/bin/prog']);
  expect(code).toBe(8);
  expect(stderr).toContain('mainline Linux refuses it, and its own kernel maps nothing from ROM;');
  expect((await cramfs(['map', swapped])).code).toBe(0);
});

test('content is the same in all of them', async () => {
  for (const file of [linear, openrg, swapped]) {
    expect(await cramfs(['check', file])).toMatchObject({ code: 0 });
    expect((await cramfs(['diff', linear, file])).stdout).toBe('');
  }
});

test('--dialect takes what the user knows', async () => {
  const { code, stderr } = await cramfs(['cat', '--dialect', 'standard', linear, '/bin/prog']);
  expect(code).toBe(8);
  expect(stderr).toContain('block 0');
  expect((await cramfs(['ls', '--dialect', 'standard', openrg])).stderr).toContain(
    'unsupported file system features: flags 0x2000 + 0x4000',
  );
  expect((await cramfs(['ls', '--dialect=vax', openrg])).code).toBe(16);
});
