import { readFileSync, statSync } from 'node:fs';
import { openTarStream } from 'cramfs-archive/node';
import { CramfsError, bytesToName, isCramfsError } from 'cramfs-format';
import type { PathMatcher } from 'cramfs-reader/glob';
import {
  applyDeviceTable,
  applyOwnership,
  changeTree,
  fitTree,
  type DirectoryEntry,
  readImageSource,
  readTarSource,
  walkTree,
  type Problem,
  type TreeChange,
} from 'mkcramfs';
import { fileId, findExtendedAttributes, readDirectorySource } from 'mkcramfs/node';
import { about } from '../shell/report-error.js';
import { readChanges } from './changes.js';
import { Patterns, parseGlobFile } from './patterns.js';
import type { SourceRequest } from './request.js';

/**
 * The tree that a request is about, with everything it asks for applied: exclusions, squashing,
 * device tables, owner and mode rules in this order, so that rules also reach what a table made. Changes
 * of single entries come before all rules, those of modes and owners after them.
 *
 * @param onSize called with bytes of content as they are found.
 * @returns a tree that can be built unless `onProblem` was called with an error.
 * @throws FileError
 */
export async function readTree(
  request: SourceRequest,
  onProblem: (problem: Problem) => void,
  onSize: (bytes: number) => void,
): Promise<DirectoryEntry> {
  const { source } = request;
  const excluded = await readExclusions(request);
  const fromDirectory = await about(source, () => isDirectory(source));
  const changes = await readChanges(request.changes ?? []);
  const attributes = fromDirectory ? findExtendedAttributes(source) : undefined;
  const root = await about(source, () => readSource(request, excluded.matches, onProblem, onSize));
  for (const problem of (await attributes)?.problems(root) ?? []) onProblem(problem);
  const isLate = ({ kind }: TreeChange): boolean => kind === 'chmod' || kind === 'chown';
  await about(source, () => {
    changeTree(
      root,
      changes.filter((change) => !isLate(change)),
    );
  });
  for (const problem of excluded.problems()) onProblem(problem);
  for (const message of request.idle) {
    onProblem({ severity: 'warning', kind: 'unused', path: '/', message });
  }
  applyOwnership(root, { squash: request.squash });
  for (const table of request.deviceTables) await applyTable(root, table);
  for (const problem of unusedFilePatterns(root, request)) onProblem(problem);
  const { owners, modes } = request;
  for (const problem of applyOwnership(root, { owners, modes })) onProblem(problem);
  await about(source, () => {
    changeTree(root, changes.filter(isLate));
  });
  const allowed = [...request.allow].filter((leave) => leave !== 'skip-unreadable');
  for (const problem of fitTree(root, new Set(allowed))) onProblem(problem);
  return root;
}

/** What goes between the superblock and the root directory. @throws FileError. */
export async function readInsert({ insert }: SourceRequest): Promise<Uint8Array> {
  return insert === undefined ? new Uint8Array() : about(insert, () => readFileSync(insert));
}

function isDirectory(source: string): boolean {
  return source !== '-' && statSync(source).isDirectory();
}

async function readExclusions({ exclude, excludeFrom }: SourceRequest): Promise<Patterns> {
  const globs = exclude.map((glob): [origin: string, glob: string] => ['--exclude', glob]);
  for (const file of excludeFrom) {
    const text = await about(file, () => readFileSync(file, 'utf8'));
    for (const glob of parseGlobFile(text)) globs.push([`${file}:`, glob]);
  }
  return new Patterns(globs);
}

function unusedFilePatterns(root: DirectoryEntry, { filePatterns }: SourceRequest): Problem[] {
  if (filePatterns.length === 0) return [];
  const patterns = new Patterns(filePatterns);
  for (const { path, entry } of walkTree(root)) if (entry.type === 'file') patterns.matches(path);
  return patterns.problems();
}

/** A bad table is a bad input, not a bad command line; the message names its line. */
async function applyTable(root: DirectoryEntry, table: string): Promise<void> {
  const content = await about(table, () => bytesToName(readFileSync(table)));
  try {
    applyDeviceTable(root, content, { file: table });
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    throw new CramfsError('BAD_SOURCE', error.message);
  }
}

async function readSource(
  { source, output, allow, sourceImage }: SourceRequest,
  excluded: PathMatcher,
  onProblem: (problem: Problem) => void,
  onSize: (bytes: number) => void,
): Promise<DirectoryEntry> {
  if (sourceImage !== undefined) return readImageSource(sourceImage, { exclude: excluded });
  if (isDirectory(source)) {
    const written = output === undefined ? undefined : fileId(output);
    return readDirectorySource(source, {
      onProblem,
      onFile: onSize,
      exclude: excluded,
      skipUnreadable: allow.has('skip-unreadable'),
      ...(written === undefined ? {} : { output: written }),
    });
  }
  if (source !== '-') onSize(statSync(source).size);
  const { chunks, file } = openTarStream(source);
  return readTarSource(chunks, { file, onProblem, exclude: excluded });
}
