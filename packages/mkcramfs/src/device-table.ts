import { CramfsError, nameToText, typeBits, type FileType, fileTypeName } from 'cramfs-format';
import type { DirectoryEntry, TreeEntry } from './tree.js';
import { walkTree } from './walk.js';

export interface DeviceTableOptions {
  /** Name of the table for messages. */
  readonly file: string;
}

/** What a table can create. */
type NodeType = Exclude<FileType, 'file' | 'symlink'>;

type LineType = NodeType | 'file' | 'optional-file' | 'recursive';

/**
 * The types of a line. `F` (a file that may be missing) and `r` (everything in and below a
 * directory, or one other entry) are Buildroot's, `s` is genext2fs's.
 */
const TYPES: ReadonlyMap<string, LineType> = new Map([
  ['f', 'file'],
  ['F', 'optional-file'],
  ['d', 'directory'],
  ['r', 'recursive'],
  ['c', 'char-device'],
  ['b', 'block-device'],
  ['p', 'fifo'],
  ['s', 'socket'],
]);

interface Line {
  /** Path without a trailing slash; the root is `/`. */
  readonly path: string;
  readonly type: LineType;
  /** Undefined: keep what is there (mode -1). */
  readonly permissions: number | undefined;
  readonly uid: number;
  readonly gid: number;
  /** Undefined: not given. */
  readonly major: number | undefined;
  readonly minor: number | undefined;
  readonly start: number;
  readonly increment: number;
  readonly count: number;
}

/** Raised while a line is worked on; its file and line number are added by the caller that knows them. */
class LineError extends Error {}

const DEFAULT_PERMISSIONS = 0o755;
const MAX_PERMISSIONS = 0o7777;
const MAX_ID = 0xffffffff;
/** The most nodes that the ranges of a table make: a directory of cramfs has no room for more. */
const MAX_NODES = 1 << 20;
/** Linux device numbers: 12 bits of major, 20 bits of minor (include/linux/kdev_t.h). */
const MAX_MAJOR = 0xfff;
const MAX_MINOR = 0xfffff;

/**
 * Applies a device table to the tree: the format of genext2fs, mkfs.jffs2, Buildroot's makedevs and
 * npitre's mkcramfs. A line is
 *
 *     <path> <type> <mode> <uid> <gid> <major> <minor> <start> <inc> <count>
 *
 * Fields after the type may be missing or `-`: mode 755, ids 0, start 0, inc 1, count 0. Lines take
 * effect in their order, so a later one wins. `d`, `c`, `b`, `p`, `s` are created if they do not
 * exist; an existing entry of the same type gets the new mode and owner, and a device the new
 * number, if one is given. Mode -1 leaves the mode of an existing entry alone; for ids, `root` is 0.
 *
 * A count above 0 makes a range of devices: path + (start + i) with minor + i * inc, for every i
 * below count. So do mkcramfs, mkfs.jffs2 and makedevs; genext2fs takes count as the first number that is not
 * made, which is the same only if start is 0.
 *
 * This is stricter than those tools: what they skip with a message is an error here.
 *
 * @param table byte string, as paths may be in any encoding.
 * @throws CramfsError BAD_REQUEST naming file and line; lines before it have been applied.
 */
export function applyDeviceTable(
  root: DirectoryEntry,
  table: string,
  { file }: DeviceTableOptions,
): void {
  let nodes = 0;
  table.split('\n').forEach((text, index) => {
    try {
      const line = parseLine(text);
      nodes += line?.count ?? 0;
      if (nodes > MAX_NODES) throw new LineError(`the table makes more than ${MAX_NODES} nodes`);
      if (line !== undefined) applyLine(root, line);
    } catch (error) {
      if (!(error instanceof LineError)) throw error;
      throw new CramfsError('BAD_REQUEST', `${file}:${index + 1}: ${error.message}`);
    }
  });
}

function parseLine(text: string): Line | undefined {
  const fields = text.split(/[ \t\r\v\f]+/).filter((field) => field !== '');
  const comment = fields.findIndex((field) => field.startsWith('#'));
  if (comment >= 0) fields.length = comment;
  const [path, letter, mode = '-', uid = '-', gid = '-', ...numbers] = fields;
  if (path === undefined) return undefined;
  if (path.startsWith('|')) {
    throw new LineError(`'${nameToText(path)}': cramfs has no extended attributes`);
  }
  if (letter === undefined) throw new LineError('a line needs a path and a type');
  const type = TYPES.get(letter);
  if (type === undefined) {
    throw new LineError(`unknown type '${nameToText(letter)}', expected one of f F d r c b p s`);
  }
  if (numbers.length > 5) throw new LineError(`${fields.length} fields, at most 10 are known`);
  const [major, minor, start, increment, count] = numbers;
  const line: Line = {
    path: parsePath(path),
    type,
    permissions: parsePermissions(mode),
    uid: parseId('uid', uid),
    gid: parseId('gid', gid),
    major: parseNumber('major', major, MAX_MAJOR),
    minor: parseNumber('minor', minor, MAX_MINOR),
    start: parseNumber('start', start, MAX_MINOR) ?? 0,
    increment: parseNumber('inc', increment, MAX_MINOR) ?? 1,
    count: parseNumber('count', count, MAX_MINOR) ?? 0,
  };
  if (line.count > 0 && !isDevice(type)) throw new LineError('only devices can have a count');
  const lastMinor = (line.minor ?? 0) + Math.max(0, line.count - 1) * line.increment;
  if (lastMinor > MAX_MINOR) throw new LineError(`minor number ${lastMinor} is out of range`);
  return line;
}

