import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
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

test('an image in a firmware file', async () => {
  const firmware = folder.write('firmware', concat(noise(1234), sampleImage().bytes, noise(99)));
  const plain = await cramfs(['ls', firmware]);
  expect(plain).toMatchObject({
    code: 8,
    stderr: `cramfs: ${firmware}: offset 0x0: not a cramfs image: no superblock at 0 or 512\n`,
  });
  for (const offset of ['1234', '0x4d2', 'auto']) {
    expect((await cramfs(['ls', '--offset', offset, firmware])).stdout).toBe(ROOT);
  }
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
    stderr: `cramfs: ${cut}: unexpected end of file\n`,
  });
});
