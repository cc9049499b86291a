import { TAR_BLOCK_SIZE, encodeTarMember, tarPadding, type NewTarMember } from 'cramfs-archive';
import { CramfsError, isCramfsError } from 'cramfs-format';
import type { CramfsImage } from './image.js';
import { Selection, type SelectedEntry } from './select.js';
import type { Inode } from './types.js';

export interface TarOptions {
  /** What to take: see {@link SelectOptions}. Default: everything. */
  paths?: readonly string[] | undefined;
  /** Called with the path of anything that cannot be put into the tar; the rest still is. */
  onError: (error: CramfsError) => void;
  /** Most bytes that files may have together, holes included; default 4 GiB. */
  maxBytes?: number | undefined;
  /** Most entries that the image may have; default 500,000. */
  maxEntries?: number | undefined;
}

const DEFAULT_MAX_BYTES = 4 * 2 ** 30;

const PERMISSIONS = 0o7777;

/** GNU tar pads archives to blocks of 20 records. */
const ARCHIVE_BLOCK = 20 * TAR_BLOCK_SIZE;

/**
 * The entries of an image as a tar, piece by piece: the same bytes for the same image, with modes, owners,
 * device nodes, symlinks and names exactly as stored, and time 0, as cramfs does not store times. Names that
 * are one inode in Linux (one data offset, mode, owner and group) become hard links. A tar cannot hold
 * sockets: they are reported as UNSUPPORTED.
 *
 * @throws CramfsError TOO_BIG before the first piece, or BAD_REQUEST (a malformed glob).
 */
export function* tarChunks(
  image: CramfsImage,
  { paths, onError, maxBytes = DEFAULT_MAX_BYTES, maxEntries }: TarOptions,
): Generator<Uint8Array> {
  const selection = new Selection(image, { paths, maxEntries });
  const names: InodeNames = { shared: sharedInodes(selection, maxBytes), first: new Map() };
  let written = 0;
  for (const entry of selection.entries(onError)) {
    for (const chunk of attempt(() => encodeEntry(image, entry, names), entry, onError)) {
      written += chunk.length;
      yield chunk;
    }
  }
  // Two records of zeros end an archive.
  const end = written + 2 * TAR_BLOCK_SIZE;
  yield new Uint8Array(Math.ceil(end / ARCHIVE_BLOCK) * ARCHIVE_BLOCK - written);
}

/** What is known about inodes with several names. */
interface InodeNames {
  /** Identities of the inodes that have more than one name. */
  readonly shared: ReadonlySet<string>;
  /** For each of those the name that came first: later ones are links to it. */
  readonly first: Map<string, string>;
}

/**
 * The identities of files with more than one name.
 *
 * Refuses what would be practically endless: in a hostile image of a MiB, 65536 files
 * can share one pointer table of holes, each 16 MiB large.
 *
 * @throws CramfsError TOO_BIG
 */
function sharedInodes(selection: Selection, maxBytes: number): Set<string> {
  const known = new Set<string>();
  const shared = new Set<string>();
  let total = 0;
  for (const { inode } of selection.entries(() => undefined)) {
    if (inode.type !== 'file' || inode.size === 0) continue;
    const identity = inodeIdentity(inode);
    if (known.has(identity)) {
      shared.add(identity);
      continue;
    }
    known.add(identity);
    total += inode.size;
    if (total > maxBytes) {
      throw new CramfsError(
        'TOO_BIG',
        `the files have more than ${maxBytes} bytes together: allow more if that is intended`,
      );
    }
  }
  return shared;
}

function attempt(
  action: () => Uint8Array[],
  { path, inode }: SelectedEntry,
  onError: TarOptions['onError'],
): Uint8Array[] {
  try {
    return action();
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    const { code, message, offset = inode.entryOffset, cause } = error;
    onError(new CramfsError(code, `left out: ${message}`, { path, offset, cause }));
    return [];
  }
}

/** @param names gets the first name of a shared inode. */
function encodeEntry(
  image: CramfsImage,
  { path, inode }: SelectedEntry,
  { shared, first }: InodeNames,
): Uint8Array[] {
  const { mode, uid, gid, type, rdev } = inode;
  const common = { name: `.${path}`, mode: mode & PERMISSIONS, uid, gid, size: 0 };
  const only = (member: NewTarMember): Uint8Array[] => [encodeTarMember(member)];
  switch (type) {
    case 'directory':
      return only({ ...common, type, name: path === '/' ? './' : `.${path}/` });
    case 'file': {
      const identity = inodeIdentity(inode);
      const linkName = first.get(identity);
      if (linkName !== undefined) return only({ ...common, type: 'link', linkName });
      const content = image.readFile(inode);
      if (shared.has(identity)) first.set(identity, common.name);
      return [
        encodeTarMember({ ...common, type, size: content.length }),
        content,
        new Uint8Array(tarPadding(content.length)),
      ];
    }
    case 'symlink': {
      const linkName = image.readlink(inode);
      if (linkName === '' || linkName.includes('\0')) {
        throw new CramfsError('BAD_ENTRY', "the symlink's target is empty or holds a NUL");
      }
      return only({ ...common, type, linkName });
    }
    case 'char-device':
    case 'block-device':
      return only({ ...common, type, ...rdev });
    case 'fifo':
      return only({ ...common, type });
    case 'socket':
      throw new CramfsError('UNSUPPORTED', 'a tar cannot hold a socket');
    case undefined:
      throw new CramfsError('BAD_ENTRY', `mode 0${mode.toString(8)} has no known file type`);
  }
}

/** Equal for names that Linux takes for one inode with one set of attributes. */
function inodeIdentity({ ino, size, mode, uid, gid }: Inode): string {
  return [ino, size, mode, uid, gid].join();
}
