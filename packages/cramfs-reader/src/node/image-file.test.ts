import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { isCramfsError, type CramfsError } from 'cramfs-format';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildRawImage, concat, file, noise, text } from '../../../../test/helpers/raw-image.js';
import { loadImageFile, readImageFile, type LoadOptions } from './image-file.js';
import { isZstd, zstdDecompress } from 'cramfs-archive/node';

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

/** A Zstandard frame of uncompressed and repeated blocks: no encoder needed. */
function zstdFrame(blocks: readonly (Uint8Array | { byte: number; times: number })[]): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58)];
  blocks.forEach((block, index) => {
    const last = index === blocks.length - 1 ? 1 : 0;
    const isRaw = block instanceof Uint8Array;
    const header = ((isRaw ? block.length : block.times) << 3) | (isRaw ? 0 : 2) | last;
    parts.push(Uint8Array.of(header, header >> 8, header >> 16));
    parts.push(isRaw ? block : Uint8Array.of(block.byte));
  });
  return concat(...parts);
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
    ['gzip', gzipSync(IMAGE).subarray(0, -20)],
    ['Zstandard', zstdFrame([IMAGE]).subarray(0, -20)],
    ['a bomb', zstdFrame(Array.from({ length: 5000 }, () => ({ byte: 0, times: 131072 })))],
  ])('%s that is cut off or too large', async (name, stored) => {
    const error = await errorOf(readImageFile(write('damaged', stored)));
    expect(error.code, name).toBe('BAD_SOURCE');
    expect(error.message).toContain('cannot decompress');
  });

  test('no file, or a directory', async () => {
    const missing = await errorOf(readImageFile(join(folder, 'missing')));
    expect(missing.code).toBe('BAD_SOURCE');
    expect(missing.cause).toMatchObject({ code: 'ENOENT' });
    expect((await errorOf(readImageFile(folder))).code).toBe('BAD_SOURCE');
  });
});

describe('zstdDecompress', () => {
  const repeat = { byte: 0x61, times: 70_000 };
  const frame = zstdFrame([text(1000), repeat]);
  const expected = concat(text(1000), new Uint8Array(70_000).fill(0x61));
  /** 'zstd -19' of 20,000 times 'a': one compressed block. */
  const compressed = Buffer.from('28b52ffd64204d450000086101001cce0e84cc5294e4', 'hex');

  test('raw and repeated blocks, several frames, skippable ones', async () => {
    const skippable = Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9);
    expect(Buffer.compare(await zstdDecompress(frame, 71_000), expected)).toBe(0);
    const both = await zstdDecompress(concat(frame, skippable, frame), 142_000);
    expect(Buffer.compare(both, concat(expected, expected))).toBe(0);
    expect(isZstd(frame)).toBe(true);
    expect(isZstd(IMAGE)).toBe(false);
    expect(isZstd(new Uint8Array(3))).toBe(false);
  });

  test('a compressed block', async () => {
    const content = await zstdDecompress(compressed, 131072);
    expect(content.length).toBe(20_000);
    expect(content.every((byte) => byte === 0x61)).toBe(true);
  });

  test.each([
    ['too much', frame, 70_999],
    ['cut off in a block', frame.subarray(0, 900), 1e6],
    ['cut off in a header', frame.subarray(0, 7), 1e6],
    ['other data behind', concat(frame, noise(40)), 1e6],
    ['a reserved block type', concat(zstdFrame([]), Uint8Array.of(0x0f, 0, 0)), 1e6],
    [
      'a damaged compressed block',
      Uint8Array.from(compressed, (b, i) => (i === 12 ? 255 : b)),
      1e6,
    ],
  ])('refuses %s', async (_, data, limit) => {
    expect((await errorOf(zstdDecompress(data, limit))).code).toBe('BAD_SOURCE');
  });
});
