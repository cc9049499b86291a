import { MAP_ANONYMOUS, SyscallError, type Advice } from 'xip-emu';
import { call, type CallTable, type Caller } from './call.js';
import { fileOf } from './paths.js';

/** The unit of offsets of mmap2(2), whatever the page size is. */
const MMAP2_UNIT = 4096;

/** include/uapi/asm-generic/mman-common.h: MADV_*. */
const ADVICE: ReadonlyMap<number, Advice> = new Map([
  [0, 'normal'],
  [1, 'random'],
  [2, 'sequential'],
  [3, 'willneed'],
  [4, 'dontneed'],
  [8, 'free'],
  [22, 'populate_r'],
  [23, 'populate_w'],
]);
/** MADV_DONTFORK, _DOFORK, _DONTDUMP, _DODUMP: they have no effect that a run shows. */
const IGNORED_ADVICE: readonly number[] = [10, 11, 16, 17];

function map(
  caller: Caller,
  address: number,
  length: number,
  prot: number,
  flags: number,
  fd: number,
  offset: number,
): number {
  const { task } = caller;
  const file = (flags & MAP_ANONYMOUS) === 0 ? fileOf(caller, fd) : undefined;
  const { pageSize } = caller.kernel.machine;
  if (offset % pageSize !== 0) throw new SyscallError('EINVAL');
  return task.mm.mmap({ address, length, prot, flags, file, pgoff: offset / pageSize });
}

export const memoryCalls: CallTable = {
  mmap: call('ptr size int int int long', map),
  mmap2: call('ptr size int int int size', (caller, address, length, prot, flags, fd, offset) =>
    map(caller, address, length, prot, flags, fd, offset * MMAP2_UNIT),
  ),
  munmap: call('ptr size', ({ task }, address, length) => {
    task.mm.munmap(address, length);
    return 0;
  }),
  mprotect: call('ptr size int', ({ task }, address, length, prot) => {
    task.mm.mprotect(address, length, prot);
    return 0;
  }),
  mremap: call('ptr size size int ptr', ({ task }, address, oldLength, newLength, flags, place) =>
    task.mm.mremap(address, oldLength, newLength, flags, place),
  ),
  madvise: call('ptr size int', ({ task }, address, length, number) => {
    const advice = ADVICE.get(number);
    if (advice !== undefined) task.mm.madvise(address, length, advice);
    else if (!IGNORED_ADVICE.includes(number)) throw new SyscallError('EINVAL');
    return 0;
  }),
  msync: call('ptr size int', ({ task }, address, length, flags) => {
    task.mm.msync(address, length, flags);
    return 0;
  }),
  mincore: call('ptr size ptr', ({ task }, address, length, vector) => {
    task.space.write(vector, task.mm.mincore(address, length));
    return 0;
  }),
  brk: call('ptr', ({ task }, end) => task.mm.brk(end)),
  mlock: call('ptr size', () => 0),
  munlock: call('ptr size', () => 0),
  mlockall: call('int', () => 0),
  munlockall: call('', () => 0),
  membarrier: call('int uint int', () => 0),
  // Nothing to do: the processor notices stores to code that it has fetched.
  riscv_flush_icache: call('ptr ptr ptr', () => 0),
  cacheflush: call('ptr ptr int', () => 0),
};
