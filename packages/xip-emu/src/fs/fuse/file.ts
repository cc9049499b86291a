import { SyscallError } from '../../errno.js';
import {
  backingFileMmap,
  backingFileRead,
  backingFileSpliceRead,
  backingFileSpliceWrite,
  backingFileWrite,
} from '../../vfs/backing-file.js';
import type { FileOperations, OpenFile } from '../../vfs/file.js';
import { filemapRead, genericFileVmOps } from '../../vfs/filemap.js';
import { invalidatePages } from '../../vfs/invalidate.js';
import { filemapSpliceRead, iterFileSpliceWrite } from '../../vfs/splice.js';
import { VM_MAYSHARE, type VmArea } from '../../vfs/vm-area.js';
import { writebackBytes, writebackRange } from '../../vfs/writeback.js';
import { fuseVmOps, writeThrough } from './cache.js';
import { directRead, directWrite } from './direct-io.js';
import { FuseFile, fuseFileOf } from './fuse-file.js';
import { fuseInode } from './inode.js';
import { openCached, openIoMode, releaseIoMode } from './io-mode.js';
import { passthroughEndWrite } from './passthrough.js';
import { FOPEN_DIRECT_IO, FOPEN_KEEP_CACHE, FOPEN_NOFLUSH } from './protocol.js';

/** Compare fs/fuse/file.c:fuse_open(). */
function open(file: OpenFile): void {
  const inode = fuseInode(file.inode);
  const { nodeId, mapping } = inode;
  const reply = inode.sb.connection.optional('open', nodeId, { write: file.writable });
  const fuseFile = new FuseFile(reply ?? { flags: FOPEN_KEEP_CACHE }, reply !== undefined);
  file.privateData = fuseFile;
  inode.openFiles.add(fuseFile);
  try {
    if (fuseFile.opened) openIoMode(file, inode, fuseFile);
    if (!fuseFile.has(FOPEN_KEEP_CACHE)) invalidatePages(mapping!);
  } catch (error) {
    release(file);
    throw error;
  }
}

/** Compare fs/fuse/file.c:fuse_file_release(). */
function release(file: OpenFile): void {
  const inode = fuseInode(file.inode);
  const fuseFile = fuseFileOf(file);
  inode.openFiles.delete(fuseFile);
  fuseFile.passthrough?.put();
  releaseIoMode(inode, fuseFile);
  if (!fuseFile.opened) return;
  try {
    inode.sb.connection.request('release', inode.nodeId, fuseFile.handle);
  } catch (error) {
    // The answer of the server is ignored.
    if (!(error instanceof SyscallError)) throw error;
  }
}

/** The backing file, for reads and writes: FOPEN_DIRECT_IO goes before FOPEN_PASSTHROUGH. */
function backingOf(fuseFile: FuseFile): OpenFile | undefined {
  return fuseFile.has(FOPEN_DIRECT_IO) ? undefined : fuseFile.passthrough;
}

/** Compare fs/fuse/file.c:fuse_file_read_iter(). */
function readIter(file: OpenFile, position: number, into: Uint8Array): number {
  const inode = fuseInode(file.inode);
  const fuseFile = fuseFileOf(file);
  if (fuseFile.has(FOPEN_DIRECT_IO)) return directRead(inode, fuseFile, position, into);
  const backing = backingOf(fuseFile);
  if (backing !== undefined) return backingFileRead(backing, position, into);
  if (position + into.length > inode.size) inode.updateAttributes();
  return filemapRead(file, position, into);
}

/** Compare fs/fuse/file.c:fuse_file_write_iter(). */
function writeIter(file: OpenFile, position: number, from: Uint8Array): number {
  const inode = fuseInode(file.inode);
  const fuseFile = fuseFileOf(file);
  if (fuseFile.has(FOPEN_DIRECT_IO)) return directWrite(inode, fuseFile, position, from);
  const backing = backingOf(fuseFile);
  if (backing === undefined) return writeThrough(inode, fuseFile, position, from);
  return backingFileWrite(backing, position, from, passthroughEndWrite(file));
}

/** Compare fs/fuse/file.c:fuse_file_mmap(). */
function mmap(file: OpenFile, vma: VmArea): void {
  const inode = fuseInode(file.inode);
  const fuseFile = fuseFileOf(file);
  const { passthrough } = fuseFile;
  if (passthrough !== undefined) {
    backingFileMmap(passthrough, vma);
    return;
  }
  if (inode.backing !== undefined) {
    throw new SyscallError('ENODEV', 'the file is passed through elsewhere');
  }
  vma.ops = fuseVmOps;
  if (!fuseFile.has(FOPEN_DIRECT_IO)) return;
  const shared = (vma.flags & VM_MAYSHARE) !== 0;
  if (shared && !inode.sb.connection.directIoAllowMmap) {
    throw new SyscallError('ENODEV', 'a shared map of a file with FOPEN_DIRECT_IO');
  }
  invalidatePages(inode.mapping!);
  if (shared) openCached(inode, fuseFile);
  else vma.ops = genericFileVmOps;
}

export const fuseFileOperations: FileOperations = {
  open,
  release,
  readIter,
  writeIter,
  mmap,
  spliceRead(file, position, pipe, length) {
    const backing = backingOf(fuseFileOf(file));
    if (backing === undefined) return filemapSpliceRead(file, position, pipe, length);
    return backingFileSpliceRead(backing, position, pipe, length);
  },
  spliceWrite(pipe, file, position, length) {
    const backing = backingOf(fuseFileOf(file));
    if (backing === undefined) return iterFileSpliceWrite(pipe, file, position, length);
    return backingFileSpliceWrite(pipe, backing, position, length, passthroughEndWrite(file));
  },
  /** Compare fs/fuse/file.c:fuse_flush(). */
  flush(file) {
    const inode = fuseInode(file.inode);
    const fuseFile = fuseFileOf(file);
    if (fuseFile.has(FOPEN_NOFLUSH)) return;
    writebackRange(inode.mapping!);
    inode.sb.connection.optional('flush', inode.nodeId, fuseFile.handle);
  },
  /** Compare fs/fuse/file.c:fuse_fsync(). */
  fsync(file, start, end) {
    const inode = fuseInode(file.inode);
    writebackBytes(inode.mapping!, start, end);
    inode.sb.connection.optional('fsync', inode.nodeId, fuseFileOf(file).handle);
  },
};
