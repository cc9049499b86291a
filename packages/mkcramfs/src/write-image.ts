import {
  BLOCK_POINTER_SIZE,
  CRAMFS_INODE_SIZE,
  CRAMFS_SIGNATURE,
  CRAMFS_SUPER_CRC_OFFSET,
  CRAMFS_SUPER_SIZE,
  DIRECT_LENGTH_SIZE,
  InvariantError,
  encodeBlockPointer,
  encodeInode,
  encodeSuperblock,
  nameToBytes,
  oldEncodeDev,
  setU16,
  setU32,
  type BlockPointer,
} from 'cramfs-format';
import { directorySize } from './layout/directories.js';
import type { Chunk, Layout, Residue, Run } from './layout/layout.js';
import type { PlanNode } from './nodes.js';
import type { ResolvedOptions } from './options.js';

/** Where an image goes: bytes in order, then corrections of bytes already written. */
export interface ImageSink {
  /** `bytes` is valid during the call only. */
  write(bytes: Uint8Array): void;
  patch(offset: number, bytes: Uint8Array): void;
}

/** Continues a checksum over bytes, as zlib's crc32() does. */
export type Crc32 = (bytes: Uint8Array, crc: number) => number;

/** Writes `layout` as an image: everything in ascending order, gaps as zeros, the CRC last. */
export function writeImage(
  root: PlanNode,
  layout: Layout,
  options: ResolvedOptions,
  sink: ImageSink,
  crc32: Crc32,
): void {
  const { superblockOffset, directories } = layout;
  // Room for boot code: the checksum starts after it.
  if (superblockOffset > 0) sink.write(bootCode(superblockOffset, options));
  const crcSink = new SequentialSink(sink, crc32, superblockOffset, layout.residues);
  crcSink.writeAt(superblockOffset, superblock(root, layout, options));
  crcSink.writeAt(superblockOffset + CRAMFS_SUPER_SIZE, layout.insert);
  crcSink.writeAt(directories.start, directoryBytes(layout));
  const parts = [...layout.uniqueChunks, ...layout.runs];
  parts.sort((a, b) => a.position - b.position);
  for (const part of parts) {
    if ('pieces' in part) writeChunk(part, layout, crcSink);
    else writeRun(part, crcSink);
  }
  crcSink.fillTo(layout.size);

  const { swapCrc, superblock: form } = options;
  // Images before fsid version 2 have no CRC.
  if (form?.old !== undefined) {
    crcSink.finish();
    return;
  }
  const field = new Uint8Array(4);
  const isBig = (layout.endianness === 'big') !== swapCrc;
  setU32(new DataView(field.buffer), 0, crcSink.finish(), isBig ? 'big' : 'little');
  sink.patch(superblockOffset + CRAMFS_SUPER_CRC_OFFSET, field);
}

/** The boot code, if any, and zeros. */
function bootCode(size: number, { bootCode: code }: ResolvedOptions): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(code.subarray(0, size));
  return bytes;
}

/** Combines many small writes into few, as each write and checksum has a fixed cost. */
const BUFFER_BYTES = 1 << 20;

/** Feeds a sink in ascending order, and the checksum with the same bytes. */
class SequentialSink {
  private position: number;
  private crc = 0;
  private readonly buffer = new Uint8Array(BUFFER_BYTES);
  private buffered = 0;
  private readonly sink: ImageSink;
  private readonly crc32: Crc32;
  private readonly residues: readonly Residue[];
  private nextResidue = 0;

  constructor(sink: ImageSink, crc32: Crc32, position: number, residues: readonly Residue[]) {
    this.sink = sink;
    this.crc32 = crc32;
    this.position = position;
    this.residues = residues;
  }

  writeAt(offset: number, bytes: Uint8Array): void {
    this.fillTo(offset);
    for (let at = 0; at < bytes.length;) {
      const room = this.room(bytes.length - at);
      room.set(bytes.subarray(at, at + room.length));
      this.advance(room.length);
      at += room.length;
    }
  }

  /** Fills a gap with zeros, except residues. */
  fillTo(offset: number): void {
    if (offset < this.position) {
      throw new InvariantError(`layout overlaps: ${offset} follows ${this.position}`);
    }
    while (this.position < offset) {
      const gap = this.room(offset - this.position);
      gap.fill(0);
      this.copyResidues(gap);
      this.advance(gap.length);
    }
  }

  /** @returns the checksum of everything. */
  finish(): number {
    this.flush();
    return this.crc;
  }

  /** Copies what was left in the `gap` that starts here. */
  private copyResidues(gap: Uint8Array): void {
    const start = this.position;
    const end = start + gap.length;
    for (let index = this.nextResidue; index < this.residues.length; index += 1) {
      const { position, bytes } = this.residues[index]!;
      if (position >= end) break;
      // A residue that is longer may show in a later gap, too.
      if (index === this.nextResidue && position + bytes.length <= end) this.nextResidue += 1;
      if (position + bytes.length <= start) continue;
      const visible = bytes.subarray(Math.max(0, start - position), end - position);
      gap.set(visible, Math.max(0, position - start));
    }
  }

  /** Contiguous memory for the next bytes: `bytes` of it, or as many as the buffer holds. */
  private room(bytes: number): Uint8Array {
    const length = Math.min(bytes, BUFFER_BYTES);
    if (this.buffered + length > BUFFER_BYTES) this.flush();
    return this.buffer.subarray(this.buffered, this.buffered + length);
  }

  private advance(bytes: number): void {
    this.buffered += bytes;
    this.position += bytes;
  }

  private flush(): void {
    const bytes = this.buffer.subarray(0, this.buffered);
    this.crc = this.crc32(bytes, this.crc);
    this.sink.write(bytes);
    this.buffered = 0;
  }
}

function superblock(root: PlanNode, layout: Layout, options: ResolvedOptions): Uint8Array {
  const bytes = new Uint8Array(CRAMFS_SUPER_SIZE);
  const { mode, uid, gid } = root.entry;
  const { superblock: form } = options;
  const blocks = layout.uniqueChunks.reduce((sum, { pointers }) => sum + pointers.length, 0);
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

function writeChunk(chunk: Chunk, { endianness }: Layout, sink: SequentialSink): void {
  const table = new Uint8Array(chunk.pointers.length * BLOCK_POINTER_SIZE);
  const view = new DataView(table.buffer);
  chunk.pointers.forEach(({ kind, anchor, offset, uncompressed }, index) => {
    const target = anchor.position + offset;
    const pointer: BlockPointer =
      kind === 'end' ? { kind, end: target, uncompressed } : { kind, start: target, uncompressed };
    setU32(view, index * BLOCK_POINTER_SIZE, encodeBlockPointer(pointer), endianness);
  });
  sink.writeAt(chunk.position, table);
  for (const { offset, block, lengthPrefix } of chunk.pieces) {
    if (lengthPrefix) {
      const length = new Uint8Array(DIRECT_LENGTH_SIZE);
      setU16(new DataView(length.buffer), 0, block.length, endianness);
      sink.writeAt(chunk.position + offset - DIRECT_LENGTH_SIZE, length);
    }
    sink.writeAt(chunk.position + offset, block.bytes);
  }
}

function writeRun(run: Run, sink: SequentialSink): void {
  let at = run.position;
  for (const { bytes } of run.blocks) {
    sink.writeAt(at, bytes);
    at += bytes.length;
  }
}
