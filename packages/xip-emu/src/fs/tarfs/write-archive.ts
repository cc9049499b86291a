import {
  TAR_BLOCK_SIZE,
  encodeTarMember,
  tarPadding,
  type NewTarMember,
  type SparsePiece,
  type TarIndexEntry,
} from 'cramfs-archive';
import { concatBytes, fileType } from 'cramfs-format';
import { SyscallError, invariant } from '../../errno.js';
import type { TarfsInode } from './inode.js';
import { resizedHeaders } from './member-headers.js';

/** A member of an archive, and the file that it is of. Places are byte offsets. */
export interface ArchivedMember {
  readonly inode: TarfsInode;
  /** Without redundant parts; empty for the root. */
  readonly path: string;
  readonly isLink: boolean;
  /** For a hard link: the path of its target. */
  readonly linkPath: string;
  /** For a file: how the bytes at `dataAt` make it up. */
  readonly pieces: readonly SparsePiece[];
  readonly start: TarIndexEntry['start'];
  readonly headerAt: TarIndexEntry['headerAt'];
  readonly dataAt: TarIndexEntry['dataAt'];
  readonly end: TarIndexEntry['end'];
}

export interface Archive {
  readonly bytes: Uint8Array;
  readonly members: readonly ArchivedMember[];
  /** Where the end marker is. */
  readonly end: number;
}

/** tar(1) pads archives to this many bytes. */
const BLOCKING = 20 * TAR_BLOCK_SIZE;
const END_MARKER = 2 * TAR_BLOCK_SIZE;
/** The size that a Uint8Array can have everywhere. */
export const MAX_ARCHIVE = 2 ** 31 - 1;
const PERMISSIONS = 0o7777;

/**
 * An archive of the tree as it is. Members of files that are as they were stay byte for byte, in
 * their order, and whatever else is in the archive; those of changed files are written in place,
 * with their headers but for the size; those of files that are gone are left out, and new ones come
 * at the end. The contents know their new places afterwards.
 *
 * @throws SyscallError ENOSPC, EFBIG.
 */
export function writeArchive(root: TarfsInode, old: Archive): Archive {
  const tree = new Map(pathsOf(root, ''));
  const winners = new Map(old.members.map(({ path, inode }) => [path, inode]));
  const writer = new ArchiveWriter(old.bytes);
  let from = 0;
  for (const member of old.members) {
    // Keep blocks between members: volume labels, global headers.
    writer.copy(from, member.start);
    from = member.end;
    const { path, inode } = member;
    // Keep a member that a later one of the same name had replaced before.
    const present = tree.get(path);
    if (present !== undefined && (present === inode || present === winners.get(path))) {
      writer.keep(member);
    }
  }
  writer.copy(from, old.end);
  const prefix = old.members[0]?.path === '' ? './' : '';
  for (const [path, inode] of tree) writer.complete(path, `${prefix}${path}`, inode);
  return writer.finish(old.bytes.subarray(old.end));
}

/** All paths, directories before what is in them. */
function* pathsOf(
  inode: TarfsInode,
  path: string,
): Generator<readonly [path: string, inode: TarfsInode]> {
  yield [path, inode];
  for (const [name, child] of inode.children()) {
    yield* pathsOf(child, path === '' ? name : `${path}/${name}`);
  }
}

type MemberName = Pick<ArchivedMember, 'inode' | 'path' | 'isLink' | 'linkPath'>;

class ArchiveWriter {
  private readonly old: Uint8Array;
  private readonly parts: Uint8Array[] = [];
  private readonly members: ArchivedMember[] = [];
  private at = 0;
  /** What extracting the archive up to here would put at each path. */
  private readonly extracted = new Map<string, TarfsInode>();
  /** For each file, one path at which it would be. */
  private readonly names = new Map<TarfsInode, string>();
  /** Directories in which something would be. */
  private readonly filled = new Set<string>();

  constructor(old: Uint8Array) {
    this.old = old;
  }

  /** Bytes of the old archive as they are. */
  copy(from: number, to: number): void {
    this.put(this.old.subarray(from, to));
  }

  private put(part: Uint8Array): void {
    this.at += part.length;
    if (this.at > MAX_ARCHIVE) throw new SyscallError('ENOSPC', 'the archive becomes too large');
    this.parts.push(part);
  }

