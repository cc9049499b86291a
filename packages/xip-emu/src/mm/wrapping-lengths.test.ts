import { expect, test } from 'vitest';
import { errnoOf } from '../../../../test/helpers/emulator.js';
import { Machine } from '../machine.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, MREMAP_MAYMOVE, PROT_READ } from '../memory-map.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE, type Address } from '../units.js';

/** What -1 is to a system call that takes a length. */
const WRAPS = 2 ** 64 - 1;

test('lengths that PAGE_ALIGN() makes 0', () => {
  const { mm } = new Machine().spawn();
  const map = (length: number, pgoff: number): Address =>
    mm.mmap({ address: 0, length, prot: PROT_READ, flags: MAP_PRIVATE | MAP_ANONYMOUS, pgoff });
  const at = map(PAGE_SIZE, 0);
  expect({
    mmap: errnoOf(() => map(WRAPS, 0)),
    munmap: errnoOf(() => {
      mm.munmap(at, WRAPS);
    }),
    mprotect: errnoOf(() => {
      mm.mprotect(at, WRAPS, PROT_READ);
    }),
    mremap: errnoOf(() => mm.mremap(at, PAGE_SIZE, WRAPS, MREMAP_MAYMOVE)),
    msync: errnoOf(() => {
      mm.msync(at, WRAPS);
    }),
    madvise: errnoOf(() => {
      mm.madvise(at, WRAPS, 'dontneed');
    }),
    mincore: errnoOf(() => mm.mincore(at, WRAPS)),
  }).toEqual({
    mmap: 'ENOMEM',
    munmap: 'EINVAL',
    mprotect: 'ENOMEM',
    mremap: 'EINVAL',
    msync: undefined,
    madvise: 'EINVAL',
    mincore: 'ENOMEM',
  });
});

test('an offset may not wrap round, not even of memory that has none', () => {
  const { mm } = new Machine().spawn();
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const map = (pgoff: number): Address =>
    mm.mmap({ address: 0, length: 2 * PAGE_SIZE, prot: PROT_READ, flags, pgoff });
  expect(errnoOf(() => map(2 ** 52 - 2))).toBe('EOVERFLOW');
  expect(errnoOf(() => map(2 ** 52 - 3))).toBeUndefined();
});
