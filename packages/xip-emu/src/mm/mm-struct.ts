import type { KernelBuild } from '../arch/kernel-build.js';
import type { PhysicalMemory } from '../phys/physical-memory.js';
import type { Trace } from '../trace.js';
import type { VmEvents } from '../vm-events.js';
import type { Address, Frame, PageGeometry, Vpn } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import type { VmFault, VmSpace } from '../vfs/vm-area.js';
import type { HasExeFile } from '../vfs/write-access.js';
import { PageTable } from './page-table.js';
import { PTE_EXEC } from './pte.js';
import type { Vma } from './vma.js';
import { VmaCache } from './vma-cache.js';
import { VmaSet } from './vma-set.js';

/** What the memory manager needs from the machine. */
export interface MmHost {
  readonly phys: PhysicalMemory;
  readonly faultAroundPages: number;
  /** vm.max_map_count */
  readonly maxMapCount: number;
  /** vm.mmap_min_addr, in pages. */
  readonly mmapMinVpn: Vpn;
  readonly trace: Trace;
  readonly vmEvents: VmEvents;
  /** What the kernel was built for. */
  readonly build: KernelBuild;
  /** get_random_bytes() */
  readonly randomBytes: (length: number) => Uint8Array;
  /** A page of a special mapping, such as [vdso]. See Machine.specialPage(). */
  specialPage(name: string, index: number): Frame | 'none' | undefined;
  /** A file of that many zero pages, for shared anonymous memory: mm/shmem.c:shmem_zero_setup(). */
  shmemZeroSetup(pages: number): OpenFile;
}

/** A fault of this memory manager. */
export type MmFault = VmFault & { vma: Vma };

/**
 * struct mm_struct: the memory of a process on a machine with an MMU, as it is. What is done to it
 * is in the other files of this folder, and all of it together in {@link MmuMemory}.
 */
export class Mm implements HasExeFile {
  readonly host: MmHost;
  readonly phys: PhysicalMemory;
  readonly geometry: PageGeometry;
  /** PAGE_SIZE once more, for every access to memory. */
  readonly pageSize: number;
  /** TASK_SIZE */
  readonly taskSize: Vpn;
  readonly pageTable: PageTable;
  readonly vmas: VmaSet;
  readonly vmaCache: VmaCache;
  /** The only fault object: reusing it makes no garbage. */
  readonly fault: MmFault = { vma: undefined as never, vpn: 0, pgoff: 0, write: false, frame: 0 };
  /** The process that it belongs to (mm->owner); 0 before it has one. */
  pid = 0;
  /** The heap, from its first byte to the one after its last; exec sets both to the end of the program. */
  startBrk: Address = 0;
  brkEnd: Address = 0;
  /** The stack pointer of a program at its start; 0 before there is one. */
  startStack: Address = 0;
  /** personality(2): READ_IMPLIES_EXEC. */
  readImpliesExec = false;
  exeFile: OpenFile | undefined = undefined;
  /** Count how often the processor has lost entries, and executable ones among them. */
  lostEntries = 0;
  lostExecutable = 0;

  /** @param spaceOf makes what the owners of its mappings are offered. */
  constructor(host: MmHost, spaceOf: (mm: Mm) => VmSpace) {
    this.host = host;
    this.phys = host.phys;
    this.geometry = host.phys.geometry;
    this.pageSize = this.geometry.size;
    this.taskSize = host.build.taskSize;
    this.pageTable = new PageTable(host.build.ptrsPerPte);
    this.vmas = new VmaSet(this.taskSize);
    this.vmaCache = new VmaCache(spaceOf(this));
  }

  /**
   * Entries have lost a permission, their accessed or dirty bits, or their frames: what the processor
   * remembers of them is void, as with flush_tlb_range().
   *
   * @param bits that they had, of all together; 0 for no entry.
   */
  flushTlb(bits: number): void {
    if (bits === 0) return;
    this.lostEntries += 1;
    if ((bits & PTE_EXEC) !== 0) this.lostExecutable += 1;
  }
}
