import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { isCramfsError, type CramfsError } from 'cramfs-format';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildRawImage, concat, file, noise, text } from '../../../../test/helpers/raw-image.js';
import { zstdFrame } from '../../../../test/helpers/zstd-frame.js';
import { loadImageFile, readImageFile, type LoadOptions } from './image-file.js';

const CONTENT = text(5000);
const IMAGE = buildRawImage({ f: file(CONTENT) }).bytes;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cramfs-reader-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

async function errorOf(promise: Promise<unknown>): Promise<CramfsError> {
  try {
    await promise;
  } catch (error) {
    if (isCramfsError(error)) return error;
    throw error;
  }
  throw new Error('no error was thrown');
}

describe('loadImageFile', () => {
  const zstd = zstdFrame([IMAGE.subarray(0, 5000), IMAGE.subarray(5000)]);

  test.each([
    ['plain', IMAGE, 'none'],
    ['gzip', gzipSync(IMAGE), 'gzip'],
    ['Zstandard', zstd, 'zstd'],
  ] as const)('%s', async (name, stored, compression) => {
    const { image, file, offset, candidates } = await loadImageFile(write(name, stored));
    expect(file).toMatchObject({ compression, fileSize: stored.length });
    expect(Buffer.compare(file.bytes, IMAGE)).toBe(0);
    expect({ offset, candidates }).toEqual({ offset: 0, candidates: undefined });
    expect(image.readFile(image.lookup('/f'))).toEqual(CONTENT);
  });

  test('at an offset that is given, or found', async () => {
    const path = write('firmware', gzipSync(concat(noise(3001), IMAGE, noise(10))));
    const load = async (options: LoadOptions): Promise<number> => {
      const { image, offset } = await loadImageFile(path, options);
      expect(image.readFile(image.lookup('/f'))).toEqual(CONTENT);
      return offset;
    };
    expect(await load({ offset: 3001 })).toBe(3001);
    expect(await load({ offset: 'auto' })).toBe(3001);
    expect((await errorOf(loadImageFile(path))).code).toBe('BAD_MAGIC');
    expect((await loadImageFile(path, { offset: 'auto' })).candidates).toHaveLength(1);
  });

  test('a block size', async () => {
    const { bytes } = buildRawImage({ f: file(text(100)) });
    const { image } = await loadImageFile(write('block-size', bytes), { blockSize: 8192 });
    expect(image.blockSize).toBe(8192);
  });

  test('nothing to be found', async () => {
    const path = write('ünlucky', noise(5000));
    const error = await errorOf(loadImageFile(path, { offset: 'auto' }));
    expect(error).toMatchObject({ code: 'BAD_MAGIC' });
    expect(error.path).toContain('\u00c3\u00bcnlucky');
  });
});

describe('readImageFile', () => {
  test.each([
    ['gzip', gzipSync(IMAGE).subarray(0, -20), 'bad gzip data: unexpected end of file'],
    ['Zstandard', zstdFrame([IMAGE]).subarray(0, -20), 'zstd data that was cut short'],
    [
      'a bomb',
      zstdFrame(Array.from({ length: 5000 }, () => ({ byte: 0, times: 131072 }))),
      'there are more than 536870912 bytes',
    ],
  ])('%s that is cut off or too large', async (_, stored, message) => {
    const path = write('damaged', stored);
    const error = await errorOf(readImageFile(path));
    expect(error).toMatchObject({ code: 'BAD_SOURCE', message, path });
  });

  test('a pipe', async () => {
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    for (const stored of [IMAGE, gzipSync(IMAGE)]) {
      const source = write('source', stored);
      execFileSync('sh', ['-c', `cat '${source}' > '${path}' &`], { stdio: 'ignore' });
      const { bytes } = await readImageFile(path);
      expect(Buffer.compare(bytes, IMAGE)).toBe(0);
    }
  });

  test('no file, or a directory', async () => {
    const missing = await errorOf(readImageFile(join(folder, 'missing')));
    expect(missing.code).toBe('BAD_SOURCE');
    expect(missing.cause).toMatchObject({ code: 'ENOENT' });
    expect((await errorOf(readImageFile(folder))).code).toBe('BAD_SOURCE');
  });
});
