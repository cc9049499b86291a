import type { KernelBuild } from '../arch/kernel-build.js';
import { AccessFault, SyscallError, invariant } from '../errno.js';
import { IntervalSet } from '../interval-set.js';
import type { AccessFaultLike, Advice, MemoryMap, MmapRequest } from '../memory-map.js';
import type { PhysicalMemory } from '../phys/physical-memory.js';
import {
  PAGE_SIZE,
  pageOf,
  pagesOf,
  type Address,
  type Frame,
  type Pfn,
  type Pgoff,
  type Vpn,
} from '../units.js';
import { mapReason, type Trace } from '../trace.js';
import type { OpenFile } from '../vfs/file.js';
import { VM_NORESERVE, VM_WRITE, type VmArea, type VmSpace } from '../vfs/vm-area.js';
import { setExeFile, type HasExeFile } from '../vfs/write-access.js';
import { unlinkAnonVmas } from './anon-vma.js';
import { brk } from './brk.js';
import { dupMmap } from './fork.js';
import { madvise } from './madvise.js';
import {
  ACCESS_FETCH,
  ACCESS_LOAD,
  ACCESS_STORE,
  accessFault,
  handleFault,
  newFault,
} from './memory.js';
import { mincore } from './mincore.js';
import { mmap } from './mmap.js';
import { mprotect } from './mprotect.js';
import { mremap } from './mremap.js';
import { msync } from './msync.js';
import { munmap } from './munmap.js';
import { PageTable } from './page-table.js';
import { PTE_DIRTY, PTE_EXEC, PTE_READ, PTE_WRITE, PTE_YOUNG, pteFrame } from './pte.js';
import { insertMixed, mapAround, remapPfnRange } from './remap-pfn.js';
import { splitVma } from './vma-merge.js';
import { placeOf, romPagesIn, traceFault } from './trace-fault.js';
import { Vma, vmaTag } from './vma.js';
import { freePageTables, zapRange } from './zap.js';

/** What the memory manager needs of the machine around it. */
export interface MmHost {
  readonly phys: PhysicalMemory;
  readonly faultAroundPages: number;
  /** vm.max_map_count */
  readonly maxMapCount: number;
  /** vm.mmap_min_addr, in pages. */
  readonly mmapMinVpn: Vpn;
  readonly trace: Trace;
  /** What the kernel was built for. */
  readonly build: KernelBuild;
  /** A file of that many zero pages, for shared anonymous memory: mm/shmem.c:shmem_zero_setup(). */
  shmemZeroSetup(pages: number): OpenFile;
}

/** Freed areas that are kept for use: as many as a few splits and merges take. */
const SPARE_VMAS = 64;

/** struct mm_struct: the memory of a process on a machine with an MMU. */
export class Mm implements MemoryMap, VmSpace, HasExeFile {
  readonly host: MmHost;
  readonly phys: PhysicalMemory;
  /** TASK_SIZE */
  readonly taskSize: Vpn;
  readonly pageTable: PageTable;
  readonly vmas: IntervalSet<Vma>;
  private readonly spareVmas: Vma[] = [];
  /** The last answer of {@link findVma}, most often the next one as well. */
  private lastFound: Vma | undefined = undefined;
  /** The one fault object: faults make no garbage. */
  readonly fault = newFault();
  pid = 0;
  /** The heap, from its first byte to behind its last; exec sets both to the end of the program. */
  startBrk: Address = 0;
  brkEnd: Address = 0;
  /** The stack pointer of a program at its start; 0 before there is one. */
  startStack: Address = 0;
  /** personality(2): READ_IMPLIES_EXEC. */
  readImpliesExec = false;
  exeFile: OpenFile | undefined = undefined;

  constructor(host: MmHost) {
    this.host = host;
    this.phys = host.phys;
    this.taskSize = host.build.taskSize;
    this.pageTable = new PageTable(host.build.ptrsPerPte);
    this.vmas = new IntervalSet<Vma>(this.taskSize);
  }

  // System calls: bytes in, SyscallError out.

