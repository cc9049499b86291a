import { crc32 } from 'node:zlib';
import {
  CRAMFS_INODE_SIZE,
  CRAMFS_SUPER_CRC_OFFSET,
  decodeInode,
  encodeInode,
  getU32,
  setU32,
  type RawInode,
} from 'cramfs-format';
import type { Anatomy } from './anatomy.js';
import type { Seed } from './corpus.js';
import type { Random } from './random.js';

/** An image on its way to become a mutant. Mutations may leave the anatomy behind the bytes. */
export class Draft {
  bytes: Uint8Array;
  readonly seed: Seed;
  readonly corpus: readonly Seed[];
  readonly random: Random;

  constructor(seed: Seed, corpus: readonly Seed[], random: Random) {
    this.bytes = seed.bytes.slice();
    this.seed = seed;
    this.corpus = corpus;
    this.random = random;
  }

  get anatomy(): Anatomy {
    return this.seed.anatomy;
  }

  get view(): DataView {
    return new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.byteLength);
  }

  /** A place anywhere, or, half of the time, in what is not the data of blocks. */
  place(): number {
    const { random, anatomy } = this;
    if (random.oneIn(2)) return random.below(this.bytes.length);
    const spots = [anatomy.superblock, ...anatomy.inodes, ...anatomy.pointers];
    return Math.min(random.pick(spots) + random.below(16), Math.max(0, this.bytes.length - 1));
  }

  /** True if `length` bytes are there at `start`. */
  has(start: number, length: number): boolean {
    return start >= 0 && start + length <= this.bytes.length;
  }

  readU32(at: number): number {
    return this.has(at, 4) ? getU32(this.view, at, this.anatomy.endianness) : 0;
  }

  writeU32(at: number, value: number): void {
    if (this.has(at, 4)) setU32(this.view, at, value, this.anatomy.endianness);
  }

  /** A number that some code may not expect: a limit, an offset of something, or nearly one. */
  interestingNumber(): number {
    const { random, anatomy, bytes } = this;
    const { base } = anatomy;
    const places = [
      bytes.length - base,
      anatomy.superblock - base,
      (random.maybe(anatomy.inodes) ?? 0) - base,
      (random.maybe(anatomy.pointers) ?? 0) - base,
      (random.maybe(anatomy.blocks)?.start ?? 0) - base,
      this.readU32(anatomy.superblock + 4),
    ];
    const value = random.oneIn(2) ? random.pick(places) : random.pick(LIMITS);
    const near = random.oneIn(3) ? value + random.below(9) - 4 : value;
    return near < 0 ? near + 2 ** 32 : near;
  }

  /** Puts the right CRC where the superblock was, if its size still makes sense. */
  fixCrc(): void {
    const { superblock, base } = this.anatomy;
    const size = this.readU32(superblock + 4);
    if (base + size > this.bytes.length || !this.has(superblock, CRAMFS_SUPER_CRC_OFFSET + 4)) {
      return;
    }
    this.writeU32(superblock + CRAMFS_SUPER_CRC_OFFSET, 0);
    const covered = this.bytes.subarray(superblock, base + size);
    this.writeU32(superblock + CRAMFS_SUPER_CRC_OFFSET, crc32(covered));
  }
}

const LIMITS: readonly number[] = [
  ...[0, 1, 2, 3, 4, 7, 8, 11, 12, 15, 16, 63, 64, 75, 76, 77, 252, 255, 256],
  ...[511, 512, 513, 588, 4095, 4096, 4097, 8191, 8192, 8193, 65535, 65536, 131072],
  ...[0xffffff, 0x1000000, 0x3ffffff, 0xffffffc, 0x10000000, 0x3fffffff],
  ...[0x40000000, 0x7fffffff, 0x80000000, 0xc0000000, 0xfffffffe, 0xffffffff],
];

/** The inode at an offset; undefined if it is not there. */
export function inodeAt(draft: Draft, at: number | undefined): RawInode | undefined {
  if (at === undefined || !draft.has(at, CRAMFS_INODE_SIZE)) return undefined;
  return decodeInode(draft.view, at, draft.anatomy.endianness);
}

/** Changes a random inode, one in four times the root. */
export function changeInode(draft: Draft, change: (inode: RawInode) => void): void {
  const { random, anatomy } = draft;
  const at = random.oneIn(4) ? anatomy.inodes[0] : random.maybe(anatomy.inodes);
  if (at !== undefined) changeInodeAt(draft, at, change);
}

/** Changes all inodes but the root, in order. */
export function changeEachInode(draft: Draft, change: (inode: RawInode) => void): void {
  for (const at of draft.anatomy.inodes.slice(1)) changeInodeAt(draft, at, change);
}

function changeInodeAt(draft: Draft, at: number, change: (inode: RawInode) => void): void {
  const inode = inodeAt(draft, at);
  if (inode === undefined) return;
  change(inode);
  encodeInode(draft.view, at, inode, draft.anatomy.endianness);
}