function parsePath(path: string): string {
  if (!path.startsWith('/')) {
    throw new LineError(`the path '${nameToText(path)}' does not start with '/'`);
  }
  const names = path.split('/').filter((name) => name !== '');
  if (names.includes('.') || names.includes('..')) {
    throw new LineError(`the path '${nameToText(path)}' has a '.' or '..' in it`);
  }
  return `/${names.join('/')}`;
}

function parsePermissions(field: string): number | undefined {
  if (field === '-1') return undefined;
  if (field === '-') return DEFAULT_PERMISSIONS;
  const permissions = /^[0-7]+$/.test(field) ? parseInt(field, 8) : NaN;
  if (!(permissions <= MAX_PERMISSIONS)) {
    throw new LineError(`mode '${nameToText(field)}' is not an octal number up to 7777`);
  }
  return permissions;
}

function parseId(what: 'uid' | 'gid', field: string): number {
  if (field === 'root') return 0;
  if (/^[^0-9-]/.test(field)) {
    throw new LineError(`${what} '${nameToText(field)}': only numbers and 'root' are understood`);
  }
  return parseNumber(what, field, MAX_ID) ?? 0;
}

function parseNumber(what: string, field: string | undefined, max: number): number | undefined {
  if (field === undefined || field === '-') return undefined;
  const value = /^[0-9]+$/.test(field) ? Number(field) : NaN;
  if (!(value <= max)) {
    throw new LineError(`${what} '${nameToText(field)}' is not a decimal number up to ${max}`);
  }
  return value;
}

function isDevice(type: LineType): type is 'char-device' | 'block-device' {
  return type === 'char-device' || type === 'block-device';
}

function applyLine(root: DirectoryEntry, line: Line): void {
  if (line.type === 'recursive') {
    applyRecursively(findExisting(root, line), line);
  } else if (line.type === 'optional-file') {
    const entry = find(root, line.path);
    if (entry?.type === 'file') setAttributes(entry, line);
  } else if (line.type === 'file') {
    const entry = findExisting(root, line);
    checkType(line.path, entry, line.type);
    setAttributes(entry, line);
  } else if (line.count === 0) {
    putNode(root, line.path, line, line.type, line.minor);
  } else {
    for (let i = 0; i < line.count; i += 1) {
      const minor = (line.minor ?? 0) + i * line.increment;
      putNode(root, `${line.path}${line.start + i}`, line, line.type, minor);
    }
  }
}

/** Symbolic links below keep their mode: chmod(1) could not set it either. */
function applyRecursively(top: TreeEntry, line: Line): void {
  const entries = top.type === 'directory' ? [...walkTree(top)].map(({ entry }) => entry) : [top];
  for (const entry of entries) {
    const { mode } = entry;
    setAttributes(entry, line);
    if (entry.type === 'symlink') entry.mode = mode;
  }
}

/** Creates or changes what Linux's mknod(2) or mkdir(2) could have made. */
function putNode(
  root: DirectoryEntry,
  path: string,
  line: Line,
  type: NodeType,
  minor: number | undefined,
): void {
  const existing = find(root, path);
  const { major } = line;
  if (existing !== undefined) checkType(path, existing, type);
  if (existing !== undefined && (!isDevice(type) || (major === undefined && minor === undefined))) {
    setAttributes(existing, line);
    return;
  }
  const at = path.lastIndexOf('/');
  const parent = find(root, path.slice(0, at));
  if (parent?.type !== 'directory') {
    const hint = parent === undefined ? 'does not exist' : `is a ${fileTypeName(parent.type)}`;
    throw new LineError(`the parent of '${nameToText(path)}' ${hint}`);
  }
  const entry = newEntry(type, major ?? 0, minor ?? 0);
  if (existing !== undefined) entry.mode = existing.mode;
  setAttributes(entry, line);
  parent.children.set(path.slice(at + 1), entry);
}

function newEntry(type: NodeType, major: number, minor: number): TreeEntry {
  const base = { mode: typeBits(type) | DEFAULT_PERMISSIONS, uid: 0, gid: 0 };
  switch (type) {
    case 'directory':
      return { ...base, type, children: new Map() };
    case 'char-device':
    case 'block-device':
      return { ...base, type, rdev: { major, minor } };
    case 'fifo':
    case 'socket':
      return { ...base, type };
  }
}

function setAttributes(entry: TreeEntry, { permissions, uid, gid }: Line): void {
  if (permissions !== undefined) entry.mode = typeBits(entry.type) | permissions;
  entry.uid = uid;
  entry.gid = gid;
}

function checkType(path: string, entry: TreeEntry, type: FileType): void {
  if (entry.type !== type) {
    throw new LineError(
      `'${nameToText(path)}' exists, but as a ${fileTypeName(entry.type)}, not as a ${fileTypeName(type)}`,
    );
  }
}

function findExisting(root: DirectoryEntry, { path }: Line): TreeEntry {
  const entry = find(root, path);
  if (entry === undefined) throw new LineError(`'${nameToText(path)}' does not exist`);
  return entry;
}

function find(root: DirectoryEntry, path: string): TreeEntry | undefined {
  let entry: TreeEntry | undefined = root;
  for (const name of path.split('/')) {
    if (name === '') continue;
    entry = entry?.type === 'directory' ? entry.children.get(name) : undefined;
  }
  return entry;
}
