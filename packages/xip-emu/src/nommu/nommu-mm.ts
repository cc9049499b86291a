import { ARCHITECTURES, kernelBuild, type KernelBuild } from '../arch/kernel-build.js';
import { SyscallError } from '../errno.js';
import { Trace } from '../trace.js';
import { traceMmap } from '../trace-mmap.js';
import {
  MREMAP_FIXED,
  type AccessFaultLike,
  type MemoryMap,
  type MmapRequest,
  type ProcessorAccess,
} from '../memory-map.js';
import type { MemoryAccount, MemoryArea, MemoryPage, PageEntry } from '../memory-report.js';
import type { PhysicalMemory } from '../phys/physical-memory.js';
import type { Address, PageGeometry } from '../units.js';
import { KernelCorruption } from '../kernel-corruption.js';
import type { OpenFile } from '../vfs/file.js';
import { setExeFile, type HasExeFile } from '../vfs/write-access.js';
import { frameBytes, load, loadRange, store, write, type NommuAccess } from './access.js';
import { doMmap } from './do-mmap.js';
import { doMremap } from './do-mremap.js';
import { doMunmap, removeVma } from './do-munmap.js';
import type { NommuVma } from './nommu-vma.js';
import { accountVmas, areaOf, pageAt } from './task-nommu.js';
import type { VmRegions } from './vm-region.js';
import { VmaTree } from './vma-tree.js';

/**
 * The memory of a process without an MMU (mm_struct). Addresses are physical: what a mapping shows
 * is where it is, ROM or RAM, and nothing protects it.
 *
 * Once the kernel would have corrupted itself every further operation throws the same
 * {@link KernelCorruption}.
 */
export class NommuMm implements MemoryMap, NommuAccess, HasExeFile {
  /**
   * What diagnoses call the operation that comes next, such as the line of a scenario; else they
   * describe it.
   */
  operation: string | undefined;

  readonly regions: VmRegions;

  readonly phys: PhysicalMemory;

  readonly geometry: PageGeometry;

  /** Events of this memory. */
  readonly trace: Trace;

  pid = 0;

  /** The stack pointer of a program at its start, in the mapping that it got for the stack. */
  startStack: Address | undefined;

  /** The heap, from its first byte to the one after its last, and how far that can go. */
  startBrk: Address = 0;
  brkEnd: Address = 0;
  brkLimit: Address = 0;

  exeFile: OpenFile | undefined = undefined;

  private readonly tree = new VmaTree();

  private corruption: KernelCorruption | undefined;

  generation = 0;

  /** What the kernel was built for. */
  readonly build: KernelBuild;

  constructor(
    regions: VmRegions,
    trace = new Trace(),
    build = kernelBuild(ARCHITECTURES.riscv64, false, regions.geometry),
  ) {
    this.regions = regions;
    this.phys = regions.ram.phys;
    this.geometry = this.phys.geometry;
    this.trace = trace;
    this.build = build;
  }

  /** Returns the areas in the order of their addresses. */
  vmas(): IterableIterator<NommuVma> {
    return this.tree.values();
  }

  /** The VMA that covers an address. */
  findVma(address: Address): NommuVma | undefined {
    const vma = this.tree.lookup(address);
    return vma !== undefined && address < vma.vmEnd ? vma : undefined;
  }

  mmap(request: MmapRequest): Address {
    return this.guarded(() => {
      const origin = this.operation ?? request;
      const vma = doMmap(this.tree, this.regions, request, origin);
      this.traceMmap(request, vma);
      return vma.vmStart;
    });
  }

  munmap(address: Address, length: number): void {
    this.guarded(() => {
      const origin = this.operation ?? 'munmap';
      this.generation += 1;
      doMunmap(this.tree, this.regions, address, length, origin);
      this.trace.sink?.({ type: 'munmap', pid: this.pid, address, length });
    });
  }

  mremap(
    address: Address,
    oldLength: number,
    newLength: number,
    flags = 0,
    place: Address = 0,
  ): Address {
    return this.guarded(() => {
      const origin = this.operation ?? 'mremap';
      if ((flags & MREMAP_FIXED) !== 0 && place !== address) {
        throw new SyscallError('EINVAL', 'nothing moves without an MMU');
      }
      this.generation += 1;
      const newAddress = doMremap(this.tree, this.geometry, address, oldLength, newLength, origin);
      const { pid } = this;
      this.trace.sink?.({ type: 'mremap', pid, address, oldLength, newAddress, newLength });
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

  /** Only moves the mark: the memory is part of the program's. Compare mm/nommu.c:brk(). */
  brk(end: Address): Address {
    if (end >= this.startBrk && end <= this.brkLimit) this.brkEnd = end;
    return this.brkEnd;
  }

  /** Compare mm/nommu.c:exit_mmap(). */
  exit(): void {
    this.guarded(() => {
      this.generation += 1;
      for (const vma of [...this.tree.values()]) removeVma(this.tree, this.regions, vma);
    });
    setExeFile(this, undefined);
  }

  load(address: Address): number {
    return load(this, address);
  }

  /** Nothing protects data from being executed. */
  fetch(address: Address): void {
    load(this, address);
  }

  store(address: Address, value: number): void {
    store(this, address, value);
  }

  frameBytes(address: Address, access: ProcessorAccess): number {
    return frameBytes(this, address, access);
  }

  get execGeneration(): number {
    return this.generation + this.phys.fetched.generation;
  }

  frameIdentity(address: Address): number {
    const { phys, geometry } = this;
    return phys.fetched.nameOf(phys.frameOf(geometry.pageOf(address))!);
  }

  loadRange(address: Address, into: Uint8Array): { loaded: number; fault?: AccessFaultLike } {
    return loadRange(this, address, into);
  }

  /** Copies `bytes` to memory of the process, as a loader does: see {@link write}. */
  write(address: Address, bytes: Uint8Array, by: string): void {
    write(this, address, bytes, by);
  }

  *areas(): Generator<MemoryArea> {
    for (const vma of this.tree.values()) yield areaOf(this.geometry, vma, this.startStack);
  }

  pageAt(address: Address): MemoryPage {
    return pageAt(this.regions, this.findVma(address), address);
  }

  entriesIn(): Iterable<PageEntry> {
    return [];
  }

  account(): MemoryAccount {
    return accountVmas(this.geometry, this.tree.values());
  }

  private traceMmap(request: MmapRequest, { vmStart: address, vmEnd }: NommuVma): void {
    const { phys, geometry } = this;
    const inRom = phys.rom.frameOf(geometry.pageOf(address)) !== undefined;
    const romPages = inRom ? geometry.pagesOf(vmEnd - address) : 0;
    const { pid, trace } = this;
    const pages = geometry.pagesOf(request.length);
    traceMmap(trace, request, { pid, address, pages, romPages, file: request.file, mmu: false });
  }

  /** @throws KernelCorruption if there was one before. */
  check(): void {
    if (this.corruption !== undefined) throw this.corruption;
  }

  private guarded<T>(run: () => T): T {
    this.check();
    try {
      return run();
    } catch (error) {
      if (error instanceof KernelCorruption) this.corruption = error;
      throw error;
    }
  }
}

function missing(call: string): SyscallError {
  return new SyscallError('ENOSYS', `${call} needs an MMU`);
}
