import type { OpenFile } from '../../vfs/file.js';
import type { VmArea } from '../../vfs/vm-area.js';

/** What differs between kernels in how cramfs maps files of a ROM mount, with an MMU. */
export interface CramfsPolicy {
  /** `mmap` of a regular file on a ROM mount. @throws SyscallError. */
  physmemMmap(file: OpenFile, vma: VmArea): void;
}
