import { S_IFDIR, isCramfsError, nameToText, typeBits } from 'cramfs-format';
import {
  TarFormatError,
  UnexpectedEnd,
  gunzip,
  isGzip,
  readTarIndex,
  tarPathNames,
  type TarIndexEntry,
} from 'cramfs-archive';
import { SyscallError } from '../../errno.js';
import type { PhysicalMemory } from '../../phys/physical-memory.js';
import type { PageGeometry } from '../../units.js';
import { SuperBlock } from '../../vfs/inode.js';
import { NOOP_BDI } from '../../vfs/libfs.js';
import { specialOperations } from '../../vfs/special.js';
import { tarfsDirectoryOperations, tarfsFileOperations } from './file.js';
import { TarfsInode } from './inode.js';
import { mtimeOf } from './member-headers.js';
import { tarfsAops } from './pager.js';
import { MAX_ARCHIVE, writeArchive, type Archive, type ArchivedMember } from './write-archive.js';

export interface TarfsOptions {
  readonly phys: PhysicalMemory;
  /** For archives that cannot be rewritten, such as compressed ones. */
  readonly readOnly?: boolean | undefined;
}

/**
 * A file system over a tar archive, like the Hurd's tarfs: files are read and written where they
 * are, and sync writes an archive in which all that was not touched is as it was, byte for byte.
 */
export class TarfsSuperBlock extends SuperBlock {
  readonly type = 'tarfs';
  readOnly: boolean;
  readonly bdi = NOOP_BDI;
  readonly phys: PhysicalMemory;
  readonly root: TarfsInode;
  /** Files with a pager. */
  readonly mapped = new Set<TarfsInode>();
  /** True if the tree differs from the archive's. */
  changed = false;
  private readonly writable: boolean;
  private stored: Archive;
  private nextIno = 1;

  /**
   * @param source not written to: see {@link archive}. One that gzip has compressed is read-only.
   * @throws SyscallError EINVAL for what is not a tar archive, or a damaged one; EFBIG for a
   * compressed one that is too large.
   */
  constructor(source: Uint8Array, options: TarfsOptions) {
    super();
    const compressed = isGzip(source);
    const archive = compressed ? uncompressed(source) : source;
    const readOnly = compressed || options.readOnly === true;
    this.phys = options.phys;
    this.readOnly = readOnly;
    this.writable = !readOnly;
    this.root = this.newInode(S_IFDIR | 0o755);
    this.root.implied = true;
    try {
      const { members, end } = readTarIndex(archive, { endMarkerOptional: true });
      const archived = members
        .filter((member) => !leadsUp(member))
        .map((member) => this.addMember(archive, member));
      this.stored = { bytes: archive, members: archived, end };
    } catch (error) {
      if (error instanceof TarFormatError || error instanceof UnexpectedEnd) {
        throw new SyscallError('EINVAL', `the archive: ${error.message}`);
      }
      throw error;
    }
    this.changed = false;
  }

  get geometry(): PageGeometry {
    return this.phys.geometry;
  }

  /** The archive as it was when it was last synced. Not to be written to. */
  get archive(): Uint8Array {
    return this.stored.bytes;
  }

  newInode(mode: number): TarfsInode {
    const inode = new TarfsInode(this, this.nextIno, mode, {
      fops: specialOperations(mode, tarfsDirectoryOperations, tarfsFileOperations),
      aops: tarfsAops,
    });
    this.nextIno += 1;
    return inode;
  }

  cachedInodes(): Iterable<TarfsInode> {
    return this.mapped;
  }

  dropCaches(): void {
    for (const { mapping } of this.mapped) mapping?.dropUnmapped();
  }

  /** An archive that cannot be rewritten stays read-only. @throws SyscallError EROFS. */
  override reconfigure(readOnly: boolean): void {
    if (!readOnly && !this.writable) throw new SyscallError('EROFS');
    super.reconfigure(readOnly);
  }

  /** Pages to files, files to the archive. @throws SyscallError ENOSPC, EFBIG. */
  override sync(): void {
    super.sync();
    this.writeArchive();
  }

  /** Rewrites the archive from the files as they are now, without the dirty pages of maps. */
  writeArchive(): void {
    if (this.readOnly) return;
    const isModified = ({ inode }: ArchivedMember): boolean => inode.content.modified;
    if (!this.changed && !this.stored.members.some(isModified)) return;
    this.stored = writeArchive(this.root, this.stored);
    this.changed = false;
  }

