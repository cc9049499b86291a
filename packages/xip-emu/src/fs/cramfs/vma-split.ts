import type { Bailout } from 'cramfs-reader';
import { SyscallError, isSyscallError } from '../../errno.js';
import { KernelCorruption } from '../../kernel-corruption.js';
import type { Pgoff, Vpn } from '../../units.js';
import type { OpenFile } from '../../vfs/file.js';
import { filemapFault, genericFileVmOps } from '../../vfs/filemap.js';
import {
  VM_DONTEXPAND,
  VM_FAULT_OOM,
  VM_FAULT_SIGSEGV,
  VM_IO,
  VM_PFNMAP,
  VM_WRITE,
  isSharedMaywrite,
  type VmArea,
  type VmFault,
  type VmOperations,
} from '../../vfs/vm-area.js';
import { cramfsInode, type CramfsInode } from './inode.js';
import { mapDirect } from './map-direct.js';
import type { CramfsPolicy } from './policy.js';

/**
 * What vm_private_data holds: the page of the file and the place where memory takes over from ROM.
 * The patch packs them into one word, `pgoff | pfn << 12`; what that does is kept.
 */
interface SplitPoint {
  readonly pgoff: Pgoff;
  readonly vpn: Vpn;
}

const PGOFF_LIMIT = 4096;

/** QUIRK V4: page 4096 does not fit its 12 bits and goes into the lowest bit of the address. */
function packSplitPoint(pgoff: Pgoff, vpn: Vpn): SplitPoint {
  return { pgoff: pgoff % PGOFF_LIMIT, vpn: pgoff < PGOFF_LIMIT ? vpn : vpn | 1 };
}

/** Reasons for which the patch gives up direct mapping; it judges the last page itself. */
const REFUSALS: ReadonlySet<Bailout> = new Set([
  'vma is writable',
  'beyond file limit',
  'unsuitable block layout',
  'data is not page aligned',
]);

/**
 * cramfs_physmem_mmap() of "[PATCH v3 4/5] cramfs: add mmap support" (2017), as ported to 6.12:
 * the direct part of an area is made a VM_PFNMAP, whatever the rest of it is; the first fault
 * after it splits the area, and the upper part becomes an ordinary one.
 */
function physmemMmap(file: OpenFile, vma: VmArea): void {
  if (isSharedMaywrite(vma.flags)) throw new SyscallError('EINVAL');
  const inode = cramfsInode(file.inode);
  const { sb } = inode;
  const length = vma.end - vma.start;
  const { run, imageOffset, bailout } = mapDirect(inode, {
    pgoff: vma.pgoff,
    pages: length,
    mmu: true,
    writable: (vma.flags & VM_WRITE) !== 0,
  });
  if (bailout !== undefined && REFUSALS.has(bailout)) {
    vma.ops = genericFileVmOps;
    return;
  }
  const reachesEnd = vma.pgoff + run === sb.geometry.pagesOf(inode.size);
  const pages = reachesEnd && isTailTakenForShared(inode, vma, imageOffset) ? run - 1 : run;
  if (pages === 0) {
    vma.ops = genericFileVmOps;
    return;
  }
  const { end } = vma;
  if (pages !== length) {
    vma.privateData = packSplitPoint(vma.pgoff + pages, vma.start + pages);
    vma.ops = vmaSplitOps;
    // remap_pfn_range() accepts a private area only as a whole.
    vma.end = vma.start + pages;
  }
  vma.mm.remapPfnRange(vma, vma.start, (sb.physAddr + imageOffset) / sb.geometry.size, pages);
  vma.end = end;
}

/**
 * The patch's look at what follows the end of the file. QUIRK V1: it counts the file's pages
 * from the first one that is mapped, so that for pgoff > 0 it looks pgoff pages too far: at other
 * files' data, or (QUIRK V2) past the ROM, where the kernel dies.
 */
function isTailTakenForShared(inode: CramfsInode, vma: VmArea, imageOffset: number): boolean {
  const { sb } = inode;
  const { geometry } = sb;
  const partial = inode.size % geometry.size;
  if (partial === 0) return false;
  const { size: pageSize } = geometry;
  const page = sb.physAddr / pageSize + imageOffset / pageSize + geometry.pagesOf(inode.size) - 1;
  const frame = sb.phys.rom.frameOf(page);
  if (frame === undefined) {
    throw new KernelCorruption({
      kind: 'oops',
      kernelFunction: 'fs/cramfs/inode.c:cramfs_physmem_mmap()',
      effect:
        'the look at the last page reads past the mapping of the ROM; the kernel dies with mmap_lock held, and the process can never exit',
      first: {
        operation: 'the end of the ROM',
        start: sb.physAddr,
        end: page * pageSize,
      },
      second: {
        operation: `mmap from page ${vma.pgoff}`,
        start: vma.start * pageSize,
        end: vma.end * pageSize,
      },
    });
  }
  return sb.phys
    .borrow(frame)
    .subarray(partial)
    .some((byte) => byte !== 0);
}

/** cramfs_vmasplit_fault() of the patch. */
function vmaSplitFault(fault: VmFault): number {
  const { vma, vpn } = fault;
  const { mm } = vma;
  const split = vma.privateData as SplitPoint;
  // The bottom of the area may have been unmapped.
  const at = Math.max(split.vpn, vma.start);
  const pgoff = split.pgoff + (at - split.vpn);
  if (at > vpn || vma.end <= vpn) return VM_FAULT_SIGSEGV;
  let upper = vma;
  if (vma.start !== at) {
    try {
      upper = mm.splitVma(vma, at);
    } catch (error) {
      if (isSyscallError(error, 'ENOMEM')) return VM_FAULT_OOM;
      throw error;
    }
    // QUIRK V3: without operations the lower part is anonymous memory to the kernel.
    vma.ops = undefined;
    mm.areaChanged(vma);
  }
  // QUIRK V5: the area is in its file's i_mmap by its old offset.
  upper.pgoff = pgoff;
  upper.ops = genericFileVmOps;
  upper.flags &= ~(VM_IO | VM_PFNMAP | VM_DONTEXPAND);
  mm.areaChanged(upper);
  fault.vma = upper;
  fault.pgoff = pgoff + (vpn - upper.start);
  return filemapFault(fault);
}

const vmaSplitOps: VmOperations = { fault: vmaSplitFault };

/** The patch that was proposed before mainline settled for VM_MIXEDMAP. */
export const vmaSplitPolicy: CramfsPolicy = { physmemMmap };
