import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { concat, noise, text } from '../../../../test/helpers/raw-image.js';
import { zstdFrame } from '../../../../test/helpers/zstd-frame.js';
import { lzmaCompress } from '../lzma.js';
import { canBeEmbedded, unpackEmbedded, type EmbeddedKind } from './embedded.js';

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield await Promise.resolve(bytes.subarray(at, at + size));
  }
}

const content = concat(text(9000), new Uint8Array(9000), noise(300));
/** `xz -9e` of twenty times "cramfs in xz, ". */
const XZ = Buffer.from(
  'fd377a585a000004e6d6b446020021011c00000010cf58cce0011700155d00319c884680aca2dad6a7addd7e531dea1c27e88000000000002151a60e0d30fe5500013198020000008fa40c47b1c467fb020000000004595a',
  'hex',
);
const XZ_CONTENT = Buffer.from('cramfs in xz, '.repeat(20));

const STREAMS: readonly (readonly [EmbeddedKind, Uint8Array, Uint8Array])[] = [
  ['gzip', gzipSync(content), content],
  ['zstd', zstdFrame([content]), content],
  ['xz', XZ, XZ_CONTENT],
  ['lzma', lzmaCompress(content), content],
];

describe.each(STREAMS)('%s', (kind, stream, expected) => {
  test.each([1, 7, 1 << 17])(
    'is read to its end, whatever follows, in pieces of %i',
    async (size) => {
      const bytes = concat(stream, noise(5000));
      const { bytes: found } = await unpackEmbedded(kind, inPieces(bytes, size), 1e6);
      expect(Buffer.compare(found, expected)).toBe(0);
    },
  );

  test('damaged data is returned up to the damage', async () => {
    const cut = stream.subarray(0, stream.length - 20);
    const { bytes: found } = await unpackEmbedded(kind, inPieces(cut, 512), 1e6);
    expect(found.length).toBeLessThan(2 * expected.length);
    const bad = Uint8Array.from(stream, (byte, index) => (index > 20 ? byte ^ 0x55 : byte));
    expect(await unpackEmbedded(kind, inPieces(bad, 512), 1e6)).toHaveProperty('bytes');
  });

  test('no more than the limit is made', async () => {
    const { bytes: found } = await unpackEmbedded(kind, inPieces(stream, 512), 100);
    expect(found.length).toBeLessThanOrEqual(100);
  });

  test('its head can be one', () => {
    expect(canBeEmbedded(kind, stream.subarray(0, 14))).toBe(true);
    expect(canBeEmbedded(kind, stream.subarray(0, 13))).toBe(false);
  });
});

test('names and comments of gzip are skipped', async () => {
  const plain = gzipSync(content);
  const header = Uint8Array.of(0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3);
  const fields = concat(
    Uint8Array.of(2, 0, 9, 9),
    Buffer.from('name\0comment\0'),
    Uint8Array.of(1, 2),
  );
  const bytes = concat(header, fields, plain.subarray(10));
  const { bytes: found } = await unpackEmbedded('gzip', inPieces(bytes, 3), 1e6);
  expect(Buffer.compare(found, content)).toBe(0);
});

test('chance bytes are not a stream', () => {
  expect(canBeEmbedded('gzip', Uint8Array.of(0x1f, 0x8b, 8, 0xe0, ...noise(10)))).toBe(false);
  expect(canBeEmbedded('lzma', Uint8Array.of(0x5d, 0, 0, ...noise(11)))).toBe(false);
});
