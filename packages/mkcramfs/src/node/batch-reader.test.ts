import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noise } from '../../../../test/helpers/raw-image.js';
import { BlockQueue, type BlockSink } from '../block-queue.js';
import type { BlockBatch } from '../block-batch.js';
import type { FilePlace } from '../tree.js';
import { BatchReader } from './batch-reader.js';
import { fileIdentity } from './source-file.js';

const BLOCK = 4096;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'batch-reader-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function place(name: string, bytes: Uint8Array): FilePlace {
  const host = join(folder, name);
  writeFileSync(host, bytes);
  return { host, path: `/${name}`, seen: fileIdentity(statSync(host, { bigint: true })) };
}

test('batches of given and of unread files have the bytes of the files, in order', async () => {
  const files = Array.from({ length: 8 }, (_, index) => noise(1 + index * 90_001, index));
  const places = files.map((bytes, index) => place(`f${index}`, bytes));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat({ max: files.length - 1 }), fc.boolean()), { maxLength: 12 }),
      async (picked) => {
        const reader = new BatchReader();
        const batches: number[] = [];
        const compressor = {
          capacity: 3,
          readsFiles: true,
          compress(batch: BlockBatch) {
            batches.push(batch.lengths.length);
            const { data, lengths } = reader.read(batch);
            return Promise.resolve({ data: data.slice(), lengths, spent: [] });
          },
        };
        const codec = { library: 'block-deflate', effort: 'default' } as const;
        const queue = new BlockQueue(compressor, { codec, keepIncompressible: true }, false);
        const stored = picked.map(([index]) => new Uint8Array(files[index]!.length));
        for (const [at, [index, isGiven]] of picked.entries()) {
          const sink: BlockSink = (first, data, start, lengths) => {
            const end = start + lengths.reduce((sum, length) => sum + length, 0);
            stored[at]!.set(data.subarray(start, end), first * BLOCK);
          };
          const bytes = files[index]!;
          if (isGiven) await queue.add(bytes, BLOCK, 0, sink);
          else await queue.addFile(places[index]!, bytes.length, BLOCK, sink);
        }
        await queue.finish();
        picked.forEach(([index], at) => {
          expect(Buffer.compare(stored[at]!, files[index]!)).toBe(0);
        });
        const blocks = picked.reduce(
          (sum, [index]) => sum + Math.ceil(files[index]!.length / BLOCK),
          0,
        );
        expect(batches.reduce((sum, count) => sum + count, 0)).toBe(blocks);
      },
    ),
    { numRuns: 40 },
  );
});
