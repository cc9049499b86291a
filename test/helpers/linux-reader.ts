import { inflateSync } from 'node:zlib';

/**
 * What Linux 6.12 makes of an image on a ROM, its defects included: an oracle for images, written
 * against fs/cramfs/inode.c alone and sharing no code with this project. Content is what read(2)
 * returns, through the page cache.
 */

const PAGE = 4096;
const ENTRY_WINDOW = 12 + 252;

export interface LinuxInode {
  readonly ino: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
}

export class LinuxReader {
  private readonly inodes = new Map<number, LinuxInode>();
  private readonly view: DataView;
  private readonly size: number;
  private readonly image: Uint8Array;
  private readonly little: boolean;
  private readonly pageSize: number;
  private readonly superblock: number;

  constructor(image: Uint8Array, pageSize = PAGE) {
    this.image = image;
    this.pageSize = pageSize;
    this.view = new DataView(image.buffer, image.byteOffset, image.byteLength);
    const at = [0, 512].find((start) => this.endianAt(start) !== undefined);
    if (at === undefined) throw new Error('wrong magic');
    this.superblock = at;
    this.little = this.endianAt(at)!;
    this.size = this.u32(at + 4);
  }

  /** Path -> inode, as a walk by readdir and lookup in directory order sees it. */
  walk(): Map<string, LinuxInode> {
    const seen = new Map<string, LinuxInode>();
    this.walkInto('', this.inodeAt(this.superblock + 64, 0), seen);
    return seen;
  }

  /** read(2) of the whole file: cramfs_read_folio() page by page. */
  read(inode: LinuxInode): Uint8Array {
    const content = new Uint8Array(inode.size);
    for (let page = 0; page * this.pageSize < inode.size; page += 1) {
      const bytes = this.readFolio(inode, page);
      const at = page * this.pageSize;
      content.set(bytes.subarray(0, Math.min(bytes.length, inode.size - at)), at);
    }
    return content;
  }

  private walkInto(path: string, inode: LinuxInode, seen: Map<string, LinuxInode>): void {
    seen.set(path === '' ? '/' : path, inode);
    if ((inode.mode & 0o170000) !== 0o040000) return;
    for (let offset = 0; offset < inode.size;) {
      const at = inode.ino + offset;
      // cramfs_direct_read(): a window that crosses the end of the image reads as zeros.
      if (at > this.size - ENTRY_WINDOW) throw new Error(`EIO: entry at ${at} reads as zeros`);
      const nameLength = this.fields(at).namelen * 4;
      const raw = this.image.subarray(at + 12, at + 12 + nameLength);
      const end = raw.findLastIndex((byte) => byte !== 0) + 1;
      const name = Buffer.from(raw.subarray(0, end)).toString('latin1');
      this.walkInto(`${path}/${name}`, this.inodeAt(at, at), seen);
      offset += 12 + nameLength;
    }
  }

  /** get_cramfs_inode(): names with one inode number get the inode that was made first. */
  private inodeAt(at: number, offset: number): LinuxInode {
    const { mode, uid, gid, size, offset: dataOffset } = this.fields(at);
    const format = mode & 0o170000;
    const hasData = format === 0o100000 || format === 0o040000 || format === 0o120000;
    const ino = dataOffset !== 0 && size !== 0 && hasData ? dataOffset * 4 : offset + 1;
    let inode = this.inodes.get(ino);
    if (inode === undefined) {
      inode = { ino, mode, uid, gid, size: hasData && ino % 4 === 0 ? size : hasData ? 0 : size };
      this.inodes.set(ino, inode);
    }
    return inode;
  }

  private readFolio(inode: LinuxInode, index: number): Uint8Array {
    const { pageSize } = this;
    const maxBlock = Math.ceil(inode.size / pageSize);
    const table = inode.ino;
    const pointer = this.u32(table + 4 * index);
    const uncompressed = pointer >= 0x80000000;
    const direct = (pointer & 0x40000000) !== 0;
    const value = pointer & 0x3fffffff;
    let start: number;
    let length: number;
    if (direct) {
      start = value * 4;
      if (uncompressed) {
        length = index === maxBlock - 1 ? inode.size % pageSize : pageSize;
      } else {
        length = this.u16(start);
        start += 2;
      }
    } else {
      start = index === 0 ? table + 4 * maxBlock : this.endOf(this.u32(table + 4 * index - 4));
      length = value - start;
    }
    if (length === 0) return new Uint8Array(pageSize);
    if (length < 0 || length > 2 * pageSize || (uncompressed && length > pageSize)) {
      throw new Error(`EIO: bad data blocksize ${length}`);
    }
    const stored = this.image.subarray(start, start + length);
    return uncompressed ? stored : inflateSync(stored);
  }

  private endOf(previous: number): number {
    if ((previous & 0x40000000) === 0) return previous & 0x3fffffff;
    const start = (previous & 0x3fffffff) * 4;
    return previous >= 0x80000000 ? start + this.pageSize : start + 2 + this.u16(start);
  }

  private fields(at: number) {
    const [a, b, c] = [this.u32(at), this.u32(at + 4), this.u32(at + 8)];
    return this.little
      ? {
          mode: a & 0xffff,
          uid: a >>> 16,
          size: b & 0xffffff,
          gid: b >>> 24,
          namelen: c & 0x3f,
          offset: c >>> 6,
        }
      : {
          mode: a >>> 16,
          uid: a & 0xffff,
          size: b >>> 8,
          gid: b & 0xff,
          namelen: c >>> 26,
          offset: c & 0x3ffffff,
        };
  }

  private endianAt(at: number): boolean | undefined {
    if (at + 76 > this.image.length) return undefined;
    if (this.view.getUint32(at, true) === 0x28cd3d45) return true;
    return this.view.getUint32(at, false) === 0x28cd3d45 ? false : undefined;
  }

  private u32(at: number): number {
    return this.view.getUint32(at, this.little);
  }

  private u16(at: number): number {
    return this.view.getUint16(at, this.little);
  }
}
