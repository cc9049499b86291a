import { readFileSync, statSync } from 'node:fs';
import { openTarStream } from 'cramfs-archive/node';
import { CramfsError, bytesToName, isCramfsError } from 'cramfs-format';
import type { PathMatcher } from 'cramfs-reader/glob';
import {
  applyDeviceTable,
  applyOwnership,
  fitTree,
  type DirectoryEntry,
  readTarSource,
  walkTree,
  type Problem,
} from 'mkcramfs';
import { fileId, findExtendedAttributes, readDirectorySource } from 'mkcramfs/node';
import { about } from '../shell/report-error.js';
import { Patterns, parseGlobFile } from './patterns.js';
import type { SourceRequest } from './request.js';

/**
 * The tree that a request is about, with everything it asks for applied: exclusions, squashing,
 * device tables, owner and mode rules in this order, so that rules also reach what a table made.
 *
 * @param onSize told of bytes of content as they are found.
 * @returns a tree that can be built unless `onProblem` was told of an error.
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
  const attributes = fromDirectory ? findExtendedAttributes(source) : undefined;
  const root = await about(source, () => readSource(request, excluded.matches, onProblem, onSize));
  for (const problem of (await attributes)?.problems(root) ?? []) onProblem(problem);
  for (const problem of excluded.problems()) onProblem(problem);
  for (const message of request.idle) {
    onProblem({ severity: 'warning', kind: 'unused', path: '/', message });
  }
  applyOwnership(root, { squash: request.squash });
  for (const table of request.deviceTables) await applyTable(root, table);
  for (const problem of unusedFilePatterns(root, request)) onProblem(problem);
  const { owners, modes } = request;
  for (const problem of applyOwnership(root, { owners, modes })) onProblem(problem);
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
  { source, output, allow }: SourceRequest,
  excluded: PathMatcher,
  onProblem: (problem: Problem) => void,
  onSize: (bytes: number) => void,
): Promise<DirectoryEntry> {
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