  mmap(request: MmapRequest): Address {
    const address = mmap(this, request);
    const { sink } = this.host.trace;
    if (sink !== undefined) {
      const { length, prot, flags, file, pgoff } = request;
      const start = pageOf(address);
      const romPages = romPagesIn(this, start, start + pagesOf(length));
      const { pid } = this;
      const path = file?.path;
      const pages = pagesOf(length);
      const writable = (prot & VM_WRITE) !== 0;
      // The area's file is the real one, where a stacked file system passes maps on.
      const reason = mapReason(file && this.vmaAt(start)?.file, {
        pgoff,
        pages,
        writable,
        mmu: true,
      });
      sink({ type: 'mmap', pid, address, length, prot, flags, path, pgoff, romPages, ...reason });
    }
    return address;
  }

  munmap(address: Address, length: number): void {
    munmap(this, address, length);
    this.host.trace.sink?.({ type: 'munmap', pid: this.pid, address, length });
  }

  mprotect(address: Address, length: number, prot: number): void {
    mprotect(this, address, length, prot);
    this.host.trace.sink?.({ type: 'mprotect', pid: this.pid, address, length, prot });
  }

  mremap(
    address: Address,
    oldLength: number,
    newLength: number,
    flags?: number,
    place?: Address,
  ): Address {
    const newAddress = mremap(this, address, oldLength, newLength, flags, place);
    const { pid } = this;
    this.host.trace.sink?.({ type: 'mremap', pid, address, oldLength, newAddress, newLength });
    return newAddress;
  }

  madvise(address: Address, length: number, advice: Advice): void {
    madvise(this, address, length, advice);
  }

  msync(address: Address, length: number, msFlags?: number): void {
    msync(this, address, length, msFlags);
  }

  mincore(address: Address, length: number): Uint8Array {
    return mincore(this, address, length);
  }

  brk(end: Address): Address {
    return brk(this, end);
  }

  fork(): Mm {
    const child = new Mm(this.host);
    dupMmap(child, this);
    return child;
  }

  /** mmput(): exit_mmap(), and the program's file. */
  exit(): void {
    for (const vma of [...this.vmas]) {
      zapRange(this, vma.start, vma.end);
      this.unlink(vma);
      this.freeVma(vma);
    }
    freePageTables(this, 0, this.taskSize);
    setExeFile(this, undefined);
  }

  // Accesses.

  load(address: Address): number {
    const vpn = Math.floor(address / PAGE_SIZE);
    return this.phys.readByte(this.readable(vpn, address), address - vpn * PAGE_SIZE);
  }

  store(address: Address, value: number): void {
    const vpn = Math.floor(address / PAGE_SIZE);
    const { pageTable } = this;
    let pte = pageTable.get(vpn);
    while ((pte & PTE_WRITE) === 0) {
      this.faultIn(vpn, address, ACCESS_STORE);
      pte = pageTable.get(vpn);
    }
    if ((pte & (PTE_DIRTY | PTE_YOUNG)) !== (PTE_DIRTY | PTE_YOUNG)) {
      pageTable.set(vpn, pte | PTE_DIRTY | PTE_YOUNG);
    }
    this.phys.writeByte(pteFrame(pte), address - vpn * PAGE_SIZE, value);
  }

  /** The fetch of an instruction: with its fault, without what the instruction does. */
  fetch(address: Address): void {
    const vpn = Math.floor(address / PAGE_SIZE);
    while ((this.pageTable.get(vpn) & PTE_EXEC) === 0) this.faultIn(vpn, address, ACCESS_FETCH);
    this.checkPresence(pteFrame(this.pageTable.get(vpn)), address);
  }

  loadRange(address: Address, into: Uint8Array): { loaded: number; fault?: AccessFaultLike } {
    let done = 0;
    while (done < into.length) {
      const at = address + done;
      const offset = at % PAGE_SIZE;
      let frame: Frame;
      try {
        frame = this.readable(Math.floor(at / PAGE_SIZE), at);
      } catch (error) {
        if (!(error instanceof AccessFault)) throw error;
        return { loaded: done, fault: error };
      }
      const length = Math.min(PAGE_SIZE - offset, into.length - done);
      into.set(this.phys.borrow(frame).subarray(offset, offset + length), done);
      done += length;
    }
    return { loaded: done };
  }

