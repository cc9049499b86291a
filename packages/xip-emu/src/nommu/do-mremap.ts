import { SyscallError } from '../errno.js';
import type { Address } from '../units.js';
import type { NommuMm } from './mm-struct.js';
import { isNommuSharedMapping } from '../vfs/vm-area.js';

/**
 * Changes the length within what was allocated; nothing ever moves. Compare
 * mm/nommu.c:do_mremap(), which leaves the VMA tree as it is: {@link NommuVma.treeEnd}.
 *
 * @param origin what to call this operation in a diagnosis.
 * @throws SyscallError EINVAL (no such mapping), EPERM (read-only mapping of a file), ENOMEM.
 */
export function doMremap(
  { tree, geometry }: NommuMm,
  address: Address,
  oldLength: number,
  newLength: number,
  origin: string,
): Address {
  const oldEnd = address + geometry.alignLength(oldLength);
  const length = geometry.alignLength(newLength);
  if (oldEnd === address || length === 0) throw new SyscallError('EINVAL', 'no length');
  if (!geometry.isAligned(address)) throw new SyscallError('EINVAL', 'not at a page');
  const vma = tree.lookup(address);
  if (vma?.vmStart !== address || vma.vmEnd !== oldEnd) {
    throw new SyscallError('EINVAL', 'not exactly a mapping');
  }
  if (isNommuSharedMapping(vma.vmFlags)) {
    throw new SyscallError('EPERM', 'the mapping may be shared');
  }
  const { vmRegion: region } = vma;
  if (length > region.vmEnd - region.vmStart) {
    throw new SyscallError('ENOMEM', 'longer than the allocation');
  }
  vma.vmEnd = address + length;
  vma.resizedBy = vma.vmEnd === vma.treeEnd ? undefined : origin;
  return address;
}
