import { CramfsError, crc32 as portableCrc32 } from 'cramfs-format';
import type { BlockCompressor } from './block-batch.js';
import { ChunkStream, placesInOrder } from './chunk-stream.js';
import { inlineCompressor } from './codec.js';
import { gatherContents } from './gather.js';
import { layoutCompat } from './layout/compat.js';
import { checkLimits } from './limits.js';
import { layoutHead, layoutNative } from './layout/native.js';
import { MemorySink } from './memory-sink.js';
import { misreadProblems } from './misread.js';
import { planNodes } from './nodes.js';
import { refuseUnplannable } from './planned-content.js';
import { resolveOptions, type BuildOptions } from './options.js';
import { buildReport, type BuildReport } from './report.js';
import type { DirectoryEntry } from './tree.js';
import { SwappingSink } from './swapping-sink.js';
import type { Crc32, ImageSink } from './image-sink.js';
import { completeImage, writeImage } from './write-image.js';

export interface BuildBackend {
  readonly compressor: BlockCompressor;
  readonly sink: ImageSink;
  /** Replaces cramfs-format's function, the default: a native one is several times faster. */
  readonly crc32?: Crc32;
}

/**
 * Builds an image of `root`, which must fit the format (see fitTree()). The bytes depend only on the tree and
 * the options. Nothing is written before everything has been read and placed, unless
 * the sink is tentative.
 *
 * @throws CramfsError BAD_REQUEST, BAD_SOURCE, TOO_BIG; DOES_NOT_FIT after `onProblem` was called with
 * errors, which only `compat` can cause, or, if `strict`, with warnings.
 */
export async function buildImage(
  root: DirectoryEntry,
  options: BuildOptions,
  backend: BuildBackend,
): Promise<BuildReport> {
  let warnings = 0;
  const resolved = resolveOptions({
    ...options,
    onProblem: (problem) => {
      if (problem.severity === 'warning') warnings += 1;
      options.onProblem?.(problem);
    },
  });
  const tree = planNodes(root, resolved.keepOrder);
  const crc32 = backend.crc32 ?? portableCrc32;
  const { swapWords } = resolved;
  const sink: ImageSink =
    swapWords === undefined ? backend.sink : new SwappingSink(backend.sink, swapWords);
  const head = layoutHead(tree, resolved);
  const stream =
    sink.isTentative === true && placesInOrder(resolved)
      ? new ChunkStream(head.directories.end, resolved, sink, crc32)
      : undefined;
  const contents = await gatherContents(tree, resolved, backend.compressor, crc32, stream);
  refuseUnplannable(contents, resolved.blockSize);
  const layout =
    resolved.compat === undefined && resolved.dialect === undefined
      ? layoutNative(tree, contents, resolved, head, stream?.chunks)
      : layoutCompat(tree, contents, resolved, head);
  checkLimits(layout, resolved.blockSize);
  const severity = resolved.force ? 'warning' : 'error';
  const problems = misreadProblems(layout, resolved.blockSize, severity);
  for (const problem of problems) resolved.onProblem(problem);
  if (problems.length > 0 && !resolved.force) {
    throw new CramfsError(
      'DOES_NOT_FIT',
      `Linux would misread ${count(problems.length, 'entry', 'entries')} of an image like ${String(resolved.compat)}'s`,
    );
  }
  if (resolved.strict && warnings > 0) {
    const reason = count(warnings, 'warning', 'warnings');
    throw new CramfsError('DOES_NOT_FIT', `no image because of ${reason}`);
  }
  const { maxSize } = resolved;
  if (layout.size > maxSize) {
    const excess = layout.size - maxSize;
    const message = `the image has ${layout.size} bytes, ${excess} over the limit`;
    throw new CramfsError('TOO_BIG', message);
  }
  if (stream === undefined) writeImage(tree, layout, resolved, sink, crc32);
  else completeImage(tree, layout, resolved, stream, sink, crc32);
  return buildReport(layout, resolved);
}

function count(number: number, one: string, several: string): string {
  return `${number} ${number === 1 ? one : several}`;
}

/** {@link buildImage} into memory, on the calling thread. */
export async function buildImageBytes(
  root: DirectoryEntry,
  options: BuildOptions = {},
): Promise<{ image: Uint8Array; report: BuildReport }> {
  const sink = new MemorySink();
  const report = await buildImage(root, options, { compressor: inlineCompressor(), sink });
  return { image: sink.bytes(), report };
}
