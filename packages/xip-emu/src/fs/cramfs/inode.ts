import {
  CRAMFS_INODE_SIZE,
  CRAMFS_MAXPATHLEN,
  S_IFMT,
  bytesToName,
  decodeInode,
} from 'cramfs-format';
import { makeInode, type Inode as ImageInode } from 'cramfs-reader';
import { SyscallError, invariant } from '../../errno.js';
import { AddressSpace } from '../../vfs/address-space.js';
import { UNNAMED_DEVICE, type DeviceNumber } from '../../vfs/device.js';
import { Inode, SECTOR_SIZE, type DirectoryEntry, type OperationTables } from '../../vfs/inode.js';
import type { Kstat } from '../../vfs/kstat.js';
import { DirectoryIndex, type ScannedEntry } from './directory-index.js';
import type { CramfsSuperBlock } from './super.js';

/** After this many searches by a scan it pays to sort the entries by name. */
const SCANS = 8;
/** Entries are read through a window of this many bytes. */
const ENTRY_WINDOW = CRAMFS_INODE_SIZE + CRAMFS_MAXPATHLEN;

/** An inode of a mounted cramfs. `ino` is the offset of its block pointers or entries. */
export class CramfsInode extends Inode {
  readonly sb: CramfsSuperBlock;
  /** The inode as stored for the name that was looked up first. */
  readonly raw: ImageInode;
  readonly mode: number;
  readonly size: number;
  readonly mapping: AddressSpace | undefined;
  private readonly dentries = new Map<string, Inode | undefined>();
  /** Names that were searched for, and the index that answers further ones. */
  private scans = 0;
  private index: DirectoryIndex | undefined;

  constructor(sb: CramfsSuperBlock, raw: ImageInode, { fops, aops }: OperationTables) {
    super(raw.ino, fops);
    this.sb = sb;
    this.raw = raw;
    this.mode = raw.mode;
    // There is data only if the low bits of the inode number are clear.
    this.size = raw.ino % 4 === 0 ? raw.size : 0;
    const hasPages = raw.type === 'file' || raw.type === 'symlink';
    this.mapping = hasPages
      ? new AddressSpace(this, aops, sb.phys, { store: sb.image.bytes })
      : undefined;
  }

  /** Keeps every answer, as the dentry cache does: compare fs/namei.c:lookup_dcache(). */
  lookup(name: string): Inode | undefined {
    if (this.dentries.has(name)) return this.dentries.get(name);
    const inode = this.search(name);
    this.dentries.set(name, inode);
    return inode;
  }

  /** Compare fs/cramfs/inode.c:cramfs_lookup(). */
  private search(name: string): Inode | undefined {
    this.scans += 1;
    if (this.scans <= SCANS) return this.scan(name);
    this.index ??= new DirectoryIndex(
      this.passedEntries(),
      (offset) => this.nameAt(offset),
      this.sb.sortedDirectories,
    );
    const answer = this.index.find(name);
    if (answer === undefined) return undefined;
    if ('nameless' in answer) throw namelessEntry();
    return this.entryInode(answer.found);
  }

  private scan(name: string): Inode | undefined {
    const isSorted = this.sb.sortedDirectories;
    for (const { offset, fieldLength, bytes, start } of this.passedEntries()) {
      const nameAt = start + CRAMFS_INODE_SIZE;
      const first = fieldLength === 0 ? 0 : bytes[nameAt]!;
      if (isSorted && name.charCodeAt(0) < first) return undefined;
      if (Math.ceil(name.length / 4) * 4 !== fieldLength) continue;
      const length = nameLength(bytes, nameAt, fieldLength);
      if (length === 0) throw namelessEntry();
      if (length !== name.length) continue;
      const entry = bytesToName(bytes.subarray(nameAt, nameAt + length));
      if (entry === name) return this.entryInode(offset);
      if (isSorted && name < entry) return undefined;
    }
    return undefined;
  }

