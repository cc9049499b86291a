import { readFileSync, readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { BlockDeflater } from 'cramfs-deflate';

/*
 * The bare work of a build: as many threads read a corpus, each file by the next one that is free,
 * and compress its blocks as the threads of `cramfs build` do. Nothing is passed on, compared,
 * laid out or written.
 */
const BLOCK = 4096;

interface Share {
  readonly files: readonly string[];
  /** One number, shared: the next file to take. */
  readonly next: Int32Array;
}

function regularFiles(root: string): string[] {
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
}

function compressShare({ files, next }: Share): void {
  const deflater = new BlockDeflater();
  for (let at = Atomics.add(next, 0, 1); at < files.length; at = Atomics.add(next, 0, 1)) {
    const data = readFileSync(files[at]!);
    for (let start = 0; start < data.length; start += BLOCK) {
      deflater.compress(data.subarray(start, start + BLOCK), 'default');
    }
  }
}

if (isMainThread) {
  const share: Share = {
    files: regularFiles(process.argv[2]!),
    next: new Int32Array(new SharedArrayBuffer(4)),
  };
  for (let thread = 0; thread < availableParallelism(); thread += 1) {
    new Worker(new URL(import.meta.url), { workerData: share });
  }
} else {
  compressShare(workerData as Share);
}
