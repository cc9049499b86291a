import { describe, expect, test } from 'vitest';
import { inChunks } from '../../../test/helpers/tar-builder.js';
import { ChunkReader, UnexpectedEnd } from './chunk-reader.js';

const BYTES = Uint8Array.from({ length: 100 }, (_, index) => index);

function reader(chunk: number): ChunkReader {
  return new ChunkReader(inChunks(BYTES, chunk));
}

describe.each([1, 7, 64, 1000])('in chunks of %i', (chunk) => {
  test('takes exact lengths whatever the chunks are', async () => {
    const from = reader(chunk);
    expect(await from.peek(10)).toEqual(BYTES.subarray(0, 10));
    expect(from.offset).toBe(0);
    expect(await from.take(20)).toEqual(BYTES.subarray(0, 20));
    await from.skip(30);
    const target = new Uint8Array(40);
    await from.readInto(target);
    expect(target).toEqual(BYTES.subarray(50, 90));
    expect(from.offset).toBe(90);
    expect(await from.peek(20)).toEqual(BYTES.subarray(90));
  });

  test('returns what is there until nothing is left', async () => {
    const from = reader(chunk);
    const got: number[] = [];
    for (;;) {
      const bytes = await from.some(9);
      if (bytes === undefined) break;
      expect(bytes.length).toBeGreaterThan(0);
      expect(bytes.length).toBeLessThanOrEqual(9);
      got.push(...bytes);
    }
    expect(got).toEqual([...BYTES]);
    expect(from.offset).toBe(100);
  });

  test('says when the input ends too early', async () => {
    await expect(reader(chunk).take(101)).rejects.toThrow(UnexpectedEnd);
    await expect(reader(chunk).skip(101)).rejects.toThrow(UnexpectedEnd);
    await expect(reader(chunk).readInto(new Uint8Array(101))).rejects.toThrow(UnexpectedEnd);
  });
});

test('empty chunks do not end the input', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(new Uint8Array(0));
    yield Uint8Array.of(1);
    yield new Uint8Array(0);
    yield Uint8Array.of(2);
  }
  const from = new ChunkReader(chunks());
  expect(await from.take(2)).toEqual(Uint8Array.of(1, 2));
  expect(await from.some(1)).toBeUndefined();
});

test('closing lets the source clean up', async () => {
  let closed = false;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      for (;;) yield await Promise.resolve(Uint8Array.of(1));
    } finally {
      closed = true;
    }
  }
  const from = new ChunkReader(chunks());
  await from.take(3);
  await from.close();
  expect(closed).toBe(true);
});
