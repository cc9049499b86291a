import { SyscallError } from '../errno.js';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_TYPE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type MmapRequest,
} from '../memory-map.js';
import type { Address, Vpn } from '../units.js';
import { pathNoexec, type OpenFile } from '../vfs/file.js';
import {
  VM_ACCESS_FLAGS,
  VM_ACCOUNT,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_NORESERVE,
  VM_SHARED,
  VM_WRITE,
  dummyVmOps,
} from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';
import { splitEdges, unmapRange } from './munmap.js';
import { populate } from './populate.js';
import { shmemZeroSetup } from './shmem-zero.js';
import { checkFixed, colourOf, getUnmappedArea } from './unmapped-area.js';
import { mergeNewRange, type MergeRequest } from './vma-merge.js';
import type { Vma } from './vma.js';
import { zapRange } from './zap.js';

/** No mapping of a file reaches this byte, by MAX_LFS_FILESIZE. Compare mm/mmap.c:file_mmap_ok(). */
const FILE_END_MAX = 2 ** 63;
/** Where the offset of mmap(2) wraps round, in bytes. */
const OFFSET_LIMIT = 2 ** 64;

/** mmap(2). Checks in the order of mm/mmap.c:do_mmap(). @throws SyscallError. */
export function mmap(mm: Mm, request: MmapRequest): Address {
  const { length, flags } = request;
  const file = (flags & MAP_ANONYMOUS) === 0 ? request.file : undefined;
  const prot = impliedProt(mm, request.prot, file);
  if (file === undefined && (flags & MAP_ANONYMOUS) === 0) throw new SyscallError('EBADF');
  if (length === 0) throw new SyscallError('EINVAL', 'no length');
  const { geometry } = mm;
  const pages = geometry.lengthPages(length);
  if (pages === 0) throw new SyscallError('ENOMEM', 'a length that wraps round');
  if (request.pgoff + pages >= OFFSET_LIMIT / geometry.size) throw new SyscallError('EOVERFLOW');
  if (mm.vmas.size > mm.host.maxMapCount) throw new SyscallError('ENOMEM');
  const start = chooseAddress(mm, request, pages);
  const vmFlags =
    (prot & VM_ACCESS_FLAGS) |
    VM_MAYREAD |
    VM_MAYWRITE |
    (pathNoexec(file) ? 0 : VM_MAYEXEC) |
    (file === undefined ? anonymousFlags(flags) : fileFlags(file, { ...request, prot }, pages)) |
    ((flags & MAP_NORESERVE) === 0 ? 0 : VM_NORESERVE);
  const cleared =
    file !== undefined && (vmFlags & VM_MAYSHARE) !== 0 && !file.writable
      ? vmFlags & ~(VM_MAYWRITE | VM_SHARED)
      : vmFlags;
  const shared = (cleared & VM_MAYSHARE) !== 0;
  const pgoff = file === undefined ? (shared ? 0 : start) : request.pgoff;
  mmapRegion(mm, { start, end: start + pages, flags: cleared, pgoff, file, anonVma: undefined });
  if ((flags & MAP_POPULATE) !== 0) populate(mm, start, start + pages);
  return start * geometry.size;
}

/** Compare the start of mm/mmap.c:do_mmap(). */
function impliedProt({ readImpliesExec }: Mm, prot: number, file: OpenFile | undefined): number {
  const implies = readImpliesExec && (prot & PROT_READ) !== 0 && !pathNoexec(file);
  return implies ? prot | PROT_EXEC : prot;
}

/** Compare mm/mmap.c:__get_unmapped_area() and what do_mmap() does with its result. */
function chooseAddress(mm: Mm, request: MmapRequest, pages: number): Vpn {
  const { address, flags, file, pgoff } = request;
  const { geometry } = mm;
  const { mmapMinVpn } = mm.host;
  const isFile = file !== undefined && (flags & MAP_ANONYMOUS) === 0;
  const shared = (flags & MAP_TYPE) !== MAP_PRIVATE;
  const colour = colourOf(mm, { isFile, shared, pgoff: isFile ? pgoff : 0 });
  if ((flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) === 0) {
    if (pages > mm.taskSize) throw new SyscallError('ENOMEM');
    const hint = geometry.pageOf(address);
    return getUnmappedArea(mm, hint === 0 ? 0 : Math.max(hint, mmapMinVpn), pages, colour);
  }
  checkFixed(mm, address / geometry.size, pages, shared ? colour : undefined);
  if (!geometry.isAligned(address)) throw new SyscallError('EINVAL', 'address is not page aligned');
  const start = geometry.pageOf(address);
  if ((flags & MAP_FIXED_NOREPLACE) !== 0) {
    const above = mm.vmas.findVma(start);
    if (above !== undefined && above.start < start + pages) throw new SyscallError('EEXIST');
  }
  return start;
}

