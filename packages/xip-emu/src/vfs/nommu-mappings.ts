import type { Inode } from './inode.js';

/** What a kernel without MMU offers to file systems that lend their pages to mappings. */
export interface NommuMappings {
  /**
   * To be called before a file becomes shorter. Compare mm/nommu.c:nommu_shrink_inode_mappings().
   *
   * @param size in bytes, before the change.
   * @param newSize in bytes.
   * @throws SyscallError ETXTBSY if a shared mapping would lose pages.
   */
  shrinkInodeMappings(inode: Inode, size: number, newSize: number): void;
}
