import { DIRECT_LENGTH_SIZE } from 'cramfs-format';
import { Column } from '../column.js';
import type { Block } from '../types.js';
import type { CheckedEntry } from './entry.js';

const KINDS = [
  'the superblock',
  'a directory',
  'a pointer table',
  'a compressed block',
  'an uncompressed block',
] as const;
export type ExtentKind = (typeof KINDS)[number];

/** Ranges of the image and what they hold. */
export class Extents {
  private readonly starts = new Column();
  private readonly ends = new Column();
  private readonly kinds = new Column();
  private readonly ownerOf = new Column();
  private readonly owners: (CheckedEntry | undefined)[] = [];

  get count(): number {
    return this.starts.length;
  }

  add(kind: ExtentKind, owner: CheckedEntry | undefined, start: number, end: number): void {
    if (this.owners.length === 0 || this.owners.at(-1) !== owner) this.owners.push(owner);
    this.starts.push(start);
    this.ends.push(end);
    this.kinds.push(KINDS.indexOf(kind));
    this.ownerOf.push(this.owners.length - 1);
  }

  addBlock(owner: CheckedEntry, { kind, direct, start, length }: Block): void {
    if (kind === 'uncompressed') {
      this.add('an uncompressed block', owner, start, start + length);
    } else {
      const prefix = direct ? DIRECT_LENGTH_SIZE : 0;
      this.add('a compressed block', owner, start - prefix, start + length);
    }
  }

  start(extent: number): number {
    return this.starts.at(extent);
  }

  end(extent: number): number {
    return this.ends.at(extent);
  }

  kind(extent: number): ExtentKind {
    return KINDS[this.kinds.at(extent)]!;
  }

  owner(extent: number): CheckedEntry | undefined {
    return this.owners[this.ownerOf.at(extent)];
  }

  /** Extents by start, then by end, then in the order they were added. */
  inOrder(): Uint32Array {
    const order = new Uint32Array(this.count);
    for (let extent = 0; extent < order.length; extent += 1) order[extent] = extent;
    return order.sort(
      (a, b) => this.starts.at(a) - this.starts.at(b) || this.ends.at(a) - this.ends.at(b) || a - b,
    );
  }
}
