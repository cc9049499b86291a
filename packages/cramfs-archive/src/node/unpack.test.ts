import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { concat, noise, text } from '../../../../test/helpers/raw-image.js';
import { zstdFrame } from '../../../../test/helpers/zstd-frame.js';
import { unpack } from './unpack.js';

const LIMITS = { plain: 1e6, unpacked: 1e6 };

/** `bytes` in pieces of `size`, all in the same memory: a piece that is kept changes later. */
async function* reusedPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  const piece = new Uint8Array(size);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.subarray(at, at + size);
    piece.set(part);
    yield piece.subarray(0, part.length);
    await Promise.resolve();
  }
}

/** Hands out `piece` for ever and counts how often. */
function endless(piece: Uint8Array, first = piece) {
  const counts = { pieces: 0, closed: 0 };
  const source = (async function* () {
    try {
      for (;;) {
        counts.pieces += 1;
        yield counts.pieces === 1 ? first : piece;
        await Promise.resolve();
      }
    } finally {
      counts.closed += 1;
    }
  })();
  return { source, counts };
}

const unpackOf = (bytes: Uint8Array, unpacked = 1e6) =>
  unpack(reusedPieces(bytes, bytes.length), { ...LIMITS, unpacked });

describe('what is not compressed', () => {
  test('is copied once, to memory that threads share', async () => {
    const content = noise(300_001);
    const { compression, bytes } = await unpack(reusedPieces(content, 1000), LIMITS);
    expect(compression).toBe('none');
    expect(bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(Buffer.compare(bytes, content)).toBe(0);
  });

  test('is given up at the limit, and its source closed', async () => {
    const { source, counts } = endless(noise(10_000));
    await expect(unpack(source, LIMITS)).rejects.toMatchObject({
      code: 'BAD_SOURCE',
      message: 'there are more than 1000000 bytes',
    });
    expect(counts).toEqual({ pieces: 101, closed: 1 });
  });

  test('may look compressed in a way that is not ours', async () => {
    const xz = concat(Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), noise(100));
    expect(await unpackOf(xz)).toMatchObject({ compression: 'none', bytes: { length: 106 } });
  });
});

test('members of gzip, each below the limit, are given up as soon as they pass it together', async () => {
  const { source, counts } = endless(gzipSync(noise(150_000)));
  await expect(unpack(source, LIMITS)).rejects.toThrow('more than 1000000 bytes');
  // Seven members match; the stream reads a few ahead.
  expect(counts.pieces).toBeLessThan(15);
});

test('frames of Zstandard as well', async () => {
  const { source, counts } = endless(zstdFrame([{ byte: 97, times: 100_000 }]));
  await expect(unpack(source, LIMITS)).rejects.toThrow('more than 1000000 bytes');
  // Eleven frames match; the start of the next one is examined.
  expect(counts).toEqual({ pieces: 12, closed: 1 });
});

test.each([
  ['cut off', gzipSync(text(9000)).subarray(0, -20), 'bad gzip data: unexpected end of file'],
  ['damaged', gzipSync(text(9000)).fill(255, 30, 60), 'bad gzip data: '],
])('gzip data that is %s', async (_, stored, message) => {
  const error: unknown = await unpackOf(stored).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'BAD_SOURCE' });
  expect((error as Error).message).toContain(message);
});

describe('Zstandard', () => {
  const repeat = { byte: 0x61, times: 70_000 };
  const frame = zstdFrame([text(1000), repeat]);
  const expected = concat(text(1000), new Uint8Array(70_000).fill(0x61));
  /** 'zstd -19' of 20,000 times 'a': one compressed block. */
  const compressed = Buffer.from('28b52ffd64204d450000086101001cce0e84cc5294e4', 'hex');

  test('raw and repeated blocks, several frames, skippable ones', async () => {
    const skippable = Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9);
    const { compression, bytes } = await unpackOf(frame, 71_000);
    expect(compression).toBe('zstd');
    expect(Buffer.compare(bytes, expected)).toBe(0);
    const both = await unpackOf(concat(frame, skippable, frame), 142_000);
    expect(Buffer.compare(both.bytes, concat(expected, expected))).toBe(0);
  });

  test('a compressed block', async () => {
    const { bytes } = await unpackOf(compressed);
    expect(bytes.length).toBe(20_000);
    expect(bytes.every((byte) => byte === 0x61)).toBe(true);
  });

  test.each([
    ['too much', frame, 70_999],
    ['cut off in a block', frame.subarray(0, 900), 1e6],
    ['cut off in a header', frame.subarray(0, 7), 1e6],
    ['other data after it', concat(frame, noise(40)), 1e6],
    ['a reserved block type', concat(zstdFrame([]), Uint8Array.of(0x0f, 0, 0)), 1e6],
    [
      'a damaged compressed block',
      Uint8Array.from(compressed, (byte, index) => (index === 12 ? 255 : byte)),
      1e6,
    ],
  ])('refuses %s', async (_, data, limit) => {
    await expect(unpackOf(data, limit)).rejects.toMatchObject({ code: 'BAD_SOURCE' });
  });
});
