import { setImmediate } from 'node:timers/promises';
import type { CramfsImage } from '../image.js';
import { selectEntries, type SelectedEntry } from '../select.js';
import { checkContentSize } from './extract/content-size.js';
import { Extraction, type ExtractionRules } from './extract/extraction.js';
import { toProblem, type ExtractProblem } from './extract/problems.js';
import { TargetDirectory } from './extract/target-directory.js';
import type { ExtractOptions, ExtractReport } from './extract/types.js';
import { FileWriting } from './extract/file-writing.js';
import { startPool, workerCount } from './threads/image-pool.js';

export type { ExtractProblem } from './extract/problems.js';
export type { ExtractOptions, ExtractReport } from './extract/types.js';
export type { DamagePolicy } from './extract/write-content.js';

const DEFAULT_MAX_BYTES = 4 * 2 ** 30;

/**
 * Writes an image, or a part of it, to a directory, which is made if it does not exist. Modes are as
 * in the image whatever the umask, times are 0, holes stay holes.
 *
 * Nothing outside the directory is ever written to, whatever the image holds, whatever the directory
 * held before, and, on Linux, whatever others do to the directory meanwhile:
 *
 * - Every path consists of names that are single components, no two the same (selectEntries()).
 * - Each directory is made before what is in it. An existing one is used only if lstat(2) says that
 *   it is a directory, not a symlink; otherwise everything below it is left out.
 * - Everything is made, replaced or changed in a directory that is held open, and was opened
 *   component by component without following symlinks: see DirectoryCursor.
 * - Files are made by open(2) with O_CREAT, O_EXCL and O_NOFOLLOW, so they are new. With `force` a file in
 *   the way is unlinked first.
 * - Device nodes and fifos, and then symlinks, come when all files have been written. So no path that is
 *   written to contains a symlink of the image.
 * - Attributes are set through a descriptor: a new file's, a directory's (last, so that read-only directories
 *   can be filled), or that of a node or symlink without another name.
 *
 * Systems other than Linux, and Linux without /proc, have no paths that start at an open directory. There all
 * this holds as long as nobody else changes the directory meanwhile.
 *
 * @returns what was made and every problem. What could be extracted has been, unless the last
 * problem is that nothing can be written any more, as on a full disk.
 * @throws CramfsError TOO_BIG (before anything is written) or BAD_REQUEST (a malformed glob); the
 * system's error if the target directory cannot be made; the signal's reason if that was aborted.
 */
export async function extractImage(
  image: CramfsImage,
  targetDirectory: string,
  options: ExtractOptions = {},
): Promise<ExtractReport> {
  const { paths, maxBytes = DEFAULT_MAX_BYTES, workers: requested, onProgress, signal } = options;
  const problems: ExtractProblem[] = [];
  const entries = selectEntries(image, {
    paths,
    maxEntries: options.maxEntries,
    onError: (error) => problems.push(toProblem(error, error.path)),
  });
  const groups = groupByStep(entries, problems);
  const isDirectory = ({ inode }: SelectedEntry): boolean => inode.type === 'directory';
  const directories = groups.directoriesAndFiles.filter(isDirectory);
  const files = groups.directoriesAndFiles.filter((entry) => !isDirectory(entry));
  const total = checkContentSize(
    image,
    files.map(({ inode }) => inode),
    maxBytes,
  );
  const workers = options.pool === undefined ? workerCount(total, requested) : 0;
  // Start the threads while the directories are made.
  const own = workers > 0 ? startPool(workers) : undefined;
  const pool = options.pool ?? own;
  let target: TargetDirectory | undefined;
  let extraction: Extraction | undefined;
  let writing: FileWriting | undefined;
  try {
    const rules = rulesFor(options);
    target = new TargetDirectory(targetDirectory);
    extraction = new Extraction(image, target, rules);
    let done = 0;
    writing = new FileWriting(image, target.location, {
      rules,
      pool,
      onProgress: (part) => {
        done += part;
        onProgress?.(done, total);
      },
      signal,
    });
    for await (const entry of paced(groups.directoriesAndFiles, signal)) {
      if (entry.inode.type === 'directory') extraction.makeDirectory(entry);
      else if (extraction.hasDirectoryOf(entry)) writing.add(entry);
    }
    const result = await writing.finish();
    extraction.report(result.problems);
    for await (const entry of paced(groups.nodes, signal)) extraction.makeNode(entry);
    for await (const entry of paced(groups.symlinks, signal)) extraction.makeSymlink(entry);
    for await (const entry of paced(directories.reverse(), signal)) {
      extraction.finishDirectory(entry);
    }
    if (options.preserveOwner === undefined && !rules.owner) warnOfOwners(entries, extraction);
    return {
      ...extraction.made,
      files: result.written,
      bytes: result.bytes,
      problems: [...problems, ...extraction.problems],
    };
  } finally {
    await writing?.end();
    await own?.close();
    extraction?.close();
    target?.close();
  }
}

/** How many entries are processed before signals and progress get their turn. */
const ENTRIES_AT_ONCE = 64;

/** @throws the signal's reason. */
async function* paced(
  entries: readonly SelectedEntry[],
  signal: AbortSignal | undefined,
): AsyncGenerator<SelectedEntry, void> {
  signal?.throwIfAborted();
  for (const [index, entry] of entries.entries()) {
    if (index % ENTRIES_AT_ONCE === ENTRIES_AT_ONCE - 1) {
      await setImmediate();
      signal?.throwIfAborted();
    }
    yield entry;
  }
}

function rulesFor(options: ExtractOptions): ExtractionRules {
  const isRoot = process.geteuid?.() === 0;
  const { preserveOwner: owner = isRoot, force = false, damage = 'remove' } = options;
  const { setuid = isRoot && owner, devices = isRoot ? 'create' : 'skip' } = options;
  return { owner, setuid, devices, force, damage };
}

interface Steps {
  readonly directoriesAndFiles: SelectedEntry[];
  /** Device nodes, fifos and sockets. */
  readonly nodes: SelectedEntry[];
  readonly symlinks: SelectedEntry[];
}

function groupByStep(entries: readonly SelectedEntry[], problems: ExtractProblem[]): Steps {
  const steps: Steps = { directoriesAndFiles: [], nodes: [], symlinks: [] };
  for (const entry of entries) {
    const { mode, type, entryOffset } = entry.inode;
    switch (type) {
      case 'directory':
      case 'file':
        steps.directoriesAndFiles.push(entry);
        break;
      case 'symlink':
        steps.symlinks.push(entry);
        break;
      case 'char-device':
      case 'block-device':
      case 'fifo':
      case 'socket':
        steps.nodes.push(entry);
        break;
      case undefined:
        problems.push({
          severity: 'error',
          path: entry.path,
          offset: entryOffset,
          code: 'BAD_ENTRY',
          message: `mode 0${mode.toString(8)} has no known file type`,
        });
    }
  }
  return steps;
}

function warnOfOwners(entries: readonly SelectedEntry[], extraction: Extraction): void {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  const others = entries.filter(({ inode }) => inode.uid !== uid || inode.gid !== gid).length;
  if (others === 0) return;
  extraction.warn(
    undefined,
    'OWNERS_NOT_SET',
    `the owners of ${others} entries are not kept: only root can set them`,
  );
}
