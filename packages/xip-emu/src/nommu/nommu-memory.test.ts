import { describe, expect, test } from 'vitest';
import { NommuWorld, RAM, ROM, contentAt } from '../../../../test/helpers/nommu-world.js';
import { isSyscallError } from '../errno.js';
import { KernelCorruption } from '../kernel-corruption.js';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../memory-map.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';

const RW = PROT_READ | PROT_WRITE;
const RX = PROT_READ | PROT_EXEC;

/** The errno of a call, or the kind of its corruption; undefined if it succeeds. */
function failureOf(run: () => unknown): string | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    if (isSyscallError(error)) return error.code;
    if (error instanceof KernelCorruption) return error.kind;
    throw error;
  }
}

describe('mmap of a file in ROM', () => {
  test('a mapping that cannot be written is the ROM itself, and takes no RAM', () => {
    const world = new NommuWorld();
    const process = world.process();
    const file = world.file({ pages: 8, romPage: 4 });
    for (const prot of [PROT_NONE, PROT_READ, PROT_EXEC, RX]) {
      for (const type of ['private', 'shared'] as const) {
        const at = process.map(file, 2, 3, prot, type);
        expect(at).toBe(ROM + 6 * PAGE_SIZE);
        expect(process.mm.load(at + 5)).toBe(contentAt(6 * PAGE_SIZE + 5));
        process.unmap(at, 3);
      }
    }
    expect(world.phys.used).toBe(0);
  });

  test('a writable mapping is a copy, filled at once', () => {
    const world = new NommuWorld();
    const process = world.process();
    const file = world.file({ pages: 8, romPage: 4 });
    const at = process.map(file, 6, 4, RW);
    expect(at).toBeGreaterThanOrEqual(RAM);
    expect(world.regions.ram.pagesAllocated).toBe(4);
    expect(process.mm.load(at)).toBe(contentAt(10 * PAGE_SIZE));
    expect(process.mm.load(at + 2 * PAGE_SIZE), 'past the end of the file').toBe(0);
    process.mm.store(at, 0x5a);
    expect(process.mm.load(at)).toBe(0x5a);
    expect(failureOf(() => process.map(file, 0, 1, RW, 'shared'))).toBe('EACCES');
    process.exit();
    expect(world.phys.used).toBe(0);
    expect(file.refCount).toBe(1);
  });

  test('the file’s refusals count; a private mapping that it cannot make is a copy', () => {
    const world = new NommuWorld();
    const process = world.process();
    const file = world.file({ pages: 8, romPage: 0, directPages: 4 });
    expect(
      failureOf(() => process.map(file, 6, 3, PROT_READ)),
      'beyond the end',
    ).toBe('EINVAL');
    expect(failureOf(() => process.map(file, 0, 5, PROT_READ, 'shared'))).toBe('ENODEV');
    expect(process.map(file, 0, 5, PROT_READ)).toBeGreaterThanOrEqual(RAM);
  });

  test('without get_unmapped_area nothing is direct, and nothing shared', () => {
    const world = new NommuWorld();
    const process = world.process();
    const file = world.file({ pages: 8, romPage: 0, copyOnly: true });
    expect(process.map(file, 0, 8, PROT_READ)).toBeGreaterThanOrEqual(RAM);
    expect(failureOf(() => process.map(file, 0, 8, PROT_READ, 'shared'))).toBe('ENODEV');
    expect(process.map(file, 100, 1, PROT_READ), 'beyond the end: zeros').toBeGreaterThanOrEqual(
      RAM,
    );
  });

  test('requests that every kernel without an MMU refuses', () => {
    const { mm } = new NommuWorld().process();
    const request = {
      address: 0x90000000,
      length: PAGE_SIZE,
      prot: RW,
      flags: MAP_PRIVATE | MAP_ANONYMOUS,
      pgoff: 0,
    };
    expect(failureOf(() => mm.mmap({ ...request, flags: request.flags | MAP_FIXED }))).toBe(
      'EINVAL',
    );
    expect(failureOf(() => mm.mmap({ ...request, flags: MAP_ANONYMOUS }))).toBe('EINVAL');
    expect(failureOf(() => mm.mmap({ ...request, length: 0 }))).toBe('EINVAL');
    expect(failureOf(() => mm.mmap({ ...request, length: 2 ** 32 }))).toBe('ENOMEM');
    expect(mm.mmap(request), 'a hint is ignored').not.toBe(request.address);
    for (const call of ['mprotect', 'madvise', 'msync', 'mincore', 'fork'] as const) {
      expect(failureOf(() => mm[call]())).toBe('ENOSYS');
    }
  });

  test('at most the largest block of the page allocator, and at most what is free', () => {
    const process = new NommuWorld(2000).process();
    expect(failureOf(() => process.anonymous(1025, RW))).toBe('ENOMEM');
    const at = process.anonymous(1024, RW);
    expect(failureOf(() => process.anonymous(1000, RW))).toBe('ENOMEM');
    process.unmap(at, 1024);
    process.anonymous(1000, RW);
  });
});

