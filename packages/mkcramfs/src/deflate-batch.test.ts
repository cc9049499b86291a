import { readFileSync } from 'node:fs';
import { BlockDeflater } from 'cramfs-deflate';
import { describe, expect, test } from 'vitest';
import { noise } from '../../../test/helpers/raw-image.js';
import type { BlockBatch } from './block-batch.js';
import { compressBatchWithDeflate } from './deflate-batch.js';

const deflater = new BlockDeflater();
const program = readFileSync(process.execPath).subarray(0, 4096);

describe('batches', () => {
  function batch(blocks: readonly Uint8Array[], keepIncompressible: boolean): BlockBatch {
    return {
      data: Buffer.concat(blocks),
      lengths: blocks.map(({ length }) => length),
      codec: { library: 'block-deflate', effort: 'default' },
      keepIncompressible,
    };
  }

  test('hold the streams of their blocks, in order', () => {
    const blocks = [program, noise(4096), Buffer.from('aaaaaaaaaaaaaaaaaaaa'), noise(3)];
    const streams = blocks.map((block) => deflater.compress(block, 'default').slice());
    const { data, lengths, spent } = compressBatchWithDeflate(batch(blocks, false), 'default');
    expect(lengths).toEqual(streams.map(({ length }) => length));
    expect(Buffer.from(data)).toEqual(Buffer.concat(streams));
    expect(spent[0]!.byteLength).toBeGreaterThanOrEqual(4096 + 4096 + 20 + 3);
  });

  test('go into the room they are given, if it is enough', () => {
    const blocks = [program, noise(4096)];
    const streams = blocks.map((block) => deflater.compress(block, 'default').slice());
    for (const size of [100, 10_000]) {
      const room = new Uint8Array(size);
      const given = { ...batch(blocks, false), room };
      const { data, spent } = compressBatchWithDeflate(given, 'default');
      expect(Buffer.from(data)).toEqual(Buffer.concat(streams));
      expect(data.buffer === room.buffer).toBe(size === 10_000);
      // All that was lent comes back, in one way or the other.
      const back = [...spent, data.buffer];
      expect(back).toContain(given.data.buffer);
      expect(back).toContain(room.buffer);
    }
  });

  test('keep blocks that do not get smaller', () => {
    const blocks = [noise(4096), program, noise(3)];
    const { data, lengths } = compressBatchWithDeflate(batch(blocks, true), 'default');
    expect([lengths[0], lengths[2]]).toEqual([4096, 3]);
    expect(Buffer.from(data.subarray(0, 4096))).toEqual(Buffer.from(blocks[0]!));
  });

  test('may be empty', () => {
    expect(compressBatchWithDeflate(batch([], true), 'default')).toMatchObject({ lengths: [] });
  });
});
