import { setU32 } from 'cramfs-format';
import { changeEachInode, changeInode, type Draft } from './draft.js';
import type { Mutation } from './mutations.js';

/**
 * Mutations of what an image claims: data outside of it and of the ROM, sizes and numbers of names
 * that it does not have, devices.
 */

const PAGE = 4096;
const DIRECT_UNCOMPRESSED = 0xc0000000;
const EXT_BLOCK_POINTERS = 0x800;
const FLAGS_AT = 8;
const MAX_SIZE = 0xffffff;
const MAX_OFFSET = 0x3ffffff;
const MIB = 1 << 20;

export const CLAIM_MUTATIONS: readonly Mutation[] = [
  {
    // In a row, as what can be mapped directly is: past the image, past the ROM, across 2^32.
    name: 'blocks-outside',
    weight: 3,
    apply: (draft) => {
      const { random, anatomy } = draft;
      const table = random.maybe(anatomy.tables);
      if (table === undefined) return;
      const { blockSize } = anatomy;
      const count = table.length / 4;
      const last = random.below(count + 1) * blockSize;
      const first = edge(draft) - last - (random.oneIn(3) ? random.below(PAGE) : 0);
      for (let block = 0; block < count; block += 1) {
        const start = (first + block * blockSize + 2 ** 32) % 2 ** 32;
        draft.writeU32(table.start + 4 * block, DIRECT_UNCOMPRESSED + Math.floor(start / 4));
      }
      const flagsAt = anatomy.superblock + FLAGS_AT;
      draft.writeU32(flagsAt, (draft.readU32(flagsAt) | EXT_BLOCK_POINTERS) >>> 0);
    },
  },
  {
    name: 'table-outside',
    weight: 2,
    apply: (draft) => {
      changeInode(draft, (inode) => {
        const { random } = draft;
        const near = Math.floor(edge(draft) / 4) - random.below(9);
        inode.offset = Math.min(Math.max(0, near), MAX_OFFSET);
        if (random.oneIn(3)) inode.size = random.pick([PAGE, MIB, MAX_SIZE]);
      });
    },
  },
  {
    name: 'image-size',
    weight: 2,
    apply: (draft) => {
      const { random, anatomy } = draft;
      const near = random.pick([-PAGE, -264, -1, 0, 0, 1, PAGE]);
      draft.writeU32(anatomy.superblock + 4, (edge(draft) + near + 2 ** 32) % 2 ** 32);
    },
  },
  {
    // The size of a device node is its number.
    name: 'special-file',
    weight: 2,
    apply: (draft) => {
      changeInode(draft, (inode) => {
        const { random } = draft;
        const type = random.pick([0, 1, 2, 3, 5, 6, 7, 9, 11, 12, 13, 14, 15]);
        inode.mode = (inode.mode & 0xfff) | (type << 12);
        if (random.oneIn(2)) inode.size = random.pick([0, 0x103, 0x1f00, 0xffff, MAX_SIZE]);
        if (random.oneIn(4)) inode.offset = 0;
      });
    },
  },
  {
    name: 'names-of-one-inode',
    weight: 2,
    apply: (draft) => {
      const { random } = draft;
      const type = random.pick([0o040000, 0o100000, 0o100000, 0o120000]);
      let model: { offset: number; size: number } | undefined;
      changeEachInode(draft, (inode) => {
        if ((inode.mode & 0o170000) !== type) return;
        model ??= { offset: inode.offset, size: inode.size };
        inode.offset = model.offset;
        if (!random.oneIn(4)) inode.size = model.size;
      });
    },
  },
  {
    name: 'huge-sizes',
    weight: 1,
    apply: (draft) => {
      const { random } = draft;
      const size = random.pick([MAX_SIZE, MAX_SIZE - 3, 8 * MIB, MIB, 0]);
      const times = random.pick([1, 4, 50]);
      changeEachInode(draft, (inode) => {
        if (random.oneIn(times)) inode.size = size;
      });
    },
  },
  {
    // Below another one, not below itself: depth by depth.
    name: 'deeper-directories',
    weight: 2,
    apply: (draft) => {
      const { random, anatomy } = draft;
      const { directories, endianness } = anatomy;
      for (let count = 1 + random.below(8); count > 0; count -= 1) {
        const from = random.below(directories.length);
        const source = directories[from]!;
        const target = directories[Math.max(1, from - 1 - random.below(3))];
        if (target === undefined || !draft.has(source, 12) || !draft.has(target, 12)) continue;
        for (const word of [4, 8]) {
          setU32(draft.view, target + word, draft.readU32(source + word), endianness);
        }
      }
    },
  },
];

/** Where something ends: the image, the ROM in which the emulator has it, or the addresses. */
function edge({ random, anatomy, bytes }: Draft): number {
  const { base } = anatomy;
  const end = bytes.length - base;
  const pages = Math.ceil(end / PAGE) * PAGE;
  return random.pick([end, pages, pages + PAGE, pages + MIB, 1 << 28, 2 ** 31, 2 ** 32, 0]);
}