/**
 * include/linux/mman.h:LEGACY_MAP_MASK: flags that no file has to know. Neither MAP_SYNC nor
 * MAP_FIXED_NOREPLACE are among them.
 */
const LEGACY_MAP_MASK = 0x7c07f933;

function anonymousFlags(flags: number): number {
  switch (flags & MAP_TYPE) {
    case MAP_SHARED:
      return VM_SHARED | VM_MAYSHARE;
    case MAP_PRIVATE:
      return 0;
    default:
      throw new SyscallError('EINVAL', 'neither shared nor private');
  }
}

function fileFlags(file: OpenFile, { prot, flags, pgoff }: MmapRequest, pages: number): number {
  const { size: pageSize } = file.inode.sb.geometry;
  if (pgoff + pages >= FILE_END_MAX / pageSize) throw new SyscallError('EOVERFLOW');
  let vmFlags = 0;
  switch (flags & MAP_TYPE) {
    case MAP_SHARED_VALIDATE:
    case MAP_SHARED:
      if ((flags & MAP_TYPE) === MAP_SHARED_VALIDATE && (flags & ~LEGACY_MAP_MASK) !== 0) {
        throw new SyscallError('EOPNOTSUPP', 'a flag that the file does not know');
      }
      if ((prot & PROT_WRITE) !== 0 && !file.writable) {
        throw new SyscallError('EACCES', 'the file is not open for writing');
      }
      vmFlags = VM_SHARED | VM_MAYSHARE;
      break;
    case MAP_PRIVATE:
      break;
    default:
      throw new SyscallError('EINVAL', 'neither shared nor private');
  }
  if (!file.readable) throw new SyscallError('EACCES', 'the file is not open for reading');
  if (pathNoexec(file) && (prot & PROT_EXEC) !== 0) {
    throw new SyscallError('EPERM', 'the mount is noexec');
  }
  if (file.fops.mmap === undefined) throw new SyscallError('ENODEV', 'the file has no mmap');
  return vmFlags;
}

/** Replaces whatever is mapped in the range. Compare mm/mmap.c:mmap_region(). */
export function mmapRegion(mm: Mm, request: MergeRequest): Vma {
  const { start, end, pgoff, file } = request;
  let { flags } = request;
  if (isAccountable(flags)) {
    const free = mm.phys.ramFrames;
    // Memory that is replaced need not be reserved again. It is split even if that is not enough.
    if (end - start > free && end - start - splitEdges(mm, start, end) > free) {
      throw new SyscallError('ENOMEM', 'overcommit');
    }
    flags |= VM_ACCOUNT;
  }
  unmapRange(mm, start, end);
  const next = mm.vmas.findVma(start);
  const prev = next === undefined ? mm.vmas.findBefore(start) : next.prev;
  const merged = mergeNewRange(mm, { ...request, flags }, prev, next);
  if (merged !== undefined) return merged;

  const vma = mm.vmaCache.alloc(start, end, flags, pgoff, file?.get());
  if (file !== undefined) {
    vma.ops = dummyVmOps;
    try {
      file.fops.mmap!(file, vma);
    } catch (error) {
      zapRange(mm, start, end);
      mm.vmaCache.free(vma);
      throw error;
    }
    // The file system may have changed the flags, so that the area can merge now.
    if (flags !== vma.flags && prev !== undefined) {
      const again = mergeNewRange(mm, { ...request, flags: vma.flags }, prev, next);
      if (again !== undefined) {
        mm.vmaCache.free(vma);
        return again;
      }
    }
  } else if ((flags & VM_SHARED) !== 0) {
    // By now the old mappings are gone.
    shmemZeroSetup(mm, vma);
  }
  mm.vmas.link(vma);
  return vma;
}

/** Private writable memory is promised, so it is counted. Compare mm.h:accountable_mapping(). */
function isAccountable(flags: number): boolean {
  return (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) === VM_WRITE;
}
