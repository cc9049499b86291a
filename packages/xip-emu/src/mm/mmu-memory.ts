import type { KernelBuild } from '../arch/kernel-build.js';
import type {
  AccessFaultLike,
  Advice,
  MemoryMap,
  MmapRequest,
  ProcessorAccess,
} from '../memory-map.js';
import type { MemoryAccount, MemoryArea, MemoryPage, PageEntry } from '../memory-report.js';
import { traceMmap } from '../trace-mmap.js';
import type { Address, Frame } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import { fetch, frameBytes, load, loadRange, store } from './access.js';
import { brk } from './brk.js';
import { exitMmap } from './exit.js';
import { dupMmap } from './fork.js';
import { madvise } from './madvise.js';
import { mincore } from './mincore.js';
import { Mm, type MmHost } from './mm-struct.js';
import { mmap } from './mmap.js';
import { mprotect } from './mprotect.js';
import { mremap } from './mremap.js';
import { msync } from './msync.js';
import { munmap } from './munmap.js';
import { entriesIn } from './page-entries.js';
import { pteFrame } from './pte.js';
import { accountMm, areasOf, pageAt } from './task-mmu.js';
import { romPagesIn } from './trace-fault.js';
import { MmSpace } from './vm-space.js';

/** The memory of a process on a machine with an MMU: system calls and accesses, told to the event log. */
export class MmuMemory implements MemoryMap {
  readonly mm: Mm;

  constructor(host: MmHost) {
    this.mm = new Mm(host, (mm) => new MmSpace(mm));
  }

  get build(): KernelBuild {
    return this.mm.host.build;
  }

  get pid(): number {
    return this.mm.pid;
  }

  set pid(pid: number) {
    this.mm.pid = pid;
  }

  mmap(request: MmapRequest): Address {
    const { mm } = this;
    const address = mmap(mm, request);
    const { trace } = mm.host;
    if (trace.sink !== undefined) {
      const { geometry } = mm;
      const start = geometry.pageOf(address);
      const pages = geometry.pagesOf(request.length);
      const romPages = romPagesIn(mm, start, start + pages);
      const file = request.file && mm.vmas.vmaAt(start)?.file;
      traceMmap(trace, request, { pid: mm.pid, address, pages, romPages, file, mmu: true });
    }
    return address;
  }

  munmap(address: Address, length: number): void {
    munmap(this.mm, address, length);
    const { host, pid } = this.mm;
    host.trace.sink?.({ type: 'munmap', pid, address, length });
  }

  mprotect(address: Address, length: number, prot: number): void {
    mprotect(this.mm, address, length, prot);
    const { host, pid } = this.mm;
    host.trace.sink?.({ type: 'mprotect', pid, address, length, prot });
  }

  mremap(
    address: Address,
    oldLength: number,
    newLength: number,
    flags?: number,
    place?: Address,
  ): Address {
    const newAddress = mremap(this.mm, address, oldLength, newLength, flags, place);
    const { host, pid } = this.mm;
    host.trace.sink?.({ type: 'mremap', pid, address, oldLength, newAddress, newLength });
    return newAddress;
  }

  madvise(address: Address, length: number, advice: Advice): void {
    madvise(this.mm, address, length, advice);
  }

  msync(address: Address, length: number, msFlags?: number): void {
    msync(this.mm, address, length, msFlags);
  }

  mincore(address: Address, length: number): Uint8Array {
    return mincore(this.mm, address, length);
  }

  brk(end: Address): Address {
    return brk(this.mm, end);
  }

  fork(): MmuMemory {
    const child = new MmuMemory(this.mm.host);
    dupMmap(child.mm, this.mm);
    return child;
  }

  exit(): void {
    exitMmap(this.mm);
  }

  load(address: Address): number {
    return load(this.mm, address);
  }

  store(address: Address, value: number): void {
    store(this.mm, address, value);
  }

  fetch(address: Address): void {
    fetch(this.mm, address);
  }

  frameBytes(address: Address, access: ProcessorAccess): number {
    return frameBytes(this.mm, address, access);
  }

  get generation(): number {
    return this.mm.lostEntries;
  }

  get execGeneration(): number {
    return this.mm.lostExecutable + this.mm.phys.fetched.generation;
  }

  frameIdentity(address: Address): number {
    const { pageTable, phys, geometry } = this.mm;
    return phys.fetched.nameOf(pteFrame(pageTable.get(geometry.pageOf(address))));
  }

  loadRange(address: Address, into: Uint8Array): { loaded: number; fault?: AccessFaultLike } {
    return loadRange(this.mm, address, into);
  }

  areas(): Iterable<MemoryArea> {
    return areasOf(this.mm);
  }

  pageAt(address: Address): MemoryPage {
    return pageAt(this.mm, address);
  }

  entriesIn(from: Address, to: Address): Iterable<PageEntry> {
    return entriesIn(this.mm, from, to);
  }

  account(romFrames: (file: OpenFile) => Set<Frame>): MemoryAccount {
    return accountMm(this.mm, romFrames);
  }
}
