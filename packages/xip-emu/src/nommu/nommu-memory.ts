import type { KernelBuild } from '../arch/kernel-build.js';
import { SyscallError } from '../errno.js';
import { KernelCorruption } from '../kernel-corruption.js';
import {
  MREMAP_FIXED,
  type AccessFaultLike,
  type MemoryMap,
  type MmapRequest,
  type ProcessorAccess,
} from '../memory-map.js';
import type { MemoryAccount, MemoryArea, MemoryPage, PageEntry } from '../memory-report.js';
import type { Trace } from '../trace.js';
import { traceMmap } from '../trace-mmap.js';
import type { Address } from '../units.js';
import { setExeFile } from '../vfs/write-access.js';
import { frameBytes, load, loadRange, store, write } from './access.js';
import { doMmap } from './do-mmap.js';
import { doMremap } from './do-mremap.js';
import { doMunmap, removeVma } from './do-munmap.js';
import { NommuMm } from './mm-struct.js';
import type { NommuVma } from './nommu-vma.js';
import { accountVmas, areaOf, pageAt } from './task-nommu.js';
import type { VmRegions } from './vm-region.js';

/**
 * The memory of a process on a machine without an MMU: system calls and accesses, told to the event log.
 *
 * Once the kernel would have corrupted itself, every further operation throws the same
 * {@link KernelCorruption}.
 */
export class NommuMemory implements MemoryMap {
  readonly mm: NommuMm;

  constructor(regions: VmRegions, trace?: Trace, build?: KernelBuild) {
    this.mm = new NommuMm(regions, trace, build);
  }

  get build(): KernelBuild {
    return this.mm.build;
  }

  get pid(): number {
    return this.mm.pid;
  }

  set pid(pid: number) {
    this.mm.pid = pid;
  }

  mmap(request: MmapRequest): Address {
    const { mm } = this;
    return this.guarded(() => {
      const vma = doMmap(mm, request, mm.operation ?? request);
      tellMmap(mm, request, vma);
      return vma.vmStart;
    });
  }

  munmap(address: Address, length: number): void {
    const { mm } = this;
    this.guarded(() => {
      mm.generation += 1;
      doMunmap(mm, address, length, mm.operation ?? 'munmap');
      mm.trace.sink?.({ type: 'munmap', pid: mm.pid, address, length });
    });
  }

  mremap(
    address: Address,
    oldLength: number,
    newLength: number,
    flags = 0,
    place: Address = 0,
  ): Address {
    const { mm } = this;
    return this.guarded(() => {
      if ((flags & MREMAP_FIXED) !== 0 && place !== address) {
        throw new SyscallError('EINVAL', 'nothing moves without an MMU');
      }
      mm.generation += 1;
      const newAddress = doMremap(mm, address, oldLength, newLength, mm.operation ?? 'mremap');
      const { pid } = mm;
      mm.trace.sink?.({ type: 'mremap', pid, address, oldLength, newAddress, newLength });
      return newAddress;
    });
  }

  mprotect(): void {
    throw missing('mprotect');
  }

  madvise(): void {
    throw missing('madvise');
  }

  msync(): void {
    throw missing('msync');
  }

  mincore(): Uint8Array {
    throw missing('mincore');
  }

  fork(): MemoryMap {
    throw missing('fork');
  }

  /** Only moves the mark: the memory is part of the program's block. Compare mm/nommu.c:brk(). */
  brk(end: Address): Address {
    const { mm } = this;
    if (end >= mm.startBrk && end <= mm.brkLimit) mm.brkEnd = end;
    return mm.brkEnd;
  }

  /** Compare mm/nommu.c:exit_mmap(). */
  exit(): void {
    const { mm } = this;
    this.guarded(() => {
      mm.generation += 1;
      for (const vma of [...mm.vmas()]) removeVma(mm, vma);
    });
    setExeFile(mm, undefined);
  }

  load(address: Address): number {
    return load(this.mm, address);
  }

  /** Nothing protects data from being executed. */
  fetch(address: Address): void {
    load(this.mm, address);
  }

  store(address: Address, value: number): void {
    store(this.mm, address, value);
  }

  frameBytes(address: Address, access: ProcessorAccess): number {
    return frameBytes(this.mm, address, access);
  }

  get generation(): number {
    return this.mm.generation;
  }

  get execGeneration(): number {
    return this.mm.generation + this.mm.phys.fetched.generation;
  }

  frameIdentity(address: Address): number {
    const { phys, geometry } = this.mm;
    return phys.fetched.nameOf(phys.frameOf(geometry.pageOf(address))!);
  }

  loadRange(address: Address, into: Uint8Array): { loaded: number; fault?: AccessFaultLike } {
    return loadRange(this.mm, address, into);
  }

  /** Copies `bytes` to memory of the process, as a loader does: see {@link write}. */
  write(address: Address, bytes: Uint8Array, by: string): void {
    write(this.mm, address, bytes, by);
  }

  *areas(): Generator<MemoryArea> {
    const { mm } = this;
    for (const vma of mm.vmas()) yield areaOf(mm.geometry, vma, mm.startStack);
  }

  pageAt(address: Address): MemoryPage {
    const { mm } = this;
    return pageAt(mm.regions, mm.findVma(address), address);
  }

  entriesIn(): Iterable<PageEntry> {
    return [];
  }

  account(): MemoryAccount {
    return accountVmas(this.mm.geometry, this.mm.vmas());
  }

  private guarded<T>(run: () => T): T {
    this.mm.check();
    try {
      return run();
    } catch (error) {
      if (error instanceof KernelCorruption) this.mm.fail(error);
      throw error;
    }
  }
}

function tellMmap(mm: NommuMm, request: MmapRequest, { vmStart: address, vmEnd }: NommuVma): void {
  const { phys, geometry, pid, trace } = mm;
  const inRom = phys.rom.frameOf(geometry.pageOf(address)) !== undefined;
  const romPages = inRom ? geometry.pagesOf(vmEnd - address) : 0;
  const pages = geometry.pagesOf(request.length);
  traceMmap(trace, request, { pid, address, pages, romPages, file: request.file, mmu: false });
}

function missing(call: string): SyscallError {
  return new SyscallError('ENOSYS', `${call} needs an MMU`);
}
