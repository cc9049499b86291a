import type { DialectName } from 'cramfs-reader';
import type { OpenFile } from '../../vfs/file.js';
import type { VmArea } from '../../vfs/vm-area.js';

/** What differs between kernels in how cramfs maps files of a ROM mount, with an MMU. */
export interface CramfsPolicy {
  /**
   * The dialect that the kernel takes every image for. Undefined: mainline, which knows nothing of files
   * in one piece.
   */
  readonly dialect?: DialectName;
  /** It mounts an address, without an MTD: compare fs/super.c:get_sb_nodev(). */
  readonly nodev?: true;
  /** `mmap` of a regular file on a ROM mount. @throws SyscallError. */
  physmemMmap(file: OpenFile, vma: VmArea): void;
}
