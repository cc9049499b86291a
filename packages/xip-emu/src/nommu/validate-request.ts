import { S_IFBLK, S_IFCHR, S_IFMT, S_IFREG } from 'cramfs-format';
import { SyscallError } from '../errno.js';
import type { PageGeometry } from '../units.js';
import { pathNoexec, type NommuCapabilities, type OpenFile } from '../vfs/file.js';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_TYPE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type MmapRequest,
} from '../memory-map.js';

/** mmap() takes the offset in bytes: from here on it is a negative number. */
const OFFSET_SIGNED_LIMIT = 2 ** 63;
/** Where those end: offset 0 comes next. */
const OFFSET_LIMIT = 2 ** 64;

const COPY_ONLY: NommuCapabilities = {
  copy: true,
  direct: false,
  read: false,
  write: false,
  exec: false,
};

/**
 * Whether a mapping can be at all, and with which of the file's capabilities. Compare
 * mm/nommu.c:validate_mmap_request(). READ_IMPLIES_EXEC changes nothing: the function sets PROT_EXEC
 * in a copy of `prot`.
 *
 * @returns undefined for an anonymous mapping, which is always memory.
 * @throws SyscallError.
 */
export function validateMmapRequest(
  { file, length, prot, flags, pgoff }: MmapRequest,
  geometry: PageGeometry,
): NommuCapabilities | undefined {
  if ((flags & MAP_FIXED) !== 0) throw new SyscallError('EINVAL', 'MAP_FIXED without an MMU');
  const type = flags & MAP_TYPE;
  if (type !== MAP_PRIVATE && type !== MAP_SHARED) {
    throw new SyscallError('EINVAL', 'neither MAP_PRIVATE nor MAP_SHARED');
  }
  if (length === 0) throw new SyscallError('EINVAL', 'no length');
  // TASK_SIZE limits nothing: without an MMU it is the largest number.
  const aligned = geometry.alignLength(length);
  if (aligned === 0) throw new SyscallError('ENOMEM', 'longer than the memory');
  const { size: pageSize } = geometry;
  const pgend = pgoff + aligned / pageSize;
  if (pgoff >= OFFSET_SIGNED_LIMIT / pageSize && pgend >= OFFSET_LIMIT / pageSize) {
    throw new SyscallError('EOVERFLOW');
  }
  if (file === undefined || (flags & MAP_ANONYMOUS) !== 0) return undefined;

  if (file.fops.mmap === undefined) throw new SyscallError('ENODEV', 'the file has no mmap');
  const own = fileCapabilities(file);
  if (!file.readable) throw new SyscallError('EACCES', 'the file is not open for reading');
  const shared = (flags & MAP_SHARED) !== 0;
  const offered = shared ? forShared(file, prot, own) : forPrivate(prot, own);
  const accessible = withAccess(prot, shared, offered);
  if (pathNoexec(file) && (prot & PROT_EXEC) !== 0) {
    throw new SyscallError('EPERM', 'the mount is noexec');
  }
  return withExec(prot, accessible);
}

/** What a file can whose driver does not say. */
function defaultCapabilities(mode: number): NommuCapabilities | undefined {
  switch (mode & S_IFMT) {
    case S_IFREG:
    case S_IFBLK:
      return COPY_ONLY;
    case S_IFCHR:
      return { copy: false, direct: true, read: true, write: true, exec: false };
    default:
      return undefined;
  }
}

function fileCapabilities(file: OpenFile): NommuCapabilities {
  const { fops, inode } = file;
  const own = fops.mmapCapabilities?.(file) ?? defaultCapabilities(inode.mode);
  if (own === undefined) throw new SyscallError('EINVAL', 'not a file that can be copied');
  const direct = own.direct && fops.getUnmappedArea !== undefined;
  const copy = own.copy && fops.readIter !== undefined;
  return direct === own.direct && copy === own.copy ? own : { ...own, direct, copy };
}

function forShared(file: OpenFile, prot: number, own: NommuCapabilities): NommuCapabilities {
  if ((prot & PROT_WRITE) !== 0 && !file.writable) {
    throw new SyscallError('EACCES', 'the file is not open for writing');
  }
  if (!own.direct) throw new SyscallError('ENODEV', 'the file has no memory of its own to share');
  return { ...own, copy: false };
}

function forPrivate(prot: number, own: NommuCapabilities): NommuCapabilities {
  if (!own.copy) throw new SyscallError('ENODEV', 'the file cannot be copied');
  // A mapping that the process may write to must not be the file itself.
  return (prot & PROT_WRITE) === 0 ? own : { ...own, direct: false };
}

function withAccess(prot: number, shared: boolean, offered: NommuCapabilities): NommuCapabilities {
  let { direct } = offered;
  const lacking =
    ((prot & PROT_READ) !== 0 && !offered.read) ||
    ((prot & PROT_WRITE) !== 0 && !offered.write) ||
    ((prot & PROT_EXEC) !== 0 && !offered.exec);
  if (direct && lacking) {
    if (shared)
      throw new SyscallError(
        'EINVAL',
        'MAP_SHARED with an access that the file was not opened for',
      );
    direct = false;
  }
  return direct === offered.direct ? offered : { ...offered, direct };
}

/** What is executed is copied where the file's own memory is not executable. */
function withExec(prot: number, offered: NommuCapabilities): NommuCapabilities {
  const executes = (prot & PROT_READ) !== 0 && (prot & PROT_EXEC) !== 0;
  return executes && !offered.exec ? { ...offered, direct: false } : offered;
}
