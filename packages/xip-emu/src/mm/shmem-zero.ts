import { SyscallError } from '../errno.js';
import { VM_NORESERVE, type VmArea } from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';

/**
 * Gives a new shared area a file of zero pages in place of its own. Compare
 * mm/shmem.c:shmem_zero_setup(), shmem_acct_size().
 *
 * @throws SyscallError ENOMEM.
 */
export function shmemZeroSetup(mm: Mm, vma: VmArea): void {
  const pages = vma.end - vma.start;
  if ((vma.flags & VM_NORESERVE) === 0 && pages > mm.phys.ramFrames) {
    throw new SyscallError('ENOMEM', 'overcommit');
  }
  const zeros = mm.host.shmemZeroSetup(pages);
  vma.file?.put();
  vma.file = zeros;
  zeros.fops.mmap!(zeros, vma);
}
