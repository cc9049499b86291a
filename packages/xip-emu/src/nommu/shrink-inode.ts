import { SyscallError } from '../errno.js';
import { KernelCorruption } from '../kernel-corruption.js';
import type { Inode } from '../vfs/inode.js';
import { VM_SHARED } from '../vfs/vm-area.js';
import { describeOrigin } from './describe.js';
import type { NommuVma } from './nommu-vma.js';
import { VM_MAPPED_COPY } from './vm-flags.js';

/**
 * Returns whether the mappings of a file allow it to become shorter. If so, a region that is longer
 * than the rest of the file then ends with the file, so that nobody maps more of it again. Compare
 * mm/nommu.c:nommu_shrink_inode_mappings(), which asks only the shared mappings and ignores private
 * mappings of the file's own pages.
 *
 * @throws SyscallError ETXTBSY, or KernelCorruption.
 */
export function shrinkInodeMappings(
  vmas: ReadonlySet<NommuVma>,
  inode: Inode,
  size: number,
  newSize: number,
): void {
  checkShrink(vmas, inode, size, newSize);
  const { geometry } = inode.sb;
  for (const { vmFlags, vmFile, vmRegion: region } of vmas) {
    if (vmFile?.inode !== inode || (vmFlags & VM_MAPPED_COPY) !== 0) continue;
    const end = region.vmPgoff * geometry.size + (region.vmTop - region.vmStart);
    if (end <= newSize) continue;
    if ((vmFlags & VM_SHARED) === 0) region.freedFrom = geometry.pagesOf(newSize);
    else {
      region.vmTop -= end - newSize;
      region.vmEnd = Math.min(region.vmEnd, region.vmTop);
    }
  }
}

function checkShrink(vmas: Iterable<NommuVma>, inode: Inode, size: number, newSize: number): void {
  const { geometry } = inode.sb;
  let privately: NommuVma | undefined;
  for (const vma of vmas) {
    const { vmFlags, vmPgoff, vmStart, vmEnd, vmFile } = vma;
    if (vmFile?.inode !== inode || (vmFlags & VM_MAPPED_COPY) !== 0) continue;
    const end = vmPgoff + (vmEnd - vmStart) / geometry.size;
    if ((vmFlags & VM_SHARED) === 0) {
      if (end > geometry.pagesOf(newSize)) privately ??= vma;
    } else if (vmPgoff <= geometry.pagesOf(size) && end > geometry.pageOf(newSize)) {
      throw new SyscallError('ETXTBSY', 'a shared mapping uses the pages');
    }
  }
  if (privately !== undefined) throw pagesFreed(privately, newSize);
}

function pagesFreed({ origin, vmStart, vmEnd }: NommuVma, newSize: number): KernelCorruption {
  return new KernelCorruption({
    kind: 'pages freed',
    kernelFunction: 'fs/ramfs/file-nommu.c:ramfs_nommu_resize() => truncate_setsize()',
    effect:
      'the pages are freed although a private mapping uses them: it shows, and may run, whatever they are used for next',
    first: { operation: describeOrigin(origin), start: vmStart, end: vmEnd },
    second: { operation: `truncate to ${newSize} bytes`, start: vmStart, end: vmEnd },
  });
}