  /**
   * What tar(1) would extract: a later member replaces an earlier one of the same name, a hard link
   * is another name of what its target is at that point.
   */
  private addMember(archive: Uint8Array, member: TarIndexEntry): ArchivedMember {
    const { type, map, start, headerAt, dataAt, end } = member;
    const names = tarPathNames(member.path);
    const isLink = type === 'link';
    const linkNames = isLink ? tarPathNames(member.linkTarget) : [];
    const inode = isLink ? this.find(linkNames, member) : this.inodeOf(archive, names, member);
    const [name] = names.slice(-1);
    if (name === undefined) {
      if (inode !== this.root) throw failure(member, `the root is a ${type}`);
    } else {
      const parent = this.parentOf(names.slice(0, -1), member);
      if (parent.lookup(name) !== inode) {
        this.makeRoom(parent, name, member);
        if (isLink) parent.link(name, inode);
        else parent.enter(name, inode);
      }
    }
    const path = names.join('/');
    const linkPath = linkNames.join('/');
    const { pieces } = map;
    return { inode, path, isLink, linkPath, pieces, start, headerAt, dataAt, end };
  }

  /** What a member describes: something new, or a directory that exists already. */
  private inodeOf(
    archive: Uint8Array,
    names: readonly string[],
    {
      type,
      permissions,
      uid,
      gid,
      rdev,
      linkTarget,
      map,
      start,
      headerAt,
      dataAt,
      size,
    }: TarIndexEntry,
  ): TarfsInode {
    const mode = typeBits(type === 'link' ? 'file' : type) | permissions;
    const there = this.at(names);
    const inode = type === 'directory' && there?.isDirectory === true ? there : this.newInode(mode);
    inode.mode = mode;
    inode.uid = uid;
    inode.gid = gid;
    inode.device = rdev;
    inode.implied = false;
    inode.archivedMtime = mtimeOf(archive, { start, headerAt });
    if (type === 'symlink') inode.setTarget(linkTarget);
    if (type === 'file') inode.content.rebase({ archive, at: dataAt, pieces: map.pieces, size });
    return inode;
  }

  private makeRoom(parent: TarfsInode, name: string, member: TarIndexEntry): void {
    const old = parent.lookup(name);
    if (old === undefined) return;
    if (!old.isDirectory) parent.unlink(name);
    else if (old.isEmpty) parent.rmdir(name);
    else throw failure(member, 'it would replace a directory that is not empty');
  }

  private parentOf(names: readonly string[], member: TarIndexEntry): TarfsInode {
    let parent = this.root;
    for (const name of names) {
      let child = parent.lookup(name);
      if (child === undefined) {
        child = parent.mkdir(name, S_IFDIR | 0o755);
        child.implied = true;
      }
      if (!child.isDirectory) throw failure(member, `'${nameToText(name)}' is not a directory`);
      parent = child;
    }
    return parent;
  }

  private at(names: readonly string[]): TarfsInode | undefined {
    let inode: TarfsInode | undefined = this.root;
    for (const name of names) inode = inode?.lookup(name);
    return inode;
  }

  private find(names: readonly string[], member: TarIndexEntry): TarfsInode {
    const target = this.at(names);
    if (target === undefined || target.isDirectory) {
      throw failure(
        member,
        `a hard link to '${nameToText(member.linkTarget)}', which is not a file`,
      );
    }
    return target;
  }
}

/** @throws SyscallError EINVAL for what is damaged or cut off; EFBIG. */
function uncompressed(source: Uint8Array): Uint8Array {
  try {
    return gunzip(source, MAX_ARCHIVE);
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    throw new SyscallError(error.code === 'TOO_BIG' ? 'EFBIG' : 'EINVAL', error.message);
  }
}

/**
 * A name that leads out of the archive, or a hard link to one: it is in no directory here, as tar(1)
 * does not extract it, and stays in the archive as it is.
 */
function leadsUp({ type, path, linkTarget }: TarIndexEntry): boolean {
  return hasDotDot(path) || (type === 'link' && hasDotDot(linkTarget));
}

function hasDotDot(path: string): boolean {
  return path.split('/').includes('..');
}

function failure({ path }: TarIndexEntry, message: string): TarFormatError {
  return new TarFormatError(`'${nameToText(path)}': ${message}`);
}
