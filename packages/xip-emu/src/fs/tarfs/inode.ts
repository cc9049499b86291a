import { SyscallError, invariant } from '../../errno.js';
import { AddressSpace, type AddressSpaceOperations } from '../../vfs/address-space.js';
import type { Inode, OperationTables } from '../../vfs/inode.js';
import { SimpleInode } from '../../vfs/simple-inode.js';
import { truncatePagecache, zeroRestOfPage } from '../../vfs/truncate.js';
import { writebackRange } from '../../vfs/writeback.js';
import { TarContent } from './content.js';
import type { TarfsSuperBlock } from './super.js';

/** The largest size that a header's eleven octal digits can say. */
const MAX_FILE_SIZE = 0o77777777777;

/**
 * A node of a tarfs. A file's content is the archive's, and what was written since; while it is
 * mapped it has a pager, and all reads and writes go through that.
 */
export class TarfsInode extends SimpleInode<TarfsInode> {
  readonly sb: TarfsSuperBlock;
  readonly content: TarContent;
  /** A directory that the archive does not list, but that paths in it contain. */
  implied = false;
  /** Its time in the archive, in seconds; 0 if it is new. */
  archivedMtime = 0;
  private pager: AddressSpace | undefined = undefined;
  private readonly aops: AddressSpaceOperations;

  constructor(sb: TarfsSuperBlock, ino: number, mode: number, { fops, aops }: OperationTables) {
    super(ino, mode, fops);
    this.sb = sb;
    this.content = new TarContent(sb.geometry);
    this.aops = aops;
  }

  protected newInode(mode: number): TarfsInode {
    return this.sb.newInode(mode);
  }

  protected own(inode: Inode): TarfsInode {
    return tarfsInode(inode);
  }

  protected override changed(): void {
    this.sb.changed = true;
  }

  get size(): number {
    return this.isSymlink ? this.target.length : this.content.size;
  }

  /** The pager's pages, while there is a pager. */
  get mapping(): AddressSpace | undefined {
    return this.pager;
  }

  /** The pager, made if this is the first map. */
  takePager(): AddressSpace {
    if (this.pager === undefined) {
      this.pager = new AddressSpace(this, this.aops, this.sb.phys, { truncatable: true });
      this.sb.mapped.add(this);
      this.sb.trace.sink?.({ type: 'pager', fs: this.sb.type, ino: this.ino, made: true });
    }
    return this.pager;
  }

  /** Frees the pager if no map is left, after writing what only the pager has. */
  dropPager(): void {
    const { pager } = this;
    if (pager === undefined || pager.iMmap!.size > 0) return;
    writebackRange(pager);
    pager.evict();
    this.pager = undefined;
    this.sb.mapped.delete(this);
    this.sb.trace.sink?.({ type: 'pager', fs: this.sb.type, ino: this.ino, made: false });
  }

  /** A write to the pager that goes past the end makes the file longer. */
  extend(size: number): void {
    if (size > this.content.size) this.content.setSize(size);
  }

  /** @throws SyscallError EFBIG. */
  checkSize(size: number): void {
    if (size > MAX_FILE_SIZE) throw new SyscallError('EFBIG');
  }

  override setSize(size: number): void {
    const { pager, content } = this;
    if (!this.isRegular) throw new SyscallError('EINVAL');
    this.checkSize(size);
    const old = content.size;
    if (pager !== undefined && size > old) zeroRestOfPage(pager, old);
    content.setSize(size);
    if (pager !== undefined && size <= old) truncatePagecache(pager, size);
  }

  // The entries that a mount reads from the archive.

  /** A new entry, as a member says. */
  enter(name: string, inode: TarfsInode): void {
    this.add(name, inode);
  }

  setTarget(target: string): void {
    this.target = target;
  }

  /** Names of a directory. */
  *children(): Generator<readonly [name: string, inode: TarfsInode]> {
    yield* this.entries;
  }
}

/** The inode of a file or page cache that belongs to a tarfs, as its operations know. */
export function tarfsInode(inode: Inode): TarfsInode {
  invariant(inode instanceof TarfsInode, 'an operation of tarfs on a foreign inode');
  return inode;
}