  /** The frame behind a page, with the fault that a load needs. @throws AccessFault. */
  private readable(vpn: Vpn, address: Address): Frame {
    const { pageTable } = this;
    let pte = pageTable.get(vpn);
    while ((pte & PTE_READ) === 0) {
      this.faultIn(vpn, address, ACCESS_LOAD);
      pte = pageTable.get(vpn);
    }
    if ((pte & PTE_YOUNG) === 0) pageTable.set(vpn, pte | PTE_YOUNG);
    const frame = pteFrame(pte);
    this.checkPresence(frame, address);
    return frame;
  }

  /** A bus error, which is a signal of its own: compare arch/riscv/kernel/traps.c. */
  private checkPresence(frame: Frame, address: Address): void {
    if (this.phys.isAbsent(frame)) throw accessFault('SIGSEGV', 'ACCERR', address);
  }

  private faultIn(vpn: Vpn, address: Address, allowed: number): void {
    if (vpn >= this.taskSize) throw accessFault('SIGSEGV', 'MAPERR', address);
    if (this.host.trace.sink === undefined) {
      handleFault(this, vpn, address, allowed);
      return;
    }
    const kind = allowed === ACCESS_STORE ? 'write' : allowed === ACCESS_FETCH ? 'exec' : 'read';
    traceFault(this, vpn, address, kind, () => {
      handleFault(this, vpn, address, allowed);
    });
  }

  // VmSpace, for the owners of mappings.

  remapPfnRange(vma: VmArea, vpn: Vpn, pfn: Pfn, pages: number): void {
    remapPfnRange(this, ownVma(vma), vpn, pfn, pages);
  }

  hasPageTable(vpn: Vpn): boolean {
    return this.pageTable.leafOf(vpn) !== undefined;
  }

  insertMixed(vma: VmArea, vpn: Vpn, pfn: Pfn): void {
    insertMixed(this, ownVma(vma), vpn, pfn);
  }

  mapAround(vma: VmArea, vpn: Vpn, frame: Frame): void {
    const { sink } = this.host.trace;
    if (sink !== undefined && vpn !== this.fault.vpn && this.pageTable.get(vpn) === 0) {
      const { pid } = this;
      const address = vpn * PAGE_SIZE;
      const place = placeOf(this.phys, frame);
      sink({ type: 'fault', pid, kind: 'read', address, why: 'fault-around', frame: place });
    }
    mapAround(this, ownVma(vma), vpn, frame);
  }

  zap(from: Vpn, to: Vpn, evenCows: boolean): void {
    zapRange(this, from, to, evenCows);
  }

  cleanEntry(_vma: VmArea, vpn: Vpn, frame: Frame): void {
    const pte = this.pageTable.get(vpn);
    if (pte !== 0 && pteFrame(pte) === frame) {
      this.pageTable.set(vpn, pte & ~(PTE_WRITE | PTE_DIRTY));
    }
  }

  isWritable(vpn: Vpn, frame: Frame): boolean {
    const pte = this.pageTable.get(vpn);
    return (pte & PTE_WRITE) !== 0 && pteFrame(pte) === frame;
  }

  areaChanged(vma: VmArea): void {
    const own = ownVma(vma);
    this.vmas.retag(own, vmaTag(own));
  }

  splitVma(vma: VmArea, vpn: Vpn): VmArea {
    this.checkMapCount();
    return splitVma(this, ownVma(vma), vpn);
  }

  shmemZeroSetup(vma: VmArea): void {
    const pages = vma.end - vma.start;
    // Compare mm/shmem.c:shmem_acct_size().
    if ((vma.flags & VM_NORESERVE) === 0 && pages > this.phys.ramFrames) {
      throw new SyscallError('ENOMEM', 'overcommit');
    }
    const zeros = this.host.shmemZeroSetup(pages);
    vma.file?.put();
    vma.file = zeros;
    zeros.fops.mmap!(zeros, vma);
  }