describe('sharing between processes', () => {
  test('read-only mappings of pages within a region use it; the last one frees it', () => {
    const world = new NommuWorld();
    const [first, second] = [world.process(), world.process()];
    const file = world.file({ pages: 8, copyOnly: true });
    //  page    0 1 2 3 4 5 6 7
    //  first   A A A A A A A A
    //  second        B B B
    const a = first.map(file, 0, 8, PROT_READ);
    const b = second.map(file, 3, 3, RX);
    expect(b).toBe(a + 3 * PAGE_SIZE);
    expect(world.regions.count).toBe(1);
    expect(world.regions.ram.pagesAllocated).toBe(8);
    first.exit();
    expect(second.mm.load(b)).toBe(contentAt(3 * PAGE_SIZE));
    second.exit();
    expect(world.phys.used).toBe(0);
  });

  test('a copy that holds a part of the pages forbids another one (EINVAL)', () => {
    const world = new NommuWorld();
    const [first, second] = [world.process(), world.process()];
    const file = world.file({ pages: 8, copyOnly: true });
    first.map(file, 2, 4, PROT_READ);
    for (const [pgoff, pages] of [
      [0, 4],
      [0, 8],
      [4, 4],
    ] as const) {
      expect(failureOf(() => second.map(file, pgoff, pages, PROT_READ))).toBe('EINVAL');
    }
    second.map(file, 0, 2, PROT_READ);
    second.map(file, 6, 2, PROT_READ);
    second.map(file, 4, 4, RW);
  });

  test('shared is granted where a read-only copy of the pages is there already', () => {
    const world = new NommuWorld();
    const [first, second] = [world.process(), world.process()];
    const file = world.file({ pages: 8 });
    expect(failureOf(() => second.map(file, 2, 2, PROT_READ, 'shared'))).toBe('ENODEV');
    const copy = first.map(file, 0, 8, PROT_READ);
    expect(second.map(file, 2, 2, PROT_READ, 'shared')).toBe(copy + 2 * PAGE_SIZE);
  });

  test('writable mappings never share', () => {
    const world = new NommuWorld();
    const [first, second] = [world.process(), world.process()];
    const file = world.file({ pages: 4, copyOnly: true });
    expect(first.map(file, 0, 4, RW)).not.toBe(second.map(file, 0, 4, RW));
  });
});

describe('munmap', () => {
  test('of a file: only its exact end counts', () => {
    const world = new NommuWorld();
    const process = world.process();
    const file = world.file({ pages: 8, romPage: 0 });
    const at = process.map(file, 0, 8, PROT_READ);
    for (const [offset, pages] of [
      [0, 1],
      [1, 1],
      [7, 1],
      [1, 7],
      [0, 9],
    ] as const) {
      expect(
        failureOf(() => {
          process.unmap(at + offset * PAGE_SIZE, pages);
        }),
      ).toBe('EINVAL');
    }
    process.unmap(at - PAGE_SIZE, 9);
    expect(process.layout(at)).toEqual([]);
    expect(
      failureOf(() => {
        process.unmap(at, 8);
      }),
    ).toBe('EINVAL');
    expect(
      failureOf(() => {
        process.unmap(at, 0);
      }),
    ).toBe('EINVAL');
  });

  test('of two adjacent mappings of a file: only the second goes', () => {
    const world = new NommuWorld();
    const process = world.process();
    const file = world.file({ pages: 8, romPage: 0 });
    const at = process.map(file, 0, 4, PROT_READ);
    process.map(file, 4, 4, PROT_READ);
    process.unmap(at, 8);
    expect(process.layout(at)).toEqual([[0, 4]]);
  });

  test('of anonymous memory: head, tail, and a hole, in which the kernel warns', () => {
    const world = new NommuWorld();
    const process = world.process();
    const at = process.anonymous(8, RW);
    const allocated = (): number => world.regions.ram.pagesAllocated;
    //  01234567
    //  AAAAAAAA
    process.unmap(at, 1);
    expect(process.layout(at)).toEqual([[1, 7]]);
    //   AAAAAAA
    process.unmap(at + 7 * PAGE_SIZE, 1);
    expect(process.layout(at)).toEqual([[1, 6]]);
    //   AAAAAA
    expect(world.regions.holes).toBe(0);
    process.unmap(at + 3 * PAGE_SIZE, 2);
    //   BB  AA
    expect(process.layout(at)).toEqual([
      [1, 2],
      [5, 2],
    ]);
    expect(world.regions.holes).toBe(1);
    expect(allocated()).toBe(4);
    expect(
      failureOf(() => {
        process.unmap(at + 2 * PAGE_SIZE, 4);
      }),
    ).toBe('EINVAL');
    process.exit();
    expect(allocated()).toBe(0);
    expect(world.phys.used).toBe(0);
  });
});

