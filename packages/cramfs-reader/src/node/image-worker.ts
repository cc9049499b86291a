import { workerData as data } from 'piscina';
import { inflateJobs, type BlockFailure } from '../check/inflate.js';
import { openImage, type CramfsImage } from '../image.js';
import type { InflateTask } from './check.js';
import { writeBatch, type BatchResult, type FileBatch } from './extract/write-files.js';
import type { ImageWorkerData } from './image-pool.js';
import { nodeZlib } from './zlib.js';

// Entry points of the worker threads of an ImagePool, found by their names.

const { image: bytes } = data as ImageWorkerData;
let image: CramfsImage | undefined;

export function inflate({ blockSize, ...jobs }: InflateTask): BlockFailure[] {
  return inflateJobs(bytes, jobs, 0, jobs.starts.length, blockSize, nodeZlib);
}

export function write({ blockSize, tasks }: FileBatch): BatchResult {
  image ??= openImage(bytes, { blockSize, zlib: nodeZlib });
  return writeBatch(image, tasks);
}
