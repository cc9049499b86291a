import { deflate } from 'pako';
import { CRAMFS_SUPER_SIZE, INODE_WORDS, setU16 } from 'cramfs-format';
import { CLAIM_MUTATIONS } from './claim-mutations.js';
import { changeInode, inodeAt, type Draft } from './draft.js';
import { PROGRAM_MUTATIONS } from './program-mutations.js';

export interface Mutation {
  readonly name: string;
  /** How often it is chosen, compared with the others. */
  readonly weight: number;
  apply(draft: Draft): void;
}

const MAX_LENGTH = 1 << 20;
const FIELDS = INODE_WORDS.flat();
const SUPERBLOCK_FIELDS = [0, 4, 8, 12, 16, 32, 36, 40, 44, 48, 64, 68, 72];
const FLAGS_AT = 8;
const HOSTILE_NAMES = ['..', '.', '/', 'a/b', '../x', '\0', 'a\0b', '\xff', '\n', ' '];

/**
 * More than a block once inflated, less, nothing, or no zlib stream at all. Made by pako, whose
 * output does not depend on the machine.
 */
const STREAMS = [
  deflate(new Uint8Array(MAX_LENGTH)),
  deflate(new Uint8Array(4097)),
  deflate(new Uint8Array(4095).fill(65)),
  deflate(new Uint8Array(0)),
  // A header, then stored blocks without content.
  Uint8Array.of(0x78, 0x01, ...new Array<number[]>(200).fill([0, 0, 0, 0xff, 0xff]).flat()),
  Uint8Array.of(0x78, 0x9c),
];

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'flip-bits',
    weight: 4,
    apply: (draft) => {
      for (let count = 1 + draft.random.below(6); count > 0; count -= 1) {
        const at = draft.place();
        draft.bytes[at]! ^= 1 << draft.random.below(8);
      }
    },
  },
  {
    name: 'set-bytes',
    weight: 2,
    apply: (draft) => {
      const at = draft.place();
      const length = 1 + draft.random.below(8);
      draft.bytes.fill(draft.random.pick([0, 1, 0x7f, 0x80, 0xff]), at, at + length);
    },
  },
  {
    name: 'superblock-field',
    weight: 3,
    apply: (draft) => {
      const at = draft.anatomy.superblock + draft.random.pick(SUPERBLOCK_FIELDS);
      draft.writeU32(at, draft.interestingNumber());
    },
  },
  {
    name: 'superblock-flag',
    weight: 1,
    apply: (draft) => {
      const at = draft.anatomy.superblock + FLAGS_AT;
      draft.writeU32(at, draft.readU32(at) ^ (1 << draft.random.pick([0, 1, 8, 9, 10, 11, 12])));
    },
  },
  {
    name: 'inode-field',
    weight: 8,
    apply: (draft) => {
      changeInode(draft, (inode) => {
        const [name, width] = draft.random.pick(FIELDS);
        inode[name] = draft.interestingNumber() % 2 ** width;
      });
    },
  },
  {
    name: 'inode-type',
    weight: 3,
    apply: (draft) => {
      changeInode(draft, (inode) => {
        inode.mode = (inode.mode & 0xfff) | (draft.random.below(16) << 12);
      });
    },
  },
  {
    name: 'inode-offset',
    weight: 4,
    apply: (draft) => {
      changeInode(draft, (inode) => {
        inode.offset = (draft.interestingNumber() >>> 2) % 2 ** 26;
      });
    },
  },
  {
    // Shared, overlapping and endless directories; files that are one inode.
    name: 'inode-alias',
    weight: 4,
    apply: (draft) => {
      const { random, anatomy } = draft;
      const among = random.oneIn(2) ? anatomy.directories : anatomy.inodes;
      const other = inodeAt(draft, random.maybe(among));
      changeInode(draft, (inode) => {
        if (other === undefined) return;
        inode.offset = Math.max(0, other.offset + (random.oneIn(3) ? random.below(9) - 4 : 0));
        inode.size = Math.max(0, other.size + (random.oneIn(3) ? random.below(33) - 16 : 0));
        if (random.oneIn(2)) inode.mode = other.mode;
        inode.offset %= 2 ** 26;
        inode.size %= 2 ** 24;
      });
    },
  },
  {
    name: 'name',
    weight: 4,
    apply: (draft) => {
      const { random, anatomy, bytes } = draft;
      const target = random.maybe(anatomy.names);
      const source = random.maybe(anatomy.names);
      if (target === undefined || source === undefined) return;
      if (!draft.has(target.start, target.length)) return;
      const name = random.oneIn(2)
        ? bytes.slice(source.start, source.start + source.length)
        : Buffer.from(random.pick(HOSTILE_NAMES), 'latin1');
      const field = bytes.subarray(target.start, target.start + target.length);
      if (random.oneIn(2)) field.fill(0);
      field.set(name.subarray(0, field.length));
    },
  },
  {
    name: 'pointer',
    weight: 6,
    apply: (draft) => {
      const { random, anatomy } = draft;
      const at = random.maybe(anatomy.pointers);
      if (at === undefined) return;
      const old = draft.readU32(at);
      draft.writeU32(
        at,
        random.pick([
          () => draft.interestingNumber(),
          () => (draft.interestingNumber() >>> 2) | 0x40000000,
          () => (draft.interestingNumber() >>> 2) | 0xc0000000,
          () => old ^ random.pick([0x40000000, 0x80000000, 0xc0000000]),
          () => old + random.below(17) - 8,
          () => draft.readU32(random.pick(anatomy.pointers)),
          () => draft.readU32(at - 4),
        ])(),
      );
    },
  },
  {
    name: 'direct-length',
    weight: 2,
    apply: (draft) => {
      const { random, anatomy } = draft;
      const at = random.maybe(anatomy.lengths);
      if (at === undefined || !draft.has(at, 2)) return;
      const value = random.pick([0, 1, 7, 8, 4096, 8192, 8193, 0x7fff, 0xffff, random.u32()]);
      setU16(draft.view, at, value & 0xffff, anatomy.endianness);
    },
  },
  {
    name: 'block-data',
    weight: 3,
    apply: (draft) => {
      const { random, anatomy } = draft;
      const block = random.maybe(anatomy.blocks);
      if (block === undefined || !draft.has(block.start, block.length)) return;
      const at = block.start + random.below(Math.min(block.length, 24));
      draft.bytes[at]! ^= 1 << random.below(8);
    },
  },
  {
    name: 'block-stream',
    weight: 2,
    apply: (draft) => {
      const { random, anatomy } = draft;
      const block = random.maybe(anatomy.blocks);
      if (block === undefined || !draft.has(block.start, block.length)) return;
      const stream = random.pick(STREAMS);
      const room = random.oneIn(2) ? block.length : draft.bytes.length - block.start;
      draft.bytes.set(stream.subarray(0, room), block.start);
    },
  },
  {
    name: 'truncate',
    weight: 2,
    apply: (draft) => {
      draft.bytes = draft.bytes.slice(0, draft.place());
    },
  },
  {
    name: 'extend',
    weight: 1,
    apply: (draft) => {
      insert(draft, draft.bytes.length, randomBytes(draft, draft.random.below(5000)));
    },
  },
  {
    name: 'insert',
    weight: 2,
    apply: (draft) => {
      const { random } = draft;
      const length = random.pick([1, 2, 4, 8, 12, 64, 512, 4096]);
      insert(draft, draft.place(), randomBytes(draft, length));
    },
  },
  {
    name: 'remove',
    weight: 2,
    apply: (draft) => {
      const at = draft.place();
      const length = draft.random.pick([1, 2, 4, 8, 12, 64, 512, 4096]);
      const { bytes } = draft;
      draft.bytes = join(bytes.subarray(0, at), bytes.subarray(at + length));
    },
  },
  {
    name: 'copy-range',
    weight: 3,
    apply: (draft) => {
      const { random, bytes } = draft;
      const from = draft.place();
      const length = 1 + random.below(random.pick([4, 12, 64, 4096]));
      const to = draft.place();
      bytes.copyWithin(to, from, Math.min(from + length, bytes.length));
    },
  },
  {
    name: 'zero-range',
    weight: 1,
    apply: (draft) => {
      const from = draft.place();
      draft.bytes.fill(0, from, from + draft.random.below(200));
    },
  },
  {
    name: 'splice',
    weight: 2,
    apply: (draft) => {
      const { random, bytes } = draft;
      const { bytes: other } = random.pick(draft.corpus);
      const at = random.below(Math.min(bytes.length, other.length));
      if (random.oneIn(2)) {
        draft.bytes = join(bytes.subarray(0, at), other.subarray(at));
        return;
      }
      const length = random.below(Math.min(bytes.length, other.length) - at);
      bytes.set(other.subarray(at, at + length), at);
    },
  },
  {
    name: 'swap-endianness',
    weight: 1,
    apply: (draft) => {
      const { random, anatomy, bytes } = draft;
      const [start, end] = random.pick([
        [anatomy.base, bytes.length],
        [anatomy.superblock, anatomy.superblock + CRAMFS_SUPER_SIZE],
        [anatomy.superblock, anatomy.superblock + 4],
        [random.below(bytes.length), bytes.length],
      ] as const);
      for (let at = start; at + 4 <= Math.min(end, bytes.length); at += 4) {
        bytes.subarray(at, at + 4).reverse();
      }
    },
  },
  {
    name: 'embed',
    weight: 1,
    apply: (draft) => {
      const { random } = draft;
      insert(draft, 0, randomBytes(draft, random.pick([1, 4, 512, random.below(3000)])));
      if (random.oneIn(2)) insert(draft, draft.bytes.length, random.pick(draft.corpus).bytes);
    },
  },
  ...CLAIM_MUTATIONS,
  ...PROGRAM_MUTATIONS,
];

function insert(draft: Draft, at: number, added: Uint8Array): void {
  if (draft.bytes.length + added.length > MAX_LENGTH) return;
  draft.bytes = join(draft.bytes.subarray(0, at), added, draft.bytes.subarray(at));
}

function randomBytes(draft: Draft, length: number): Uint8Array {
  const zero = draft.random.oneIn(2);
  return Uint8Array.from({ length }, () => (zero ? 0 : draft.random.below(256)));
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
