import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { buildRawImage, concat, file, noise } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';
import { sampleImage } from './sample-image.js';

const folder = new Folder();

const ROOT = 'bin\ndev\netc\nhéllo\n';

test('standard input and compressed images', async () => {
  const { bytes } = sampleImage();
  expect((await cramfs(['ls', '-'], { stdin: bytes })).stdout).toBe(ROOT);
  expect((await cramfs(['ls', '-'], { stdin: gzipSync(bytes) })).stdout).toBe(ROOT);
  expect((await cramfs(['ls', folder.write('image.gz', gzipSync(bytes))])).stdout).toBe(ROOT);
});

test.each([
  ['info', '-'],
  ['check', '-'],
  ['diff', '-', 'other'],
  ['build', '-', 'image'],
])('%s does not wait for somebody to type an image', async (...words) => {
  expect(await cramfs(words, { stdin: 'terminal' })).toMatchObject({
    code: 16,
    stdout: '',
    stderr:
      `cramfs ${words[0]}: standard input is a terminal: name a file, or pipe one in\n` +
      `Try 'cramfs ${words[0]} --help'.\n`,
  });
});

test('an image in a firmware file', async () => {
  const firmware = folder.write('firmware', concat(noise(1234), sampleImage().bytes, noise(99)));
  const plain = await cramfs(['ls', firmware]);
  expect(plain).toMatchObject({
    code: 8,
    stderr:
      `cramfs: ${firmware}: offset 0x0: not a cramfs image: no superblock at 0 or 512; there is ` +
      'one at offset 1234 (0x4d2): use --offset 1234, or --offset auto\n',
  });
  for (const offset of ['1234', '0x4d2']) {
    expect(await cramfs(['ls', '--offset', offset, firmware])).toMatchObject({
      stdout: ROOT,
      stderr: '',
    });
  }
  expect((await cramfs(['ls', '--offset', '1235', firmware])).stderr).toContain(
    'use --offset 1234',
  );
  expect(await cramfs(['ls', '--offset=1M', firmware])).toMatchObject({
    code: 8,
    stderr: expect.stringMatching(
      /: offset 0x100000: the file ends at \d+, before the offset/,
    ) as string,
  });
  const none = folder.write('noise', noise(5000));
  expect(await cramfs(['ls', '--offset=auto', none])).toMatchObject({
    code: 8,
    stderr: `cramfs: ${none}: there is no cramfs image in the file\n`,
  });
});

describe('--offset auto says which offset it took', () => {
  const takes: readonly (readonly string[])[] = [
    ['info'],
    ['ls'],
    ['tree'],
    ['stat', '/bin'],
    ['cat', '/bin/sh'],
    ['blocks', '/bin/sh'],
    ['map'],
    ['check'],
    ['tar'],
  ];
  test.each(takes)('%s', async (command, ...paths) => {
    const firmware = folder.write('firmware', concat(noise(1234), sampleImage().bytes, noise(99)));
    const { code, stderr } = await cramfs([command, firmware, ...paths, '--offset', 'auto']);
    expect(stderr).toContain(`cramfs: ${firmware}: using the image at offset 1234 (0x4d2)\n`);
    const given = await cramfs([command, firmware, ...paths, '--offset', '1234']);
    expect(given.code).toBe(code);
    expect(given.stderr).not.toContain('took');
  });

  test.each(['info', 'check', 'map'])('in the JSON of %s as well', async (command) => {
    const firmware = folder.write('firmware', concat(noise(1234), sampleImage().bytes));
    const found = await cramfs([command, firmware, '--json', '--offset', 'auto']);
    expect(JSON.parse(found.stdout)).toMatchObject({ offset: 1234 });
    const whole = folder.write('image', sampleImage().bytes);
    expect(JSON.parse((await cramfs([command, whole, '--json'])).stdout)).toMatchObject({
      offset: 0,
    });
  });
});

test('the block size is found or given', async () => {
  const { bytes } = buildRawImage({ f: file(noise(70_000)) }, { blockSize: 16384 });
  const image = folder.write('16k.img', bytes);
  expect(await cramfsJson(['info', image])).toMatchObject({ blockSize: 16384 });
  expect(await cramfsJson(['info', '-b', '64K', image])).toMatchObject({ blockSize: 65536 });
  expect(await cramfs(['info', '--block-size=5000', image])).toMatchObject({
    code: 16,
    stderr:
      "cramfs info: --block-size cannot be '5000': use 4096, 8192, 16384, 32768, 65536\n" +
      "Try 'cramfs info --help'.\n",
  });
});

test('a block size that nothing tells is not a fact, and the page size decides', async () => {
  const tiny = folder.write(
    'tiny.img',
    buildRawImage({ f: file('x') }, { blockSize: 65536 }).bytes,
  );
  expect(await cramfsJson(['info', tiny])).toMatchObject({
    blockSize: 4096,
    blockSizeVotes: { files: 0, votes: 0, candidates: [4096, 8192, 16384, 32768, 65536] },
  });
  expect((await cramfs(['info', tiny])).stdout).toContain(
    'not known: no file with more than one block shows it; assumed: 4096\n',
  );
  expect(await cramfsJson(['check', tiny, '--page-size=64K'])).toMatchObject({
    ok: true,
    stats: { blockSize: 65536 },
  });
  expect(await cramfsJson(['map', tiny, '--page-size=64K'])).toMatchObject({ blockSize: 65536 });

  const some = folder.write(
    'some.img',
    buildRawImage({ f: file(noise(5000)) }, { blockSize: 65536 }).bytes,
  );
  expect((await cramfs(['check', '-v', some])).stdout).toContain(
    'not known: 8192 or 16384 or 32768 or 65536 (confirmed by 1 of 1 file with more than one block); ' +
      'assumed: 8192\n',
  );
  expect((await cramfs(['check', some, '--page-size=32K'])).code).toBe(0);
  const { code, stdout } = await cramfs(['check', some, '--page-size=4K']);
  expect(code).toBe(4);
  expect(stdout).toContain(
    'blocks of 8192 or 16384 or 32768 or 65536 bytes (confirmed by 1 of 1 file): a kernel with pages',
  );
  expect(await cramfsJson(['info', '-b', '8K', some])).toMatchObject({ blockSizeVotes: null });
});

test('errors of the system are one line with the name of the file', async () => {
  const missing = folder.path('missing');
  expect(await cramfs(['ls', missing])).toMatchObject({
    code: 8,
    stdout: '',
    stderr: `cramfs: ${missing}: no such file or directory\n`,
  });
  expect(await cramfs(['ls', folder.path()])).toMatchObject({
    code: 8,
    stderr: `cramfs: ${folder.path()}: is a directory\n`,
  });
  const cut = folder.write('cut.gz', gzipSync(sampleImage().bytes).subarray(0, 100));
  expect(await cramfs(['ls', cut])).toMatchObject({
    code: 8,
    stderr: `cramfs: ${cut}: bad gzip data: unexpected end of file\n`,
  });
});
