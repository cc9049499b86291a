import { SyscallError, invariant } from '../../errno.js';

/** A block's number on the device. */
export type Block = number;

/**
 * The blocks of a device, each a page of bytes, with the number of places in files that each of
 * them is. Compare fs/xfs/libxfs/xfs_refcount.c.
 */
export class BlockStore {
  /** Blocks in use. */
  used = 0;
  readonly capacity: number;
  private readonly refs: number[] = [];
  /** What was last written to it; nothing for a block that is only reserved for a dirty page. */
  private readonly contents: (Uint8Array | undefined)[] = [];
  private readonly freed: Block[] = [];

  /** @param capacity in blocks. */
  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Allocates a block with one user. @throws SyscallError ENOSPC. */
  allocate(): Block {
    if (this.used === this.capacity) throw new SyscallError('ENOSPC');
    const block = this.freed.pop() ?? this.refs.length;
    this.refs[block] = 1;
    this.contents[block] = undefined;
    this.used += 1;
    return block;
  }

  /** Counts one more place in a file where the block is. */
  share(block: Block): void {
    this.refs[block]! += 1;
  }

  /** Drops one place; the last one frees the block. */
  release(block: Block): void {
    const left = this.refs[block]! - 1;
    invariant(left >= 0, `block ${block} is released more often than used`);
    this.refs[block] = left;
    if (left > 0) return;
    this.contents[block] = undefined;
    this.freed.push(block);
    this.used -= 1;
  }

  /** How many places in files the block is in. */
  usersOf(block: Block): number {
    return this.refs[block] ?? 0;
  }

  isShared(block: Block): boolean {
    return this.usersOf(block) > 1;
  }

  /** The page that was written to the block; not to be written to, and never changed. */
  read(block: Block): Uint8Array {
    const content = this.contents[block];
    invariant(content !== undefined, `block ${block} is read before it is written`);
    return content;
  }

  /** @param content a page that does not change any more. */
  write(block: Block, content: Uint8Array): void {
    invariant(!this.isShared(block), `block ${block} is written to while files share it`);
    this.contents[block] = content;
  }
}