  /** Where the last byte that is not zero is: zeros after it would be millions of entries without names. */
  private *passedEntries(): Generator<ScannedEntry> {
    const { sb, ino } = this;
    const end = Math.min(this.size, sb.zerosFrom(ENTRY_WINDOW) - ino);
    for (let offset = 0; offset < end;) {
      const { bytes, view, start } = this.entryWindow(ino + offset);
      const fieldLength = decodeInode(view, start, sb.image.endianness).namelen * 4;
      yield { offset, fieldLength, bytes, start };
      offset += CRAMFS_INODE_SIZE + fieldLength;
    }
  }

  private nameAt(offset: number): string {
    const { bytes, view, start } = this.entryWindow(this.ino + offset);
    const fieldLength = decodeInode(view, start, this.sb.image.endianness).namelen * 4;
    const nameAt = start + CRAMFS_INODE_SIZE;
    return bytesToName(bytes.subarray(nameAt, nameAt + nameLength(bytes, nameAt, fieldLength)));
  }

  private entryInode(offset: number): CramfsInode {
    const at = this.ino + offset;
    const { view, start } = this.entryWindow(at);
    return this.sb.iget(makeInode(decodeInode(view, start, this.sb.image.endianness), at));
  }

  /** The bytes that hold the entry at image offset `at`, and where it starts in them. */
  private entryWindow(at: number): { bytes: Uint8Array; view: DataView; start: number } {
    const { bytes, view } = this.sb.image;
    const stored = this.sb.read(at, ENTRY_WINDOW);
    if (stored.length === ENTRY_WINDOW && stored.buffer === bytes.buffer) {
      return { bytes, view, start: at };
    }
    const window = new Uint8Array(ENTRY_WINDOW);
    window.set(stored);
    return { bytes: window, view: new DataView(window.buffer), start: 0 };
  }

  /** Positions are bytes; `.` and `..` are not listed. Compare fs/cramfs/inode.c:cramfs_readdir(). */
  override readdir(from = 0): DirectoryEntry[] {
    const { sb, size } = this;
    if (from % 4 !== 0) throw new SyscallError('EINVAL');
    const entries: DirectoryEntry[] = [];
    for (let offset = from; offset < size;) {
      const at = this.ino + offset;
      const { bytes, view, start } = this.entryWindow(at);
      const raw = decodeInode(view, start, sb.image.endianness);
      const first = start + CRAMFS_INODE_SIZE;
      const length = nameLength(bytes, first, raw.namelen * 4);
      offset += CRAMFS_INODE_SIZE + raw.namelen * 4;
      if (length === 0) {
        if (entries.length > 0) return entries;
        throw namelessEntry();
      }
      const name = bytesToName(bytes.subarray(first, first + length));
      entries.push({ name, ino: makeInode(raw, at).ino, type: raw.mode & S_IFMT, next: offset });
    }
    return entries;
  }

  override get rdev(): DeviceNumber {
    return this.raw.rdev ?? UNNAMED_DEVICE;
  }

  /** No times are stored: all are 0. Compare fs/cramfs/inode.c:get_cramfs_inode(). */
  override getattr(): Kstat {
    const { uid, gid } = this.raw;
    return { ...super.getattr(), uid, gid, blocks: Math.ceil(this.size / SECTOR_SIZE) };
  }

  /** Compare fs/namei.c:page_get_link(). */
  readlink(): string {
    const { mapping, size } = this;
    if (mapping === undefined) throw new SyscallError('EINVAL');
    if (size === 0) return '';
    const page = mapping.phys.borrow(mapping.read(0));
    const target = bytesToName(page.subarray(0, Math.min(size, this.sb.geometry.size - 1)));
    const end = target.indexOf('\0');
    return end < 0 ? target : target.slice(0, end);
  }
}

/** Bytes of a name without the zeros after it. */
function nameLength(bytes: Uint8Array, start: number, fieldLength: number): number {
  let length = fieldLength;
  while (length > 0 && bytes[start + length - 1] === 0) length -= 1;
  return length;
}

function namelessEntry(): SyscallError {
  return new SyscallError('EIO', 'a directory entry without a name');
}

/** The inode of a file or page cache that belongs to cramfs, as its operations know. */
export function cramfsInode(inode: Inode): CramfsInode {
  invariant(inode instanceof CramfsInode, 'an operation of cramfs on a foreign inode');
  return inode;
}
