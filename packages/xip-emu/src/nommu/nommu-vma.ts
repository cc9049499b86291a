import type { Address, Pgoff } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import type { Origin } from './describe.js';
import type { VmRegion } from './vm-region.js';

/** struct vm_area_struct, as far as a kernel without MMU uses it. Addresses are bytes, physical. */
export interface NommuVma {
  vmStart: Address;
  vmEnd: Address;
  readonly vmFlags: number;
  vmPgoff: Pgoff;
  /** Holds a reference. */
  readonly vmFile: OpenFile | undefined;
  readonly vmRegion: VmRegion;
  /**
   * Where its entry in the VMA tree ends. That is `vmEnd`, but for a mapping that mremap() made
   * shorter: it changes `vmEnd` alone. Compare mm/nommu.c:do_mremap().
   */
  treeEnd: Address;
  /** The operation that made it. */
  readonly origin: Origin;
  /** The mremap() that made it differ from its entry in the tree. */
  resizedBy: string | undefined;
}
