import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noise } from '../../../../../test/helpers/raw-image.js';
import type { BlockBatch, Codec } from '../../block-batch.js';
import { compressBatch } from '../../codec.js';
import { fileIdentity } from '../source-file.js';
import type { WorkerCompressor } from '../worker-compressor.js';
import { cachedCompressor, type CachedCompressor } from './cached-compressor.js';

const MIB = 2 ** 20;
const DEFAULT: Codec = { library: 'block-deflate', effort: 'default' };

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'block-cache-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

/** Compresses on this thread, and counts what it is asked for. */
function counting(): WorkerCompressor & { blocks: number } {
  return {
    blocks: 0,
    threads: 1,
    capacity: 1,
    expect: () => undefined,
    compress(batch) {
      this.blocks += batch.lengths.length;
      return compressBatch(batch);
    },
    close: () => Promise.resolve(),
  };
}

/** Blocks that compress, with some that do not, of several lengths. */
function blocks(count: number, seed = 1): Uint8Array[] {
  return Array.from({ length: count }, (_, index) =>
    index % 5 === 4
      ? noise(4096 - index, seed * 1000 + index)
      : Buffer.from(`block ${seed} ${index} `.repeat(400)).subarray(0, 4096 - index),
  );
}

function batchOf(parts: readonly Uint8Array[], settings: Partial<BlockBatch> = {}): BlockBatch {
  return {
    data: new Uint8Array(Buffer.concat(parts)),
    lengths: parts.map(({ length }) => length),
    codec: DEFAULT,
    keepIncompressible: true,
    ...settings,
  };
}

/** What a build does: compresses some batches, and keeps what is new. */
async function build(
  parts: readonly (readonly Uint8Array[])[],
  { limit = 100 * MIB, ...settings }: Partial<BlockBatch> & { limit?: number } = {},
): Promise<{ compressed: number; found: number }> {
  const inner = counting();
  const cached = cachedCompressor(inner, { directory, limit });
  for (const part of parts) await expectRight(cached, part, settings);
  const { found } = cached.counts;
  cached.commit();
  await cached.close();
  return { compressed: inner.blocks, found };
}

async function expectRight(
  compressor: CachedCompressor,
  parts: readonly Uint8Array[],
  settings: Partial<BlockBatch>,
): Promise<void> {
  const { data, lengths } = await compressBatch(batchOf(parts, settings));
  const result = await compressor.compress(batchOf(parts, settings));
  expect(result.lengths).toEqual(lengths);
  expect(Buffer.compare(result.data, data)).toBe(0);
}

const packs = (): string[] => readdirSync(directory).filter((name) => name.endsWith('.pack'));

describe('a second build', () => {
  test('compresses nothing again, and adds nothing', async () => {
    expect(await build([blocks(40), blocks(60, 2)])).toEqual({ compressed: 100, found: 0 });
    const before = packs();
    expect(before).toHaveLength(1);
    expect(await build([blocks(60, 2), blocks(40)])).toEqual({ compressed: 0, found: 100 });
    expect(packs()).toEqual(before);
    expect(readdirSync(directory)).toEqual(before);
  });

  test('compresses only the new blocks', async () => {
    await build([blocks(40)]);
    const mixed = blocks(40).flatMap((block, index) => [block, blocks(40, 2)[index]!]);
    expect(await build([mixed])).toEqual({ compressed: 40, found: 40 });
    expect(await build([mixed])).toEqual({ compressed: 0, found: 80 });
    expect(packs()).toHaveLength(2);
  });

  test('finds blocks of a pack in which none gets smaller', async () => {
    const part = [noise(4096, 7), Buffer.of(0)];
    expect(await build([part])).toEqual({ compressed: 2, found: 0 });
    expect(await build([part])).toEqual({ compressed: 0, found: 2 });
  });

  test('finds nothing that was compressed in another way', async () => {
    await build([blocks(10)]);
    for (const settings of [
      { codec: { library: 'block-deflate', effort: 'best' } },
      { codec: { library: 'zlib', level: 9 } },
      { keepIncompressible: false },
    ] as const) {
      expect(await build([blocks(10)], settings)).toEqual({ compressed: 10, found: 0 });
      expect(await build([blocks(10)], settings)).toEqual({ compressed: 0, found: 10 });
    }
  });

  test('finds nothing of a failed build, which leaves no files', async () => {
    const cached = cachedCompressor(counting(), { directory, limit: MIB });
    await expectRight(cached, blocks(20), {});
    await cached.close();
    expect(readdirSync(directory)).toEqual([]);
    expect(await build([blocks(20)])).toEqual({ compressed: 20, found: 0 });
  });
});

