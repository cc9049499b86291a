import {
  CRAMFS_INODE_SIZE,
  CRAMFS_SIGNATURE,
  CRAMFS_SUPER_CRC_OFFSET,
  CRAMFS_SUPER_SIZE,
  encodeInode,
  encodeSuperblock,
  nameToBytes,
  oldEncodeDev,
  setU32,
} from 'cramfs-format';
import type { ChunkStream } from './chunk-stream.js';
import { crc32Combine } from './crc32-combine.js';
import type { Crc32, ImageSink } from './image-sink.js';
import { directorySize } from './layout/directories.js';
import { isUnwritten, type Layout, type Run } from './layout/layout.js';
import type { PlanNode } from './nodes.js';
import type { ResolvedOptions } from './options.js';
import { SequentialSink } from './sequential-sink.js';
import { writeChunk } from './write-chunk.js';

/** Writes `layout` as an image: everything in ascending order, gaps as zeros, the CRC last. */
export function writeImage(
  root: PlanNode,
  layout: Layout,
  options: ResolvedOptions,
  sink: ImageSink,
  crc32: Crc32,
): void {
  const { superblockOffset, directories } = layout;
  const head = headBytes(root, layout, options);
  sink.write(head);
  const crc = crc32(head.subarray(superblockOffset), 0);
  const crcSink = new SequentialSink(sink, crc32, directories.end, crc, layout.residues);
  const parts = [...layout.uniqueChunks.filter(isUnwritten), ...layout.runs];
  parts.sort((a, b) => a.position - b.position);
  for (const part of parts) {
    if ('pieces' in part) writeChunk(part, layout.endianness, crcSink);
    else writeRun(part, crcSink);
  }
  crcSink.fillTo(layout.size);
  const imageCrc = crcSink.finish();
  // Images before fsid version 2 have no CRC.
  if (options.superblock?.old !== undefined) return;
  setCrc(head, imageCrc, layout, options);
  const field = superblockOffset + CRAMFS_SUPER_CRC_OFFSET;
  sink.patch(field, head.subarray(field, field + CRC_SIZE));
}

/** Completes an image whose chunks `stream` has written: what comes before them is written last. */
export function completeImage(
  root: PlanNode,
  layout: Layout,
  options: ResolvedOptions,
  stream: ChunkStream,
  sink: ImageSink,
  crc32: Crc32,
): void {
  const { superblockOffset, directories, size } = layout;
  const crc = stream.finish(size);
  const head = headBytes(root, layout, options);
  if (options.superblock?.old === undefined) {
    const headCrc = crc32(head.subarray(superblockOffset), 0);
    setCrc(head, crc32Combine(headCrc, crc, size - directories.end), layout, options);
  }
  sink.patch(0, head);
}

const CRC_SIZE = 4;

/** Sets the checksum, which is that of the image with zeros in its place. */
function setCrc(
  head: Uint8Array,
  crc: number,
  { superblockOffset, endianness }: Layout,
  { swapCrc }: ResolvedOptions,
): void {
  const isBig = (endianness === 'big') !== swapCrc;
  const view = new DataView(head.buffer, head.byteOffset);
  setU32(view, superblockOffset + CRAMFS_SUPER_CRC_OFFSET, crc, isBig ? 'big' : 'little');
}

/** Boot code, if any, superblock, inserted file and directories: what comes before the data of files. */
function headBytes(root: PlanNode, layout: Layout, options: ResolvedOptions): Uint8Array {
  const { superblockOffset, directories, insert } = layout;
  const bytes = new Uint8Array(directories.end);
  // Room for boot code: the checksum starts after it.
  bytes.set(options.bootCode.subarray(0, superblockOffset));
  bytes.set(superblock(root, layout, options), superblockOffset);
  bytes.set(insert, superblockOffset + CRAMFS_SUPER_SIZE);
  bytes.set(directoryBytes(layout), directories.start);
  return bytes;
}

function superblock(root: PlanNode, layout: Layout, options: ResolvedOptions): Uint8Array {
  const bytes = new Uint8Array(CRAMFS_SUPER_SIZE);
  const { mode, uid, gid } = root.entry;
  const { superblock: form } = options;
  const blocks = layout.uniqueChunks.reduce((sum, { pointerCount }) => sum + pointerCount, 0);
  const files = layout.directories.entries.length + 1;
  encodeSuperblock(
    new DataView(bytes.buffer),
    0,
    {
      size: form?.old?.size ?? layout.size,
      flags: layout.flags,
      future: form?.future ?? 0,
      signature: form?.signature ?? CRAMFS_SIGNATURE,
      crc: form?.old?.crc ?? 0,
      edition: options.edition,
      blocks: (blocks + (form?.extraBlocks ?? 0)) >>> 0,
      files: (files + (form?.extraFiles ?? 0)) >>> 0,
      name: options.volumeName,
      root: {
        mode,
        uid,
        gid,
        size: directorySize(root),
        namelen: 0,
        offset: layout.directories.start / 4,
      },
    },
    layout.endianness,
  );
  return bytes;
}

function directoryBytes({ directories, chunks, endianness }: Layout): Uint8Array {
  const bytes = new Uint8Array(directories.end - directories.start);
  const view = new DataView(bytes.buffer);
  for (const { node, offset } of directories.entries) {
    const at = offset - directories.start;
    const dataOffset = chunks.get(node)?.position ?? directories.offsets.get(node) ?? 0;
    const name = nameToBytes(node.name);
    encodeInode(
      view,
      at,
      {
        mode: node.entry.mode,
        uid: node.entry.uid,
        size: chunks.get(node)?.content.size ?? inodeSize(node),
        gid: node.entry.gid,
        namelen: Math.ceil(name.length / 4),
        offset: dataOffset / 4,
      },
      endianness,
    );
    bytes.set(name, at + CRAMFS_INODE_SIZE);
  }
  return bytes;
}

/** Returns the size field of an inode. The chunk of a file may hold more than the file (XipOptions.pad). */
function inodeSize(node: PlanNode): number {
  const { entry } = node;
  switch (entry.type) {
    case 'directory':
      return directorySize(node);
    case 'file':
      return entry.size;
    case 'symlink':
      return entry.target.length;
    case 'char-device':
    case 'block-device':
      return oldEncodeDev(entry.rdev);
    case 'fifo':
    case 'socket':
      return 0;
  }
}

function writeRun(run: Run, sink: SequentialSink): void {
  let at = run.position;
  for (const { bytes } of run.blocks) {
    sink.writeAt(at, bytes);
    at += bytes.length;
  }
}
