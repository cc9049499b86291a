import { readFileSync } from 'node:fs';
import { deflateSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { inflate } from 'pako';
import { describe, expect, test } from 'vitest';
import { noise } from '../../../test/helpers/raw-image.js';
import { BlockDeflater, type Effort } from './block-deflater.js';

const deflater = new BlockDeflater();
const efforts: readonly Effort[] = ['default', 'best'];

/** Compresses a block, inflates it with two libraries, and returns the length of the stream. */
function expectRoundTrip(block: Uint8Array, effort: Effort): number {
  const stream = deflater.compress(block, effort).slice();
  expect(Buffer.from(inflateSync(stream)).equals(block)).toBe(true);
  expect(Buffer.from(inflate(stream)).equals(block)).toBe(true);
  // Two bytes of header, five for each stored part, four of checksum.
  expect(stream.length).toBeLessThanOrEqual(
    block.length + 6 + 5 * Math.max(1, Math.ceil(block.length / 65535)),
  );
  return stream.length;
}

const program = readFileSync(process.execPath).subarray(0, 256 * 4096);
const text = Buffer.from(
  readFileSync(new URL('./block-deflater.test.ts', import.meta.url), 'utf8').repeat(40),
);

describe.each(efforts)('effort %s', (effort) => {
  test.each([4096, 8192, 16384, 32768, 65536])('real blocks of %i bytes', (size) => {
    for (let at = 0; at + size <= program.length; at += Math.max(size, 16384)) {
      expectRoundTrip(program.subarray(at, at + size), effort);
    }
    expectRoundTrip(text.subarray(0, size), effort);
  });

  test('any blocks: noise, few different bytes, repetitions at any distance', () => {
    const block = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 65536, size: 'max' }),
      fc.uint8Array({ maxLength: 65536, max: 3, size: 'max' }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(200))
        .map(([part, times]) => Buffer.concat(Array.from({ length: times + 1 }, () => part))),
      // The same bytes before and after noise: matches near and beyond the window of 32 KiB.
      fc
        .tuple(fc.uint8Array({ minLength: 3, maxLength: 400 }), fc.integer({ min: 0, max: 34_000 }))
        .map(([part, apart]) => Buffer.concat([part, noise(apart), part, part])),
    );
    fc.assert(
      fc.property(block, (bytes) => void expectRoundTrip(bytes.subarray(0, 65536), effort)),
      { numRuns: 300 },
    );
  });

  test('every length up to 600, and around 64 KiB', () => {
    const lengths = [...Array(600).keys(), 65534, 65535, 65536];
    for (const length of lengths) {
      expectRoundTrip(program.subarray(5000, 5000 + length), effort);
      expectRoundTrip(new Uint8Array(length), effort);
    }
  });

  test('noise is stored, even if that takes two stored blocks', () => {
    for (const length of [1, 100, 4096, 65535, 65536]) {
      const parts = Math.ceil(length / 65535);
      const block = noise(length);
      if (length > 100) expect(expectRoundTrip(block, effort)).toBe(length + 6 + 5 * parts);
      else expectRoundTrip(block, effort);
    }
  });

  test('Fibonacci counts, whose codes would be longer than 15 bits', () => {
    const bytes: number[] = [];
    for (
      let [symbol, a, b] = [0, 1, 1];
      bytes.length + a <= 65536;
      [symbol, a, b] = [symbol + 1, b, a + b]
    ) {
      for (let k = 0; k < a; k++) bytes.push((symbol * 97) & 255);
    }
    // Shuffled, so that there are no matches.
    const shuffled = Uint8Array.from(bytes, (_, at) => bytes[(at * 40_503) % bytes.length]!);
    expectRoundTrip(shuffled, effort);
  });

  test('the bytes do not depend on the blocks before', () => {
    const blocks = Array.from({ length: 64 }, (_, at) =>
      program.subarray(at * 4096, at * 4096 + 4096 - at),
    );
    const once = blocks.map((block) => deflater.compress(block, effort).slice());
    deflater.compress(noise(65536), effort);
    const again = blocks
      .reverse()
      .map((block) => new BlockDeflater().compress(block, effort).slice());
    expect(again.reverse()).toEqual(once);
  });
});

test('smaller than zlib at its best level, and best smaller than default', () => {
  const sum = (compress: (block: Uint8Array) => Uint8Array): number => {
    let total = 0;
    for (let at = 0; at < program.length; at += 4096) {
      total += Math.min(4096, compress(program.subarray(at, at + 4096)).length);
    }
    return total;
  };
  const zlib = sum((block) => deflateSync(block, { level: 9 }));
  const usual = sum((block) => deflater.compress(block, 'default'));
  const best = sum((block) => deflater.compress(block, 'best'));
  expect(usual).toBeLessThan(zlib);
  expect(best).toBeLessThan(usual * 0.992);
});

test('a block that is too long is refused', () => {
  expect(() => deflater.compress(new Uint8Array(65537), 'default')).toThrow(
    'a block has at most 65536 bytes, not 65537',
  );
});
