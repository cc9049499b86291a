import { inflateJobs, type BlockFailure } from '../check/inflate.js';
import { openImage } from '../image.js';
import type { InflateBatch } from './check.js';
import { writeBatch, type BatchResult, type FileBatch } from './extract/write-files.js';
import type { ImageTask } from './image-pool.js';
import { nodeZlib } from './zlib.js';

// Entry points of the worker threads of an ImagePool, found by their names.

export function inflate({ image, task }: ImageTask<InflateBatch>): BlockFailure[] {
  return inflateJobs(image, task, task.blockSize, nodeZlib);
}

export function write({ image, task }: ImageTask<FileBatch>): BatchResult {
  return writeBatch(openImage(image, { blockSize: task.blockSize, zlib: nodeZlib }), task);
}
