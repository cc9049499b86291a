import { SyscallError, invariant } from '../../errno.js';
import { PG_DIRTY } from '../../phys/frame-table.js';
import type { Pgoff } from '../../units.js';
import { AddressSpace } from '../../vfs/address-space.js';
import type { Inode, OperationTables } from '../../vfs/inode.js';
import { unmapMappingRange } from '../../vfs/rmap.js';
import { SizedInode } from '../../vfs/simple-inode.js';
import { truncatePagecache, zeroRestOfPage } from '../../vfs/truncate.js';
import type { Block } from './block-store.js';
import type { CowfsSuperBlock } from './super.js';

/** A file or directory of a cowfs. A file consists of blocks, its own and ones it shares. */
export class CowfsInode extends SizedInode<CowfsInode> {
  readonly sb: CowfsSuperBlock;
  readonly mapping: AddressSpace | undefined;
  /** The block of each page that is not a hole. */
  private readonly blocks = new Map<Pgoff, Block>();

  constructor(sb: CowfsSuperBlock, ino: number, mode: number, { fops, aops }: OperationTables) {
    super(ino, mode, fops);
    this.sb = sb;
    this.mapping = this.isRegular
      ? new AddressSpace(this, aops, sb.phys, { truncatable: true })
      : undefined;
  }

  protected newInode(mode: number): CowfsInode {
    return this.sb.newInode(mode);
  }

  protected own(inode: Inode): CowfsInode {
    return cowfsInode(inode);
  }

  /** The block that page `index` is stored in; undefined for a hole. */
  blockAt(index: Pgoff): Block | undefined {
    return this.blocks.get(index);
  }

  /** How many pages are stored, and how many of them are in shared blocks. */
  blockCounts(): { readonly blocks: number; readonly shared: number } {
    let shared = 0;
    for (const block of this.blocks.values()) if (this.sb.store.isShared(block)) shared += 1;
    return { blocks: this.blocks.size, shared };
  }

  /**
   * The block for what will be written to page `index`: a new one where there is none, or where
   * others have it, too. Compare fs/xfs/xfs_reflink.c:xfs_reflink_allocate_cow().
   *
   * @throws SyscallError ENOSPC.
   */
  ownBlock(index: Pgoff): Block {
    const { store } = this.sb;
    const old = this.blocks.get(index);
    if (old !== undefined && !store.isShared(old)) return old;
    const block = store.allocate();
    this.blocks.set(index, block);
    if (old !== undefined) store.release(old);
    return block;
  }

  /** Called before bytes are put at `position`: a gap between the end and there must be zeros. */
  zeroBehindEnd(position: number): void {
    if (position > this.bytes) zeroRestOfPage(this.pageCache, this.bytes);
  }

  /** Compare fs/xfs/xfs_iops.c:xfs_setattr_size(). @throws SyscallError ENOSPC. */
  override setSize(size: number): void {
    if (!this.isRegular) throw new SyscallError('EINVAL');
    const { bytes, pageCache } = this;
    const { geometry } = pageCache;
    if (size > bytes) this.zeroBehindEnd(size);
    else if (size < bytes && !geometry.isAligned(size)) this.dirtyPage(geometry.pageOf(size));
    this.bytes = size;
    if (size >= bytes) return;
    truncatePagecache(pageCache, size);
    this.dropBlocks(geometry.pagesOf(size), Infinity);
  }

  /** Dirties a page whose rest is about to be zeroed, unless it is a hole. */
  private dirtyPage(index: Pgoff): void {
    const { pageCache } = this;
    const { phys } = pageCache;
    const cached = pageCache.find(index);
    const dirty = cached >= 0 && phys.frames.hasFlag(cached, PG_DIRTY);
    if (dirty || this.blocks.has(index)) phys.frames.setFlag(pageCache.own(index), PG_DIRTY);
  }

  /**
   * Makes a range share the blocks of a range of `source`; both are written back. Maps of the old
   * pages fault to find the new ones. Compare fs/xfs/xfs_reflink.c:xfs_reflink_remap_range().
   *
   * @param length bytes; whole blocks, or up to the end of the source.
   */
  remap(source: CowfsInode, sourceOffset: number, targetOffset: number, length: number): void {
    const { pageCache, sb } = this;
    const { geometry } = sb;
    const from = sourceOffset / geometry.size;
    const to = targetOffset / geometry.size;
    const count = geometry.pagesOf(length);
    unmapMappingRange(pageCache, to, to + count, false);
    for (let page = 0; page < count; page += 1) {
      pageCache.remove(to + page);
      const block = source.blocks.get(from + page);
      const old = this.blocks.get(to + page);
      if (block === undefined) {
        this.blocks.delete(to + page);
      } else {
        sb.store.share(block);
        this.blocks.set(to + page, block);
      }
      if (old !== undefined) sb.store.release(old);
    }
    this.extend(targetOffset + length);
    source.pageCache.publish(from, from + count);
  }

  private get pageCache(): AddressSpace {
    invariant(this.mapping !== undefined, 'a cowfs inode that is not a file has no pages');
    return this.mapping;
  }

  private dropBlocks(first: Pgoff, end: Pgoff): void {
    for (const [index, block] of [...this.blocks]) {
      if (index < first || index >= end) continue;
      this.blocks.delete(index);
      this.sb.store.release(block);
    }
  }

  /** Called when the file can no longer be reached. */
  protected override evict(): void {
    super.evict();
    this.dropBlocks(0, Infinity);
    this.sb.forget(this);
  }

  /** Adds to `users` how often this file uses each block. */
  countBlocks(users: Map<Block, number>): void {
    for (const block of this.blocks.values()) users.set(block, (users.get(block) ?? 0) + 1);
  }
}

/** The inode of a file or page cache that belongs to a cowfs, as its operations know. */
export function cowfsInode(inode: Inode): CowfsInode {
  invariant(inode instanceof CowfsInode, 'an operation of cowfs on a foreign inode');
  return inode;
}
