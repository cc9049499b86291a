import { crc32 } from 'cramfs-format';
import { expect, test } from 'vitest';
import { StoredBlock, type Content } from './content.js';
import { countBlocks } from './layout/chunk.js';
import type { UnwrittenChunk } from './layout/layout.js';
import { MemorySink } from './memory-sink.js';
import { SequentialSink } from './sequential-sink.js';
import { writeChunk } from './write-chunk.js';

const MEMORY = Uint8Array.from({ length: 64 }, (_, index) => index + 1);

interface Part {
  readonly offset: number;
  readonly start: number;
  readonly length: number;
  readonly lengthPrefix?: boolean;
}

/** The bytes of a chunk whose blocks are parts of one memory, or each in memory of its own. */
function written(parts: readonly Part[], share: boolean): number[] {
  const pieces = parts.map(({ offset, start, length, lengthPrefix = false }) => {
    const block = share
      ? new StoredBlock('compressed', 100, MEMORY, start, length)
      : new StoredBlock('compressed', 100, MEMORY.slice(start, start + length));
    return { offset, block, lengthPrefix };
  });
  const content = { blocks: pieces.map(({ block }) => block) } as unknown as Content;
  const counts = countBlocks(content, [], pieces);
  const chunk: UnwrittenChunk = {
    ...{ position: 0, content, counts, pointerCount: 0 },
    ...{ pointers: [], pieces, runs: [], size: 64 },
  };
  const image = new MemorySink();
  const sink = new SequentialSink(image, crc32, 0);
  writeChunk(chunk, 'little', sink);
  sink.finish();
  return [...image.bytes()];
}

test.each<[string, readonly Part[], readonly number[]]>([
  [
    'neighbours',
    [
      { offset: 0, start: 10, length: 2 },
      { offset: 2, start: 12, length: 3 },
    ],
    [11, 12, 13, 14, 15],
  ],
  [
    'neighbours in memory, with a gap in the image',
    [
      { offset: 0, start: 10, length: 2 },
      { offset: 4, start: 12, length: 1 },
    ],
    [11, 12, 0, 0, 13],
  ],
  [
    'neighbours in the image that are not in memory',
    [
      { offset: 0, start: 10, length: 2 },
      { offset: 2, start: 30, length: 1 },
      { offset: 3, start: 31, length: 1 },
    ],
    [11, 12, 31, 32],
  ],
  [
    'a length between them',
    [
      { offset: 0, start: 10, length: 2 },
      { offset: 4, start: 12, length: 1, lengthPrefix: true },
      { offset: 5, start: 13, length: 1 },
    ],
    [11, 12, 1, 0, 13, 14],
  ],
])('blocks of a chunk: %s', (_, parts, bytes) => {
  expect(written(parts, true)).toEqual(bytes);
  expect(written(parts, false)).toEqual(bytes);
});