test('several builds at once do not disturb each other', async () => {
  const open = [1, 2, 3].map(() => cachedCompressor(counting(), { directory, limit: 100 * MIB }));
  await Promise.all(open.map((cached, seed) => expectRight(cached, blocks(30, seed % 2), {})));
  for (const cached of open) cached.commit();
  await Promise.all(open.map((cached) => cached.close()));
  expect(await build([blocks(30, 0), blocks(30, 1)])).toEqual({ compressed: 0, found: 60 });
});

describe('a thread that looks for blocks', () => {
  interface Settings extends Omit<Partial<BlockBatch>, 'room'> {
    readonly threads?: number;
    /** How many are announced. */
    readonly bytes?: number;
    readonly roomOf?: () => Uint8Array | undefined;
  }

  /** Also tells whether a thread took the batch, whose memory has moved then. */
  async function buildLarge(
    parts: readonly Uint8Array[],
    { threads = 2, bytes = 100 * MIB, roomOf, ...settings }: Settings = {},
  ): Promise<{ compressed: number; found: number; moved: boolean }> {
    const inner = { ...counting(), threads };
    const cached = cachedCompressor(inner, { directory, limit: 100 * MIB });
    cached.expect(bytes);
    const { data, lengths } = await compressBatch(batchOf(parts, settings));
    const batch = batchOf(parts, { ...settings, room: roomOf?.() });
    const result = await cached.compress(batch);
    const moved = batch.data.byteLength === 0;
    expect(result.lengths).toEqual(lengths);
    expect(Buffer.compare(result.data, data)).toBe(0);
    cached.rest!();
    // Without its thread.
    await expectRight(cached, parts, settings);
    const { found } = cached.counts;
    cached.commit();
    await cached.close();
    return { compressed: inner.blocks, found, moved };
  }

  test.each<[string, () => Uint8Array | undefined]>([
    ['no room', () => undefined],
    ['room', () => new Uint8Array(MIB)],
    ['too little room', () => new Uint8Array(1000)],
  ])('gives the same bytes, with %s', async (_, roomOf) => {
    const settings = { keepIncompressible: false, roomOf };
    await build([blocks(40)], { keepIncompressible: false });
    const mixed = blocks(40).flatMap((block, index) => [block, blocks(40, 2)[index]!]);
    const twice = { compressed: 80, found: 80, moved: true };
    expect(await buildLarge(mixed, settings)).toEqual(twice);
    expect(await buildLarge(blocks(40), settings)).toEqual({ ...twice, compressed: 0 });
    expect(await buildLarge(blocks(40, 3), settings)).toEqual({ ...twice, found: 0 });
  });

  test('finds blocks that do not get smaller', async () => {
    await build([blocks(40)]);
    expect(await buildLarge(blocks(40))).toEqual({ compressed: 0, found: 80, moved: true });
  });

  test('is not started if nothing can be found, or it would not pay', async () => {
    expect(await buildLarge(blocks(20))).toMatchObject({ moved: false });
    expect(await buildLarge(blocks(20))).toMatchObject({ moved: true });
    expect(await buildLarge(blocks(20), { bytes: MIB })).toMatchObject({ moved: false });
    expect(await buildLarge(blocks(20), { threads: 1 })).toMatchObject({ moved: false });
    const codec: Codec = { library: 'zlib', level: 9 };
    expect(await buildLarge(blocks(20), { codec })).toMatchObject({ moved: false });
  });

  test('replaces a damaged block', async () => {
    await build([blocks(12)]);
    const path = join(directory, packs()[0]!);
    const bytes = readFileSync(path);
    bytes[100]! ^= 1;
    writeFileSync(path, bytes);
    // Two blocks do not get smaller: nothing of them is damaged.
    expect(await buildLarge(blocks(12))).toMatchObject({ compressed: 20, found: 4, moved: true });
    expect(await build([blocks(12)])).toEqual({ compressed: 0, found: 12 });
  });

  test('is helped if it has much to do', async () => {
    const parts = blocks(300);
    await build([parts.slice(0, 200)]);
    const inner = { ...counting(), threads: 2 };
    const cached = cachedCompressor(inner, { directory, limit: 100 * MIB });
    cached.expect(100 * MIB);
    const batches = parts.map((part) => batchOf([part, parts[0]!]));
    const results = await Promise.all(batches.map((batch) => cached.compress(batch)));
    for (const [index, { data, lengths }] of results.entries()) {
      const alone = await compressBatch(batchOf([parts[index]!, parts[0]!]));
      expect(lengths).toEqual(alone.lengths);
      expect(Buffer.compare(data, alone.data)).toBe(0);
    }
    // What the calling thread has looked up itself was not moved.
    const helped = batches.filter(({ data }) => data.byteLength > 0).length;
    expect(helped).toBeGreaterThan(0);
    expect(helped).toBeLessThan(batches.length);
    expect(cached.counts).toEqual({ blocks: 600, found: 500 });
    await cached.close();
  });

  test('reads files', async () => {
    const parts = blocks(40);
    await build([parts]);
    const host = join(directory, 'source');
    writeFileSync(host, Buffer.concat(parts.slice(0, 1)));
    const seen = fileIdentity(statSync(host, { bigint: true }));
    const place = { host, path: '/source', seen };
    const cached = cachedCompressor({ ...counting(), threads: 2 }, { directory, limit: MIB });
    expect(cached.readsFiles).toBe(false);
    cached.expect(100 * MIB);
    expect(cached.readsFiles).toBe(true);
    const whole = batchOf([parts[3]!, parts[0]!, parts[4]!]);
    const { length } = parts[0]!;
    const unread = [{ place, from: 0, at: parts[3]!.length, length }];
    const given = { ...batchOf([parts[3]!, parts[4]!]), unread, lengths: whole.lengths };
    const result = await cached.compress(given);
    const alone = await compressBatch(whole);
    expect(result.lengths).toEqual(alone.lengths);
    expect(Buffer.compare(result.data, alone.data)).toBe(0);
    expect(cached.counts).toEqual({ blocks: 3, found: 3 });
    rmSync(host);
    const gone = { ...batchOf([]), unread: [{ place, from: 0, at: 0, length }], lengths: [length] };
    await expect(cached.compress(gone)).rejects.toMatchObject({
      code: 'BAD_SOURCE',
      path: '/source',
    });
    await cached.close();
  });

  test('may be closed before it has started', async () => {
    await build([blocks(12)]);
    const cached = cachedCompressor({ ...counting(), threads: 2 }, { directory, limit: MIB });
    cached.expect(100 * MIB);
    await cached.close();
    expect(packs()).toHaveLength(1);
  });
});

