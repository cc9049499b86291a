import { ARCHITECTURES, kernelBuild, type KernelBuild } from '../arch/kernel-build.js';
import type { KernelCorruption } from '../kernel-corruption.js';
import type { PhysicalMemory } from '../phys/physical-memory.js';
import { Trace } from '../trace.js';
import type { Address, PageGeometry } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import type { HasExeFile } from '../vfs/write-access.js';
import type { NommuAccess } from './access.js';
import type { NommuVma } from './nommu-vma.js';
import type { VmRegions } from './vm-region.js';
import { VmaTree } from './vma-tree.js';

/**
 * struct mm_struct without an MMU: the memory of a process, as it is. Addresses are physical: a mapping is where its
 * memory is, ROM or RAM, and nothing protects it. The other files of this folder are what is done to it, and
 * `NommuMemory` is all of that as a process sees it.
 */
export class NommuMm implements NommuAccess, HasExeFile {
  /** The mappings of all processes. */
  readonly regions: VmRegions;
  readonly phys: PhysicalMemory;
  readonly geometry: PageGeometry;
  /** Events of this memory. */
  readonly trace: Trace;
  /** What the kernel was built for. */
  readonly build: KernelBuild;
  readonly tree = new VmaTree();
  /** The process that it belongs to (mm->owner); 0 before it has one. */
  pid = 0;
  /** The stack pointer of a program at its start, in the mapping that it got for the stack. */
  startStack: Address | undefined;
  /** The heap, from its first byte to the one after its last, and how far that can go. */
  startBrk: Address = 0;
  brkEnd: Address = 0;
  brkLimit: Address = 0;
  exeFile: OpenFile | undefined = undefined;
  /**
   * What diagnoses call the next operation, such as the line of a scenario; undefined: they
   * describe it.
   */
  operation: string | undefined;
  /** Set once the kernel would have corrupted itself. */
  corruption: KernelCorruption | undefined;
  /** Counts the operations that may have taken a mapping away, or the whole kernel. */
  generation = 0;

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

  /** Notes that the kernel has corrupted itself: processors must not go on with pages that they know. */
  fail(corruption: KernelCorruption): void {
    this.corruption = corruption;
    this.generation += 1;
  }

  /** @throws KernelCorruption if there was one before. */
  check(): void {
    if (this.corruption !== undefined) throw this.corruption;
  }
}
