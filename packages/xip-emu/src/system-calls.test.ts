import { beforeEach, describe, expect, test } from 'vitest';
import { errnoOf } from '../../../test/helpers/emulator.js';
import { TmpfsSuperBlock } from './fs/tmpfs/super.js';
import { Machine } from './machine.js';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_SYNC,
  MS_ASYNC,
  MS_INVALIDATE,
  MS_SYNC,
  PROT_READ,
  PROT_WRITE,
  type Advice,
} from './memory-map.js';
import type { Process } from './process.js';
import { DEFAULT_PAGE_SIZE as P } from './units.js';
import type { OpenFile } from './vfs/file.js';

const RW = PROT_READ | PROT_WRITE;
const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;

let process: Process;
beforeEach(() => {
  const machine = new Machine();
  machine.mount('/t', new TmpfsSuperBlock(machine.phys));
  process = machine.spawn();
});

function create(path: string, content: Uint8Array): OpenFile {
  const file = process.open(path, { write: true, create: true });
  process.pwrite(file, 0, content);
  return file;
}

describe('files', () => {
  test('dup2: the replaced file is closed, the other one has to be closed twice', () => {
    const [a, b] = [create('/t/a', Uint8Array.of(1)), create('/t/b', Uint8Array.of(2))];
    expect(process.dup2(a, b)).toBe(a);
    expect(errnoOf(() => process.fstat(b))).toBe('EBADF');
    expect(process.dup2(a, a), 'itself').toBe(a);
    process.close(a);
    expect(process.fstat(a).size).toBe(1);
    process.close(a);
    expect(errnoOf(() => process.dup2(a, a))).toBe('EBADF');
    const c = process.open('/t/b');
    expect(errnoOf(() => process.dup2(a, c))).toBe('EBADF');
    expect(process.fstat(c).size, 'the file that was to be replaced stays').toBe(1);
  });

  test('preadv and pwritev: one buffer after the other, up to the end, the position stays', () => {
    const file = create('/t/f', Uint8Array.of());
    const parts = [Uint8Array.of(1, 2, 3), Uint8Array.of(), Uint8Array.of(4, 5)];
    expect(process.pwritev(file, 2, parts)).toBe(5);
    const [first, second] = [new Uint8Array(4), new Uint8Array(9)];
    expect(process.preadv(file, 1, [first, second])).toBe(6);
    expect([...first, ...second.subarray(0, 3)]).toEqual([0, 1, 2, 3, 4, 5, 0]);
    expect(process.lseek(file, 0, 'cur')).toBe(0);
    expect(process.preadv(file, 7, [first])).toBe(0);
    expect(process.preadv(file, 0, [])).toBe(0);
    for (const position of [-1, 0.5, NaN, 2 ** 63]) {
      expect(errnoOf(() => process.preadv(file, position, [first]))).toBe('EINVAL');
      expect(errnoOf(() => process.pwritev(file, position, parts))).toBe('EINVAL');
    }
    process.close(file);
    expect(errnoOf(() => process.preadv(file, 0, [first]))).toBe('EBADF');
  });
});

