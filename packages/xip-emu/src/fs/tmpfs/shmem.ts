import { ZERO_FRAME } from '../../phys/frame.js';
import { SyscallError } from '../../errno.js';
import type { AddressSpaceOperations } from '../../vfs/address-space.js';
import { noopFsync, ramAops } from '../../vfs/libfs.js';
import type { FileOperations, OpenFile } from '../../vfs/file.js';
import { filemapFault, genericPerformWrite, mapCachedPages } from '../../vfs/filemap.js';
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../../vfs/read-write.js';
import type { Pipe } from '../../vfs/pipe.js';
import { iterFileSpliceWrite } from '../../vfs/splice.js';
import type { VmOperations } from '../../vfs/vm-area.js';
import { tmpfsInode } from './inode.js';

/** Pages of a tmpfs count while they are in the page cache, which is their only place. */
export const shmemAops: AddressSpaceOperations = {
  ...ramAops,
  allocateFolio: ({ host }) => {
    tmpfsInode(host).sb.takeBlocks(1);
  },
  freeFolio: ({ host }) => {
    tmpfsInode(host).sb.giveBlocks(1);
  },
};

/** Faults allocate pages. Without a page_mkwrite, shared entries are writable at once. */
const shmemVmOps: VmOperations = { fault: filemapFault, mapPages: mapCachedPages };

/** Holes are read as zeros without a page. Compare mm/shmem.c:shmem_file_read_iter(). */
function readIter({ inode }: OpenFile, position: number, into: Uint8Array): number {
  const { mapping, size, sb } = tmpfsInode(inode);
  const { size: pageSize } = sb.geometry;
  const end = Math.min(position + into.length, size);
  let done = 0;
  for (let at = position; at < end;) {
    const offset = at % pageSize;
    const length = Math.min(pageSize - offset, end - at);
    const frame = mapping!.find(Math.floor(at / pageSize));
    if (frame < 0) into.fill(0, done, done + length);
    else into.set(sb.phys.borrow(frame).subarray(offset, offset + length), done);
    done += length;
    at += length;
  }
  return done;
}

/** Splices pages into a pipe; a hole gives the zero page. Compare mm/shmem.c:shmem_file_splice_read(). */
function spliceRead({ inode }: OpenFile, position: number, pipe: Pipe, length: number): number {
  const { mapping, size, sb } = tmpfsInode(inode);
  const { size: pageSize } = sb.geometry;
  const end = Math.min(position + length, size);
  let at = position;
  while (at < end && pipe.room > 0) {
    const offset = at % pageSize;
    const piece = Math.min(pageSize - offset, end - at);
    const frame = mapping!.find(Math.floor(at / pageSize));
    pipe.addPage(frame < 0 ? ZERO_FRAME : frame, offset, piece);
    at += piece;
  }
  return Math.max(at - position, 0);
}

function writeIter({ inode }: OpenFile, position: number, from: Uint8Array): number {
  const file = tmpfsInode(inode);
  if (from.length === 0) return 0;
  file.touch();
  return genericPerformWrite(file.mapping!, position, from, (size) => {
    file.extend(size);
  });
}

/** Pages that exist are data. Compare mm/shmem.c:shmem_file_llseek(), mapping_seek_hole_data(). */
function seekHoleOrData({ inode }: OpenFile, offset: number, whence: 'data' | 'hole'): number {
  const { mapping, size, sb } = tmpfsInode(inode);
  const { size: pageSize } = sb.geometry;
  for (let at = offset; at < size; at = (Math.floor(at / pageSize) + 1) * pageSize) {
    const isData = mapping!.find(Math.floor(at / pageSize)) >= 0;
    if (isData === (whence === 'data')) return at;
  }
  if (whence === 'data') throw new SyscallError('ENXIO', 'no data from there on');
  return size;
}

/** Compare mm/shmem.c:shmem_fallocate(). @throws SyscallError ENOSPC: what was allocated goes again. */
function fallocate({ inode }: OpenFile, mode: number, offset: number, length: number): void {
  const file = tmpfsInode(inode);
  const end = offset + length;
  if ((mode & FALLOC_FL_PUNCH_HOLE) !== 0) {
    file.punchHole(offset, end);
    return;
  }
  const { geometry } = file.sb;
  file.allocate(geometry.pageOf(offset), geometry.pagesOf(end));
  if ((mode & FALLOC_FL_KEEP_SIZE) === 0) file.extend(end);
}

export const tmpfsFileOperations: FileOperations = {
  seekHoleOrData,
  fallocate,
  readIter,
  writeIter,
  spliceRead,
  spliceWrite: iterFileSpliceWrite,
  mmap(_file, vma) {
    vma.ops = shmemVmOps;
  },
  fsync: noopFsync,
};