  /** A member of the old archive, with its file's content; not a link without its target. */
  keep(member: ArchivedMember): void {
    const { inode, isLink, linkPath, start, headerAt, dataAt, end } = member;
    if (isLink && this.extracted.get(linkPath) !== inode) return;
    if (!isLink && inode.content.modified) {
      const headers = resizedHeaders(this.old, member, inode.content.size);
      this.putFile(member, headers, headers.length - TAR_BLOCK_SIZE);
      return;
    }
    const moved = this.at - start;
    this.note({
      ...member,
      start: start + moved,
      headerAt: headerAt + moved,
      dataAt: dataAt + moved,
      end: end + moved,
    });
    this.copy(start, end);
  }

  /** A member for a file that has none, or not under this name. */
  complete(path: string, name: string, inode: TarfsInode): void {
    if (this.extracted.get(path) === inode) return;
    if (inode.implied && (path === '' || this.filled.has(path))) return;
    const type = fileType(inode.mode);
    invariant(type !== undefined && type !== 'socket', 'a file of a type that tar does not know');
    const linkPath = this.names.get(inode);
    const isLink = linkPath !== undefined;
    const { uid, gid, mode, size, rdev, archivedMtime: mtime } = inode;
    const common = { mode: mode & PERMISSIONS, uid, gid, mtime, ...rdev, size: 0 };
    const entry = { inode, path, isLink, linkPath: linkPath ?? '' };
    if (isLink) {
      const linkName = `${name.slice(0, name.length - path.length)}${linkPath}`;
      this.putMember(entry, { ...common, name, type: 'link', linkName });
    } else if (type === 'file') {
      const headers = encodeTarMember({ ...common, name, type, size });
      this.putFile(entry, headers, headers.length - TAR_BLOCK_SIZE);
    } else if (type === 'symlink') {
      this.putMember(entry, { ...common, name, type, linkName: inode.readlink() });
    } else {
      this.putMember(entry, { ...common, name: type === 'directory' ? `${name}/` : name, type });
    }
  }

  private putMember(entry: MemberName, member: NewTarMember): void {
    const headers = encodeTarMember(member);
    const start = this.at;
    this.put(headers);
    const dataAt = this.at;
    const headerAt = dataAt - TAR_BLOCK_SIZE;
    this.note({ ...entry, pieces: [], start, headerAt, dataAt, end: dataAt });
  }

  /** Headers, and the content of a file without holes. */
  private putFile(entry: MemberName, headers: Uint8Array, headerIn: number): void {
    const { inode, path, isLink, linkPath } = entry;
    const { size } = inode.content;
    if (this.at + size > MAX_ARCHIVE) {
      throw new SyscallError('ENOSPC', 'the archive becomes too large');
    }
    const start = this.at;
    this.put(headers);
    const dataAt = this.at;
    const content = new Uint8Array(size + tarPadding(size));
    inode.content.read(0, content.subarray(0, size));
    this.put(content);
    const headerAt = start + headerIn;
    const pieces = [{ offset: 0, length: size }];
    this.note({ inode, path, isLink, linkPath, pieces, start, headerAt, dataAt, end: this.at });
  }

  private note(member: ArchivedMember): void {
    const { path, inode } = member;
    this.members.push(member);
    this.extracted.set(path, inode);
    const known = this.names.get(inode);
    if (known === undefined || this.extracted.get(known) !== inode) this.names.set(inode, path);
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      this.filled.add(path.slice(0, end));
    }
  }

  /**
   * Adds the end marker and what followed it. Zeros after it are padding, of which there is as
   * much as the new length needs.
   */
  finish(rest: Uint8Array): Archive {
    const end = this.at;
    if (rest.length === 0) this.put(new Uint8Array(END_MARKER));
    const isPadding = this.old.length % BLOCKING === 0 && rest.every((byte) => byte === 0);
    const same = end + rest.length === this.old.length;
    if (rest.length > 0 && (same || !isPadding)) this.put(rest);
    else if (rest.length > 0)
      this.put(new Uint8Array(Math.ceil((end + END_MARKER) / BLOCKING) * BLOCKING - end));
    const archive = concatBytes(this.parts);
    for (const { inode, isLink, pieces, dataAt } of this.members) {
      const { content } = inode;
      if (!isLink && inode.isRegular) {
        content.rebase({ archive, at: dataAt, pieces, size: content.size });
      }
    }
    return { bytes: archive, members: this.members, end };
  }
}