describe('memory', () => {
  test('msync: MS_ASYNC and MS_SYNC exclude each other, other bits are EINVAL', () => {
    const file = create('/t/f', new Uint8Array(P));
    const at = process.mmap(P, RW, MAP_SHARED, { file, address: 0x40000000 });
    const sync = (flags: number, length: number = P) =>
      errnoOf(() => {
        process.msync(at, length, flags);
      });
    for (const flags of [0, MS_ASYNC, MS_SYNC, MS_INVALIDATE, MS_SYNC | MS_INVALIDATE]) {
      expect(sync(flags)).toBeUndefined();
      expect(sync(flags, 2 * P), 'a hole').toBe('ENOMEM');
    }
    for (const flags of [MS_ASYNC | MS_SYNC, 8, MS_SYNC | 64]) expect(sync(flags)).toBe('EINVAL');
  });

  test('MAP_SYNC: EOPNOTSUPP where it is asked for, and ignored where it is not checked', () => {
    const file = create('/t/f', new Uint8Array(P));
    const map = (flags: number) => errnoOf(() => process.mmap(P, PROT_READ, flags, { file }));
    expect(map(MAP_SHARED_VALIDATE | MAP_SYNC)).toBe('EOPNOTSUPP');
    expect(map(MAP_SHARED_VALIDATE)).toBeUndefined();
    expect(map(MAP_SHARED | MAP_SYNC)).toBeUndefined();
    expect(map(MAP_PRIVATE | MAP_SYNC)).toBeUndefined();
  });

  test('an advice that there is not: EINVAL, before the address is looked at', () => {
    const advise = (address: number) =>
      errnoOf(() => {
        process.madvise(address, P, 'soon' as Advice);
      });
    expect([advise(1), advise(0)]).toEqual(['EINVAL', 'EINVAL']);
  });

  test('storeRange and loadRange stop at the first fault, and say how far they got', () => {
    const at = process.mmap(2 * P, RW, ANONYMOUS);
    process.mprotect(at + P, P, PROT_READ);
    const result = process.storeRange(at + P - 2, Uint8Array.of(7, 8, 9));
    expect(result).toMatchObject({ stored: 2, fault: { code: 'ACCERR', address: at + P } });
    const into = new Uint8Array(3);
    expect(process.loadRange(at + P - 2, into)).toEqual({ loaded: 3 });
    expect([...into]).toEqual([7, 8, 0]);
    expect(process.storeRange(at, new Uint8Array(0))).toEqual({ stored: 0 });
    process.munmap(at + P, P);
    expect(process.loadRange(at + P - 2, into)).toMatchObject({
      loaded: 2,
      fault: { code: 'MAPERR', address: at + P },
    });
  });

  const STRANGE = [-1, 0.5, NaN, Infinity, -Infinity, 2 ** 53, 2 ** 64, 2 ** 80];

  test.each(STRANGE)('the address %d is a signal for accesses, an errno for calls', (address) => {
    expect(() => process.load(address)).toThrow('SIGSEGV');
    expect(() => {
      process.store(address, 1);
    }).toThrow('SIGSEGV');
    expect(process.loadRange(address, new Uint8Array(1))).toMatchObject({ loaded: 0 });
    expect(process.storeRange(address, new Uint8Array(1))).toMatchObject({ stored: 0 });
    const calls: (() => unknown)[] = [
      () => {
        process.munmap(address, P);
      },
      () => {
        process.mprotect(address, P, PROT_READ);
      },
      () => process.mremap(address, P, P),
      () => {
        process.madvise(address, P, 'normal');
      },
      () => {
        process.msync(address, P);
      },
      () => process.mincore(address, P),
    ];
    for (const call of calls) expect(['EINVAL', 'ENOMEM', 'EFAULT']).toContain(errnoOf(call));
  });

  test.each(STRANGE)('the length %d maps nothing', (length) => {
    expect(['EINVAL', 'ENOMEM', 'EOVERFLOW']).toContain(
      errnoOf(() => process.mmap(length, RW, ANONYMOUS)),
    );
    const at = process.mmap(P, RW, ANONYMOUS);
    expect(errnoOf(() => process.mremap(at, P, length))).toBeDefined();
    expect(errnoOf(() => process.mincore(at, length))).toBeDefined();
    expect(process.load(at)).toBe(0);
  });
});

test('without an MMU vm.max_map_count is looked at only where munmap(2) makes two of one', () => {
  process = new Machine({ mmu: false, maxMapCount: 2 }).spawn();
  const [first] = [0, 1, 2].map(() => process.mmap(4 * P, RW, ANONYMOUS));
  const unmap = (page: number) =>
    errnoOf(() => {
      process.munmap(first! + page * P, P);
    });
  expect(unmap(1)).toBe('ENOMEM');
  expect([unmap(0), unmap(3)]).toEqual([undefined, undefined]);
});