describe('damaged entries are replaced', () => {
  test('any byte of a pack', async () => {
    await build([blocks(12)]);
    const [name = ''] = packs();
    const good = readFileSync(join(directory, name));
    for (let at = 0; at < good.length; at += 37) {
      const bad = Buffer.from(good);
      bad[at]! ^= 0x10;
      for (const each of packs()) rmSync(join(directory, each));
      writeFileSync(join(directory, name), bad);
      const { compressed, found } = await build([blocks(12)]);
      expect(compressed + found).toBe(12);
      expect(compressed).toBeGreaterThan(0);
      expect(await build([blocks(12)])).toEqual({ compressed: 0, found: 12 });
    }
  });

  test('any length that a pack was cut to', async () => {
    await build([blocks(12)]);
    const [name = ''] = packs();
    const good = readFileSync(join(directory, name));
    for (let length = 0; length < good.length; length += 101) {
      for (const each of packs()) rmSync(join(directory, each));
      writeFileSync(join(directory, name), good.subarray(0, length));
      expect(await build([blocks(12)])).toEqual({ compressed: 12, found: 0 });
    }
  });

  test('files of others stay', async () => {
    writeFileSync(join(directory, 'README'), 'mine');
    await build([blocks(200)], { limit: 1 });
    expect(readdirSync(directory)).toEqual(['README']);
  });
});

describe('its size', () => {
  test('is bounded: the least recently used blocks are removed', async () => {
    await build([blocks(50, 1)]);
    const [first = ''] = packs();
    const { size } = statSync(join(directory, first));
    utimesSync(join(directory, first), 1, 1);
    await build([blocks(50, 2)]);
    // Uses the first.
    await build([blocks(50, 1)]);
    const second = packs().find((name) => name !== first)!;
    utimesSync(join(directory, second), 2, 2);
    await build([blocks(50, 3)], { limit: 2.5 * size });
    expect(packs()).toHaveLength(2);
    expect(packs()).toContain(first);
    expect(packs()).not.toContain(second);
  });

  test('many small packs become one', async () => {
    for (let seed = 1; seed <= 16; seed += 1) await build([blocks(5, seed)]);
    expect(packs()).toHaveLength(16);
    const all = Array.from({ length: 17 }, (_, index) => blocks(5, index + 1));
    expect(await build(all)).toEqual({ compressed: 5, found: 80 });
    expect(packs()).toHaveLength(1);
    expect(await build(all)).toEqual({ compressed: 0, found: 85 });
  });

  test('also where nothing is new', async () => {
    for (let seed = 1; seed <= 16; seed += 1) await build([blocks(5, seed)]);
    const all = Array.from({ length: 16 }, (_, index) => blocks(5, index + 1));
    expect(await build(all)).toEqual({ compressed: 0, found: 80 });
    expect(packs()).toHaveLength(1);
    expect(await build(all)).toEqual({ compressed: 0, found: 80 });
  });
});
