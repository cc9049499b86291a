import { SyscallError } from '../errno.js';
import type { Address } from '../units.js';
import { VM_SHARED } from '../vfs/vm-area.js';
import { MS_ASYNC, MS_INVALIDATE, MS_SYNC } from '../memory-map.js';
import type { Mm } from './mm-struct.js';

/**
 * msync(2): with MS_SYNC shared maps of files are written back, those after a hole too; else nothing
 * is done but look for holes.
 *
 * @throws SyscallError EINVAL, ENOMEM for a hole, or what the file's fsync throws. Compare
 * mm/msync.c.
 */
export function msync(mm: Mm, address: Address, length: number, msFlags = MS_SYNC): void {
  const isSync = (msFlags & MS_SYNC) !== 0;
  const isUnknown = (msFlags & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0;
  if (isUnknown || (isSync && (msFlags & MS_ASYNC) !== 0)) throw new SyscallError('EINVAL');
  const { geometry } = mm;
  if (!geometry.isAligned(address)) throw new SyscallError('EINVAL', 'address is not page aligned');
  const end = geometry.pageOf(address) + geometry.lengthPages(length);
  let hole = false;
  for (let at = geometry.pageOf(address); at < end;) {
    const vma = mm.vmas.findVma(at);
    if (vma === undefined) throw new SyscallError('ENOMEM', 'a hole');
    if (vma.start > at) hole = true;
    at = Math.max(at, vma.start);
    const to = Math.min(vma.end, end);
    const { file, flags, pgoff, start } = vma;
    if (isSync && at < to && file !== undefined && (flags & VM_SHARED) !== 0) {
      const first = (pgoff + at - start) * geometry.size;
      if (file.fops.fsync === undefined) throw new SyscallError('EINVAL');
      file.fops.fsync(file, first, first + (to - at) * geometry.size);
    }
    at = vma.end;
  }
  if (hole) throw new SyscallError('ENOMEM', 'a hole');
}
