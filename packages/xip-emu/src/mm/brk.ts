import { SyscallError } from '../errno.js';
import { PAGE_SIZE, isPageAligned, pagesOf, type Address } from '../units.js';
import {
  VM_ACCOUNT,
  VM_EXEC,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_READ,
  VM_WRITE,
} from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';
import { mmapRegion } from './mmap.js';

const HEAP = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_ACCOUNT;

/**
 * Anonymous memory at a given place, over whatever is there: the heap, and the zeros behind a
 * program's data. Compare mm/mmap.c:vm_brk_flags().
 *
 * @throws SyscallError EINVAL, ENOMEM
 */
export function mapBrk(mm: Mm, address: Address, length: number, executable: boolean): void {
  if (length === 0) return;
  if (!isPageAligned(address)) throw new SyscallError('EINVAL', 'address is not page aligned');
  const start = address / PAGE_SIZE;
  mmapRegion(mm, {
    start,
    end: start + pagesOf(length),
    pgoff: start,
    flags: executable ? HEAP | VM_EXEC : HEAP,
    file: undefined,
    anonVma: undefined,
  });
}
