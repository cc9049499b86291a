import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { noise } from '../../../../test/helpers/raw-image.js';
import type { BlockBatch } from '../block-batch.js';
import { compressBatch } from '../codec.js';
import type { FilePlace } from '../tree.js';
import { fileIdentity } from './source-file.js';
import { workerCompressor } from './worker-compressor.js';

const MIB = 2 ** 20;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'worker-compressor-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A file of half noise, half zeros. */
function place(name: string, size = 300_000): FilePlace & { readonly bytes: Uint8Array } {
  const host = join(folder, name);
  const bytes = new Uint8Array(size);
  bytes.set(noise(size >> 1, name.length));
  writeFileSync(host, bytes);
  const seen = fileIdentity(statSync(host, { bigint: true }));
  return { host, path: `/${name}`, seen, bytes };
}

function unread(file: FilePlace): BlockBatch {
  const size = Number(file.seen.size);
  const { host, path, seen } = file;
  return {
    data: new Uint8Array(0),
    unread: [{ place: { host, path, seen }, from: 0, at: 0, length: size }],
    lengths: Array.from({ length: Math.ceil(size / 4096) }, (_, index) =>
      Math.min(4096, size - index * 4096),
    ),
    codec: { library: 'block-deflate', effort: 'default' },
    keepIncompressible: true,
  };
}

describe.each([
  ['the calling thread', 1],
  ['others, too', 3],
])('%s', (_, threads) => {
  test('reads files and compresses them', async () => {
    const compressor = workerCompressor(threads);
    compressor.expect(100 * MIB);
    // More than one for each thread, so that the calling one has to do some.
    expect(compressor.capacity).toBeGreaterThanOrEqual(threads);
    const files = Array.from({ length: 12 }, (__, index) => place(`file${'x'.repeat(index)}`));
    const results = await Promise.all(files.map((file) => compressor.compress(unread(file))));
    for (const [index, { data, lengths }] of results.entries()) {
      const whole = { ...unread(files[index]!), unread: [], data: files[index]!.bytes };
      const alone = await compressBatch(whole);
      expect(lengths).toEqual(alone.lengths);
      expect(Buffer.compare(data, alone.data)).toBe(0);
    }
    await compressor.close();
  });

  test('names a file that has changed, or is not there', async () => {
    const compressor = workerCompressor(threads);
    compressor.expect(100 * MIB);
    const changed = place('changed');
    writeFileSync(changed.host, 'shorter');
    const gone = place('gone');
    rmSync(gone.host);
    for (const file of [changed, gone]) {
      await expect(compressor.compress(unread(file))).rejects.toMatchObject({
        name: 'CramfsError',
        code: 'BAD_SOURCE',
        message: 'changed while it was read',
        path: file.path,
      });
    }
    // The threads go on.
    const sound = place('sound');
    expect((await compressor.compress(unread(sound))).lengths).toHaveLength(74);
    await compressor.close();
  });
});

test('threads are started for files that are announced only when they come', async () => {
  const compressor = workerCompressor(2);
  const file = place('file');
  expect(compressor.capacity).toBe(1);
  for (let bytes = 0; bytes < 4 * MIB; bytes += 300_000) await compressor.compress(unread(file));
  expect(compressor.capacity).toBeGreaterThan(1);
  await compressor.close();
});

test('threads may be closed before they have come up, and are started again', async () => {
  const compressor = workerCompressor(2);
  const file = place('file');
  for (let round = 0; round < 2; round += 1) {
    compressor.expect(100 * MIB);
    compressor.rest!();
    expect((await compressor.compress(unread(file))).lengths).toHaveLength(74);
  }
  await compressor.close();
});
