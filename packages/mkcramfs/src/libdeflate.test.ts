import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { zlib } from 'libdeflate';
import { beforeAll, describe, expect, test } from 'vitest';
import type { BlockBatch } from './codec.js';
import { compressBatch } from './compress-batch.js';
import { Libdeflate } from './libdeflate.js';

let libdeflate: Libdeflate;
beforeAll(async () => {
  libdeflate = await Libdeflate.load();
});

const levels = Array.from({ length: 12 }, (_, index) => index + 1);

function expectSame(
  blocks: readonly Uint8Array[],
  level: number,
  keepIncompressible: boolean,
): void {
  const batch: BlockBatch = {
    data: Buffer.concat(blocks),
    lengths: blocks.map(({ length }) => length),
    codec: { library: 'libdeflate', level },
    keepIncompressible,
  };
  const [got, expected] = [libdeflate.compress(batch), compressBatch(batch, zlib)];
  expect(got.lengths).toEqual(expected.lengths);
  expect(Buffer.from(got.data).equals(expected.data)).toBe(true);
  expect(got.spent).toBe(batch.data.buffer);
}

describe('the same bytes as the function of the npm package', () => {
  test.each(levels)('level %i, whatever was compressed before', (level) => {
    const program = readFileSync(process.execPath).subarray(0, 64 * 4096);
    const blocks = Array.from({ length: 64 }, (_, at) =>
      program.subarray(at * 4096, (at + 1) * 4096),
    );
    expectSame(blocks, level, true);
    expectSame(blocks.reverse(), level, true);
  });

  test('any blocks, sizes up and down, stored as they are or not', () => {
    const block = fc.oneof(
      fc.uint8Array({ maxLength: 70_000 }),
      fc.uint8Array({ maxLength: 70_000, max: 3 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.nat(200))
        .map(([part, times]) => Buffer.concat(Array.from({ length: times + 1 }, () => part))),
    );
    const blocks = fc.array(block, { maxLength: 4 });
    fc.assert(fc.property(blocks, fc.constantFrom(...levels), fc.boolean(), expectSame), {
      numRuns: 200,
    });
  });

  test('one large block and thousands of tiny ones, and what comes behind', () => {
    const tiny = Array.from({ length: 45_000 }, (_, at) => Buffer.from(`file ${at}`));
    expectSame([new Uint8Array(65536).map((_, at) => at * at), ...tiny], 6, true);
    expectSame(tiny.slice(0, 8), 6, false);
  });

  test('no blocks', () => {
    expectSame([], 6, true);
  });

  test('says what it cannot do', () => {
    const batch = { data: new Uint8Array(1), lengths: [1], keepIncompressible: true };
    const codec = { library: 'libdeflate', level: 13 } as const;
    expect(() => libdeflate.compress({ ...batch, codec })).toThrow('libdeflate has no level 13');
  });

  test('a batch that the memory of the module has to grow for', () => {
    expectSame([new Uint8Array(20 * 2 ** 20).map((_, at) => at * at)], 6, false);
  });
});