  // The set of areas.

  /** The area that holds the page, or the first above it: find_vma(). */
  findVma(vpn: Vpn): Vma | undefined {
    const last = this.lastFound;
    if (last !== undefined && last.start <= vpn && vpn < last.end) return last;
    const vma = this.vmas.find(vpn);
    this.lastFound = vma;
    return vma;
  }

  /** The area that holds the page: vma_lookup(). */
  vmaAt(vpn: Vpn): Vma | undefined {
    const vma = this.findVma(vpn);
    return vma !== undefined && vma.start <= vpn ? vma : undefined;
  }

  /** Puts a new area into the set and into its file's. */
  link(vma: Vma): void {
    const next = this.vmas.find(vma.start);
    invariant(next === undefined || next.start >= vma.end, 'areas overlap');
    const prev = next === undefined ? this.vmas.findBefore(vma.start) : next.prev;
    vma.prev = prev;
    vma.next = next;
    if (prev !== undefined) prev.next = vma;
    if (next !== undefined) next.prev = vma;
    this.vmas.insert(vma, vmaTag(vma));
    vma.file?.mapping?.iMmap?.add(vma);
  }

  /** Takes an area out of the set; its pages stay. */
  unlink(vma: Vma): void {
    if (this.lastFound === vma) this.lastFound = undefined;
    this.vmas.remove(vma);
    if (vma.prev !== undefined) vma.prev.next = vma.next;
    if (vma.next !== undefined) vma.next.prev = vma.prev;
    vma.file?.mapping?.iMmap?.delete(vma);
  }

  /** Other flags for an area in the set. */
  setFlags(vma: Vma, flags: number): void {
    vma.flags = flags;
    this.vmas.retag(vma, vmaTag(vma));
  }

  /** Other bounds for an area; `pgoff` goes with `start` unless given. */
  resize(vma: Vma, start: Vpn, end: Vpn, pgoff: number): void {
    this.vmas.resize(vma, start, end);
    vma.pgoff = pgoff;
  }

  /**
   * An area that is in no set yet; takes over the reference to the file. Those that were freed last
   * come first, as from a slab cache: the garbage collector would have to copy each new one that
   * stays. Compare kernel/fork.c:vm_area_alloc().
   */
  newVma(start: Vpn, end: Vpn, flags: number, pgoff: Pgoff, file: OpenFile | undefined): Vma {
    const vma = this.spareVmas.pop();
    if (vma === undefined) return new Vma(this, start, end, flags, pgoff, file);
    vma.reuse(start, end, flags, pgoff, file);
    return vma;
  }

  /**
   * A copy for another place, or of another process's area: no anon_vma, in no set, one more file
   * reference. Compare kernel/fork.c:vm_area_dup().
   */
  dupVma({ start, end, flags, pgoff, file, ops, privateData }: Vma): Vma {
    const copy = this.newVma(start, end, flags, pgoff, file?.get());
    copy.ops = ops;
    copy.privateData = privateData;
    return copy;
  }

  /** Drops what an unlinked area holds, and the area: remove_vma(). */
  freeVma(vma: Vma): void {
    unlinkAnonVmas(vma);
    vma.ops?.close?.(vma);
    vma.file?.put();
    vma.file = undefined;
    if (this.spareVmas.length < SPARE_VMAS) this.spareVmas.push(vma);
  }

  /** @throws SyscallError ENOMEM if there are too many areas to add more. */
  checkMapCount(extra = 0): void {
    if (this.vmas.size + extra >= this.host.maxMapCount) {
      throw new SyscallError('ENOMEM', 'vm.max_map_count areas');
    }
  }
}

function ownVma(vma: VmArea): Vma {
  invariant(vma instanceof Vma, 'an area that is not of this memory manager');
  return vma;
}
