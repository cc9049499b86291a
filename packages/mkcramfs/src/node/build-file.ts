import { crc32 } from 'node:zlib';
import { buildImage } from '../build.js';
import type { BlockCompressor } from '../block-batch.js';
import type { BuildOptions } from '../options.js';
import type { BuildReport } from '../report.js';
import type { DirectoryEntry } from '../tree.js';
import { AtomicFile } from './image-file.js';
import { workerCompressor } from './worker-compressor.js';

export interface BuildFileOptions extends BuildOptions {
  /** Compression threads; default: one per core. The image does not depend on it. */
  readonly workers?: number;
  /** Instead of threads of this build's own: started earlier by the caller, who closes it. */
  readonly compressor?: BlockCompressor;
  /** Aborts the build; the file does not appear. */
  readonly signal?: AbortSignal;
}

/**
 * Builds an image into the file at `path`, which appears or changes only when it is complete.
 *
 * @throws what {@link buildImage} throws, the system's errors of writing, the signal's reason.
 */
export async function buildImageFile(
  root: DirectoryEntry,
  path: string,
  options: BuildFileOptions = {},
): Promise<BuildReport> {
  const file = new AtomicFile(path);
  const own = options.compressor === undefined ? workerCompressor(options.workers) : undefined;
  const compressor = own ?? options.compressor!;
  const finished = new AbortController();
  try {
    const aborted = rejectOnAbort(options.signal, finished.signal);
    const report = await Promise.race([
      buildImage(root, options, { compressor, sink: file, crc32 }),
      aborted,
    ]);
    file.commit();
    return report;
  } finally {
    finished.abort();
    file.abort();
    await own?.close();
  }
}

/** @param finished when there is nothing left to wait for. */
function rejectOnAbort(signal: AbortSignal | undefined, finished: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => {
      reject(signal?.reason as Error);
    };
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort, { signal: finished });
  });
}