describe('mremap', () => {
  test('stays in place, within what was allocated', () => {
    const process = new NommuWorld().process();
    const at = process.anonymous(4, RW);
    expect(failureOf(() => process.remap(at, 4, 5))).toBe('ENOMEM');
    expect(process.remap(at, 4, 2)).toBe(at);
    expect(process.layout(at)).toEqual([[0, 2]]);
    expect(
      failureOf(() => process.remap(at, 4, 2)),
      'not the length',
    ).toBe('EINVAL');
    expect(process.remap(at, 2, 4)).toBe(at);
    process.unmap(at, 4);
  });

  test('not of a read-only mapping of a file, nor of an address that is not page aligned', () => {
    const world = new NommuWorld();
    const process = world.process();
    const file = world.file({ pages: 4, romPage: 0 });
    const at = process.map(file, 0, 4, PROT_READ);
    expect(failureOf(() => process.remap(at, 4, 2))).toBe('EPERM');
    expect(failureOf(() => process.remap(at + 8, 4, 2))).toBe('EINVAL');
    const copy = process.map(file, 0, 4, RW);
    expect(process.remap(copy, 4, 3)).toBe(copy);
  });

  test('the head of a shortened mapping can go, its tail and itself cannot', () => {
    const process = new NommuWorld().process();
    const at = process.anonymous(6, RW);
    process.mm.mm.operation = 'shorten';
    process.remap(at, 6, 4);
    process.unmap(at, 1);
    expect(process.layout(at)).toEqual([[1, 3]]);
    process.mm.mm.operation = 'unmap';
    expect(() => {
      process.unmap(at + 3 * PAGE_SIZE, 1);
    }).toThrow(
      expect.objectContaining({
        kind: 'stale vma',
        first: { operation: 'shorten', start: at + PAGE_SIZE, end: at + 6 * PAGE_SIZE },
        second: { operation: 'unmap', start: at + 3 * PAGE_SIZE, end: at + 4 * PAGE_SIZE },
      }),
    );
  });
});

describe('overlapping mappings in one process', () => {
  //            0 1 2 3 4 5 6 7
  test.each([
    ['the same', [2, 4], [2, 4], 'vma replaced'],
    ['a superset', [2, 2], [1, 4], 'vma replaced'],
    ['inside', [0, 8], [3, 2], 'vma split in two'],
    ['its head', [0, 8], [0, 2], 'vma cut'],
    ['its tail', [0, 8], [6, 2], 'vma cut'],
    ['a part', [0, 4], [2, 4], 'vma cut'],
    ['a superset with the same start', [0, 2], [0, 8], 'BUG'],
  ] as const)('%s', (_, first, second, kind) => {
    const world = new NommuWorld();
    const process = world.process();
    const file = world.file({ pages: 8, romPage: 0 });
    process.mm.mm.operation = 'first';
    process.map(file, first[0], first[1], PROT_READ);
    process.mm.mm.operation = 'second';
    expect(() => process.map(file, second[0], second[1], PROT_READ)).toThrow(
      expect.objectContaining({
        kind,
        first: expect.objectContaining({ operation: 'first' }) as unknown,
        second: expect.objectContaining({ operation: 'second' }) as unknown,
      }),
    );
    expect(file.refCount, 'the second mapping left nothing behind').toBe(3);
    expect(
      failureOf(() => process.anonymous(1, RW)),
      'no operation from now on',
    ).toBe(kind);
  });

  test('two files with the same blocks: BUG()', () => {
    const world = new NommuWorld();
    const [first, second] = [world.process(), world.process()];
    first.map(world.file({ pages: 4, romPage: 2 }), 0, 4, PROT_READ);
    expect(failureOf(() => second.map(world.file({ pages: 4, romPage: 2 }), 0, 4, PROT_READ))).toBe(
      'BUG',
    );
  });

  test('a copy shared within one process', () => {
    const world = new NommuWorld();
    const process = world.process();
    const file = world.file({ pages: 8, copyOnly: true });
    process.map(file, 0, 8, PROT_READ);
    expect(failureOf(() => process.map(file, 4, 2, PROT_READ))).toBe('vma split in two');
    expect(world.regions.ram.pagesAllocated).toBe(8);
  });
});
