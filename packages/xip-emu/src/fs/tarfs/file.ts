import type { FileOperations } from '../../vfs/file.js';
import { filemapRead, genericPerformWrite } from '../../vfs/filemap.js';
import { directoryOperations } from '../../vfs/libfs.js';
import { copySpliceRead, iterFileSpliceWrite } from '../../vfs/splice.js';
import { writebackBytes } from '../../vfs/writeback.js';
import { tarfsInode } from './inode.js';
import { tarfsVmOps } from './pager.js';

export const tarfsFileOperations: FileOperations = {
  readIter(file, position, into) {
    const { content, mapping } = tarfsInode(file.inode);
    return mapping === undefined ? content.read(position, into) : filemapRead(file, position, into);
  },
  writeIter({ inode }, position, from) {
    const node = tarfsInode(inode);
    const { content, mapping } = node;
    if (from.length === 0) return 0;
    node.checkSize(position + from.length);
    if (mapping === undefined) {
      content.write(position, from);
      return from.length;
    }
    if (position > content.size) node.setSize(position);
    return genericPerformWrite(mapping, position, from, (size) => {
      node.extend(size);
    });
  },
  spliceRead: copySpliceRead,
  spliceWrite: iterFileSpliceWrite,
  mmap({ inode }, vma) {
    tarfsInode(inode).takePager();
    vma.ops = tarfsVmOps;
  },
  fsync({ inode }, start, end) {
    const { mapping, sb } = tarfsInode(inode);
    if (mapping !== undefined) writebackBytes(mapping, start, end);
    sb.writeArchive();
  },
};

export const tarfsDirectoryOperations: FileOperations = {
  ...directoryOperations,
  fsync({ inode }) {
    tarfsInode(inode).sb.writeArchive();
  },
};
