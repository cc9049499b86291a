import { inflateJobs, type BlockFailure } from '../check/inflate.js';
import { openAnyImage } from '../open-any.js';
import type { InflateBatch } from './check.js';
import { writeBatch, type BatchResult, type FileBatch } from './extract/write-files.js';
import type { ImageTask } from './image-pool.js';
import { nodeZlib } from './zlib.js';

// Entry points of the worker threads of an ImagePool, found by their names.

export async function inflate({ image, task }: ImageTask<InflateBatch>): Promise<BlockFailure[]> {
  const codec = task.method === 'lzma' ? (await import('../lzma.js')).lzmaInflater : nodeZlib;
  return inflateJobs(image, task, task.blockSize, codec);
}

export async function write({ image, task }: ImageTask<FileBatch>): Promise<BatchResult> {
  const { blockSize, dialect } = task;
  return writeBatch(await openAnyImage(image, { blockSize, dialect, zlib: nodeZlib }), task);
}
