import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

export const MIB = 2 ** 20;

/** What a root file system is made of; a corpus takes as many bytes of each as there are. */
const KINDS: readonly { readonly name: string; readonly roots: readonly RegExp[] }[] = [
  { name: 'programs', roots: [/^\/usr\/s?bin\//, /^\/usr\/libexec\//] },
  { name: 'python', roots: [/^\/usr\/lib\/python3[^/]*\//] },
  { name: 'libraries', roots: [/^\/usr\/lib(32|64)?\//] },
  { name: 'texts and data', roots: [/^\/usr\/(share|include)\//] },
];

/** What mkfs.cramfs of util-linux cannot hold: it cuts the file, the name or the id. */
const FILE_SIZE_LIMIT = 16 * MIB;
const NAME_LIMIT = 252;
const UID_LIMIT = 0xffff;
const GID_LIMIT = 0xff;

export interface CorpusFile {
  readonly path: string;
  readonly size: number;
  readonly kind: string;
}

/** A directory that is built, and what is in it. */
export interface Corpus {
  readonly root: string;
  readonly files: number;
  readonly bytes: number;
  readonly bytesByKind: ReadonlyMap<string, number>;
}

/**
 * The machine's own programs, libraries, texts and Python files in an order of which every prefix is
 * a mix of all four. The order depends on paths and sizes alone: each kind is sorted by path, and the
 * kind that has given the fewest bytes so far gives the next file.
 *
 * @returns at least `bytes` bytes, if the machine has so many.
 */
export function selectFiles(bytes: number): CorpusFile[] {
  const queues = KINDS.map(({ name }) => ({ name, files: [] as CorpusFile[], next: 0, given: 0 }));
  for (const file of listFiles('/usr')) {
    queues.find(({ name }) => name === file.kind)?.files.push(file);
  }
  const selected: CorpusFile[] = [];
  let total = 0;
  while (total < bytes) {
    const open = queues.filter(({ files, next }) => next < files.length);
    if (open.length === 0) break;
    const queue = open.reduce((least, other) => (other.given < least.given ? other : least));
    const file = queue.files[queue.next]!;
    queue.next += 1;
    queue.given += file.size;
    total += file.size;
    selected.push(file);
  }
  return selected;
}

/** The shortest prefix of `files` that holds at least `bytes` bytes. */
export function prefixOf(files: readonly CorpusFile[], bytes: number): CorpusFile[] {
  let total = 0;
  const end = files.findIndex(({ size }) => (total += size) >= bytes);
  return files.slice(0, end < 0 ? files.length : end + 1);
}

/** Puts the files into `root` as hard links or, where that is not possible, as copies. */
export function assemble(files: readonly CorpusFile[], root: string): Corpus {
  const bytesByKind = new Map<string, number>();
  let bytes = 0;
  makeDirectory(root);
  for (const { path, size, kind } of files) {
    const target = join(root, relative('/usr', path));
    makeDirectory(dirname(target));
    linkOrCopy(path, target);
    bytes += size;
    bytesByKind.set(kind, (bytesByKind.get(kind) ?? 0) + size);
  }
  return { root, files: files.length, bytes, bytesByKind };
}

/** Copies a corpus, by hard links where that is possible, with a byte added to one file in the middle. */
export function withOneFileChanged({ root, ...corpus }: Corpus, copy: string): Corpus {
  const paths = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(root, join(parentPath, name)));
  for (const path of paths) {
    makeDirectory(join(copy, dirname(path)));
    linkOrCopy(join(root, path), join(copy, path));
  }
  const changed = paths[paths.length >> 1]!;
  const content = readFileSync(join(root, changed));
  // Make a new file: the link would lead to the machine's own.
  rmSync(join(copy, changed));
  writeFileSync(join(copy, changed), Buffer.concat([content, Buffer.of(0)]));
  return { ...corpus, root: copy, bytes: corpus.bytes + 1 };
}

/** Reads every file once, so that no contestant waits for the disk. */
export function warmPageCache(files: readonly CorpusFile[]): void {
  for (const { path } of files) readFileSync(path);
}

function* listFiles(directory: string): Generator<CorpusFile> {
  const names = readdirSync(directory).sort();
  for (const name of names) {
    const path = join(directory, name);
    // A name that is not UTF-8 comes out changed, and is then not found.
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined || Buffer.byteLength(name) > NAME_LIMIT) continue;
    if (stats.isDirectory() && isReadable(path)) {
      yield* listFiles(path);
    } else if (
      stats.isFile() &&
      stats.size < FILE_SIZE_LIMIT &&
      stats.uid <= UID_LIMIT &&
      stats.gid <= GID_LIMIT &&
      isReadable(path)
    ) {
      const kind = KINDS.find(({ roots }) => roots.some((root) => root.test(path)));
      if (kind !== undefined) yield { path, size: stats.size, kind: kind.name };
    }
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function makeDirectory(path: string): void {
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    // The target is on another file system, or the file belongs to another user.
    copyFileSync(source, target);
  }
}
