import { readFileSync, rmSync } from 'node:fs';
import { systemReason } from 'cramfs-archive/node';
import { isCramfsError, plural } from 'cramfs-format';
import type { BuildReport, DirectoryEntry } from 'mkcramfs';
import {
  buildImageFile,
  fileId,
  isSameFile,
  temporaryName,
  workerCompressor,
  type BuildFileOptions,
  type CachedCompressor,
} from 'mkcramfs/node';
import { FileError, UsageError } from '../../shell/errors.js';
import { about, isUsageError } from '../../shell/report-error.js';
import type { CliIo } from '../../shell/io.js';
import type { PlannedOptions } from '../../planning/planned-build.js';
import { startProgress } from '../../shell/progress.js';
import { compressFile } from './compress-file.js';
import { ProblemLog } from '../../building/problem-log.js';
import { expectBytes } from '../../building/expect-bytes.js';
import type { SpliceRequest } from '../../building/splice.js';
import type { BuildRequest } from '../../building/request.js';
import { readInsert, readTree } from '../../building/tree.js';

/**
 * Does what a request asks for; prints problems, not the result.
 *
 * @param tool the name that lines on stderr start with.
 * @param measureXipCost costs time, and fills in what XIP costs in flash.
 * @throws FileError or UsageError; the output file has not changed then.
 */
export async function runBuild(
  request: BuildRequest,
  tool: string,
  measureXipCost: boolean,
  io: CliIo,
): Promise<BuildReport> {
  const { source, warningsAreErrors, quiet } = request;
  await refuseToReplaceInputs(request);
  const log = new ProblemLog(tool, source, request.listAll, io);
  // Start the threads early: a large tree takes time to read.
  const threads = workerCompressor(request.workers);
  const { cache } = request;
  const cached =
    cache &&
    (await about(cache.directory, async () =>
      (await import('./cache.js')).cachedCompressor(threads, cache),
    ));
  const compressor = cached ?? threads;
  try {
    const tree = await readTree(request, log.add, expectBytes(compressor));
    await about(source, () => {
      log.stopIfBad(warningsAreErrors);
    });
    // Up to here a signal may simply end the process, for instance while it waits for a pipe.
    const signal = io.interruptSignal();
    const insert =
      request.insert === undefined && request.likeInsert !== undefined
        ? request.likeInsert
        : await readInsert(request);
    const options = {
      ...request.image,
      compressor,
      signal,
      insert,
      strict: warningsAreErrors,
      measureXipCost,
      onProblem: log.add,
    };
    const planned = await plannedFor(request, tree, options, log);
    const progress = await startProgress(io, 'building', quiet);
    try {
      const report = await writeImage(
        tree,
        request,
        { ...options, ...planned, onProgress: progress.update },
        log,
      );
      if (cached !== undefined) keepBlocks(cached, request, log);
      return report;
    } catch (error) {
      progress.stop();
      await adviseIfTooBig(error, tree, request, { ...options, ...planned }, log);
      throw error;
    } finally {
      progress.stop();
    }
  } catch (error) {
    const { cause } = error instanceof FileError ? error : {};
    if (!isCramfsError(cause, 'DOES_NOT_FIT')) throw error;
    throw new FileError(source, log.withRemedies(cause));
  } finally {
    log.finish();
    await compressor.close();
  }
}

/** A cache that cannot be written costs time, but not the image. */
function keepBlocks(
  cached: CachedCompressor,
  { cache, listAll }: BuildRequest,
  log: ProblemLog,
): void {
  const { blocks, found } = cached.counts;
  if (listAll) log.note(`${found} of ${plural(blocks, 'block')} were in the cache`);
  try {
    cached.commit();
  } catch (error) {
    log.note(`warning: the cache ${cache!.directory} cannot be written: ${systemReason(error)}`);
  }
}

/** Tells how to make an image smaller that exceeds --max-size. */
async function adviseIfTooBig(
  error: unknown,
  tree: DirectoryEntry,
  { image: { maxSize }, eraseSize }: BuildRequest,
  { compressor, ...options }: BuildFileOptions & Required<Pick<BuildFileOptions, 'compressor'>>,
  log: ProblemLog,
): Promise<void> {
  const cause = error instanceof FileError ? error.cause : undefined;
  if (maxSize === undefined || !isCramfsError(cause, 'TOO_BIG')) return;
  const { explainTooBig } = await import('./too-big.js');
  for (const line of await explainTooBig(tree, options, maxSize, compressor)) log.note(line);
  if (eraseSize !== undefined) {
    const blocks = plural(maxSize / eraseSize, 'erase block');
    log.note(`there is room for ${blocks} of ${eraseSize} bytes`);
  }
}

/** The options that a plan changes. @throws FileError. */
async function plannedFor(
  { planned, source }: BuildRequest,
  tree: DirectoryEntry,
  options: BuildFileOptions & Required<Pick<BuildFileOptions, 'compressor'>>,
  log: ProblemLog,
): Promise<Partial<PlannedOptions>> {
  if (planned === undefined) return {};
  const { plannedOptions } = await import('../../planning/planned-build.js');
  const { compressor } = options;
  const note = (text: string): void => {
    log.remark('remarks about the plan', text);
  };
  return about(source, () => plannedOptions(planned, tree, options, { compressor, note }));
}

/** @throws UsageError if the image would replace one of the files that it is made of; FileError. */
async function refuseToReplaceInputs(request: BuildRequest): Promise<void> {
  const { output, source, insert, deviceTables, excludeFrom, planned } = request;
  const { inputs: others = [] } = request;
  const idOf = (file: string) => about(file, () => fileId(file));
  const written = await idOf(output);
  const inputs = [
    source,
    ...deviceTables,
    ...excludeFrom,
    ...others,
    ...(planned !== undefined && 'file' in planned ? [planned.file] : []),
    ...(insert === undefined ? [] : [insert]),
  ];
  for (const input of inputs) {
    if (!isSameFile(await idOf(input), written)) continue;
    throw new UsageError(`the image would replace one of its inputs: ${input}`);
  }
}

/** Makes the image beside the output, and puts it into a copy of the firmware. */
async function writeSpliced(
  tree: DirectoryEntry,
  output: string,
  splice: SpliceRequest,
  options: BuildFileOptions,
  log: ProblemLog,
): Promise<BuildReport> {
  const made = temporaryName(output);
  try {
    const report = await buildImageFile(tree, made, options);
    const { spliceImage } = await import('../../building/splice.js');
    const notes = await about(splice.file, () => spliceImage(readFileSync(made), splice, output));
    for (const note of notes) log.note(note);
    return report;
  } finally {
    rmSync(made, { force: true });
  }
}

async function writeImage(
  tree: DirectoryEntry,
  { source, output, compression, splice }: BuildRequest,
  options: BuildFileOptions,
  log: ProblemLog,
): Promise<BuildReport> {
  try {
    if (splice !== undefined) return await writeSpliced(tree, output, splice, options, log);
    return compression === 'none'
      ? await buildImageFile(tree, output, options)
      : await compressFile(output, compression, (path) => buildImageFile(tree, path, options));
  } catch (error) {
    if (isUsageError(error)) throw error;
    if (error instanceof FileError) throw error;
    // Errors of the builder are about the tree, all others about the output.
    throw new FileError(isCramfsError(error) ? source : output, error);
  }
}
