import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { openImage } from 'cramfs-reader';
import {
  buildImage,
  buildImageBytes,
  type BlockCompressor,
  type BuildOptions,
  type DirectoryEntry,
  type FileEntry,
} from 'mkcramfs';
import { buildImageFile } from 'mkcramfs/node';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { directory, file, noise, prose } from '../helpers/trees.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'output-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function mixedTree(order: 'forward' | 'backward'): DirectoryEntry {
  const entries = Array.from({ length: 60 }, (_, index): [string, FileEntry] => [
    `f${index}`,
    file(index % 3 === 0 ? noise(20_000 + index, index) : prose(30_000 + index, index % 5)),
  ]);
  if (order === 'backward') entries.reverse();
  return directory(Object.fromEntries(entries));
}

/** Fails when it is read, after some time in which threads go on and nobody hears of it. */
function brokenFile(milliseconds: number): FileEntry {
  return {
    ...file(noise(5000, 1)),
    read: () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
      throw new Error('disk on fire');
    },
  };
}

test('the bytes do not depend on workers or directory order', async () => {
  const options: BuildOptions = {
    holes: true,
    xip: { mode: 'mmu', include: (path) => path.endsWith('9') },
  };
  const { image } = await buildImageBytes(mixedTree('forward'), options);
  for (const workers of [1, 2, 5]) {
    const path = join(folder, `w${workers}.img`);
    await buildImageFile(mixedTree('backward'), path, { ...options, workers });
    expect(Buffer.compare(readFileSync(path), image)).toBe(0);
  }
});

test.each([false, true])('an image of many writes, padded: %s', async (pad) => {
  const contents = {
    large: noise(3_000_001, 1),
    program: noise(2 ** 21 + 5, 2),
    ...Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [`s${index}`, prose(9000, index)]),
    ),
  };
  const root = directory(
    Object.fromEntries(Object.entries(contents).map(([name, bytes]) => [name, file(bytes)])),
  );
  const options: BuildOptions = {
    pad,
    xip: { mode: 'mmu', include: (path) => path === '/program' },
  };
  const path = join(folder, 'large.img');
  await buildImageFile(root, path, options);
  const bytes = readFileSync(path);
  expect(Buffer.compare(bytes, (await buildImageBytes(root, options)).image)).toBe(0);
  const image = openImage(bytes);
  expect(image.computeCrc()).toBe(image.superblock.crc);
  for (const [name, content] of Object.entries(contents)) {
    expect(Buffer.compare(image.readFile(image.lookup(`/${name}`)), content)).toBe(0);
  }
});

test('a failed build leaves an old image alone and nothing new behind', async () => {
  const path = join(folder, 'rootfs.img');
  writeFileSync(path, 'old');
  const root = directory({ a: file(noise(600_000, 2)), b: brokenFile(0) });
  await expect(buildImageFile(root, path)).rejects.toThrow('disk on fire');
  expect(readdirSync(folder)).toEqual(['rootfs.img']);
  expect(readFileSync(path, 'utf8')).toBe('old');
});

test('a build that fails while threads are busy fails once', async () => {
  const large = Object.fromEntries(
    Array.from({ length: 2 }, (_, index) => [`f${index}`, file(noise(3_000_000, index))]),
  );
  const root = directory({ ...large, z: brokenFile(300) });
  const path = join(folder, 'rootfs.img');
  await expect(buildImageFile(root, path, { workers: 1 })).rejects.toThrow('disk on fire');
  // Messages that threads may still send arrive in a later turn, and would be unhandled errors.
  await setTimeout(200);
  expect(readdirSync(folder)).toEqual([]);
});

test('a file that is replaced keeps its mode, a link to nothing leads to a new file', async () => {
  const root = directory({ a: file('a') });
  const old = join(folder, 'private.img');
  writeFileSync(old, 'old');
  chmodSync(old, 0o600);
  await buildImageFile(root, old);
  expect(statSync(old).mode & 0o7777).toBe(0o600);
  symlinkSync('new.img', join(folder, 'link'));
  await buildImageFile(root, join(folder, 'link'));
  expect(readFileSync(join(folder, 'new.img'))).toEqual(readFileSync(old));
  expect(lstatSync(join(folder, 'link')).isSymbolicLink()).toBe(true);
});

test('an aborted build leaves nothing behind', async () => {
  const path = join(folder, 'rootfs.img');
  const abort = new AbortController();
  const root = directory({ a: file(noise(3_000_000, 2)) });
  const build = buildImageFile(root, path, {
    signal: abort.signal,
    onProgress: () => {
      abort.abort(new Error('^C'));
    },
  });
  await expect(build).rejects.toThrow('^C');
  expect(readdirSync(folder)).toEqual([]);
});

test('a source that changed its size is named', async () => {
  const root = directory({ a: { ...file('abc'), size: 4 } });
  await expect(buildImageBytes(root)).rejects.toMatchObject({ code: 'BAD_SOURCE', path: '/a' });
});

test('an image past the limits of the format is refused', async () => {
  // Compressing 288 MB for real would take a while: only sizes matter here.
  const compressor: BlockCompressor = {
    capacity: 4,
    compress: ({ data, lengths }) =>
      Promise.resolve({ data: data.slice(), lengths, spent: [data.buffer] }),
  };
  const sink = { write: vi.fn(), patch: vi.fn() };
  const files = Array.from({ length: 18 }, (_, index): [string, FileEntry] => [
    `f${index}`,
    file(new Uint8Array(16_000_000 + index)),
  ]);
  const build = buildImage(directory(Object.fromEntries(files)), {}, { compressor, sink });
  await expect(build).rejects.toMatchObject({ code: 'TOO_BIG' });
  expect(sink.write).not.toHaveBeenCalled();
});
