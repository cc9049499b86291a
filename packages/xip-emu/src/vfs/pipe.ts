import { SyscallError } from '../errno.js';
import { FRAME_ANON } from '../phys/frame.js';
import type { PhysicalMemory } from '../phys/physical-memory.js';
import type { Frame, PageGeometry } from '../units.js';

/** include/linux/pipe_fs_i.h: pages that a pipe holds. */
export const PIPE_DEF_BUFFERS = 16;

/** struct pipe_buffer: a part of a page to which the pipe holds a reference. */
interface PipeBuffer {
  readonly frame: Frame;
  offset: number;
  length: number;
}

/**
 * pipe(2), both ends: pages in a row. splice puts in the pages of the file themselves, so a later
 * write to the file changes what is still in the pipe. Nobody waits: a read of an empty pipe and a
 * write to a full one fail with EAGAIN.
 */
export class Pipe {
  readonly geometry: PageGeometry;
  private readonly phys: PhysicalMemory;
  private readonly buffers: PipeBuffer[] = [];

  constructor(phys: PhysicalMemory) {
    this.phys = phys;
    this.geometry = phys.geometry;
  }

  /** Pages that can be added. */
  get room(): number {
    return PIPE_DEF_BUFFERS - this.buffers.length;
  }

  /** Bytes in it. */
  get length(): number {
    return this.buffers.reduce((sum, { length }) => sum + length, 0);
  }

  /** Adds a part of a page, with a reference of its own; there must be room. */
  addPage(frame: Frame, offset: number, length: number): void {
    this.phys.frames.get(frame);
    this.buffers.push({ frame, offset, length });
  }

  /** write(2). @returns bytes written. @throws SyscallError EAGAIN. */
  write(from: Uint8Array): number {
    let done = 0;
    while (done < from.length && this.room > 0) {
      const piece = from.subarray(done, done + this.geometry.size);
      const frame = this.phys.allocate(FRAME_ANON);
      this.phys.borrowWritable(frame).set(piece);
      this.buffers.push({ frame, offset: 0, length: piece.length });
      done += piece.length;
    }
    if (done === 0 && from.length > 0) throw new SyscallError('EAGAIN', 'the pipe is full');
    return done;
  }

  /** read(2). @returns bytes read. @throws SyscallError EAGAIN. */
  read(into: Uint8Array): number {
    if (this.buffers.length === 0) throw new SyscallError('EAGAIN', 'the pipe is empty');
    const got = this.peek(into);
    this.drop(got);
    return got;
  }

  /** Copies the first bytes and leaves them in the pipe. @returns bytes. */
  peek(into: Uint8Array): number {
    let done = 0;
    for (const { frame, offset, length } of this.buffers) {
      const size = Math.min(length, into.length - done);
      into.set(this.phys.borrow(frame).subarray(offset, offset + size), done);
      done += size;
      if (done === into.length) break;
    }
    return done;
  }

  /** Takes the first `length` bytes out. */
  drop(length: number): void {
    for (let left = length; left > 0;) {
      const first = this.buffers[0]!;
      const size = Math.min(left, first.length);
      first.offset += size;
      first.length -= size;
      left -= size;
      if (first.length > 0) continue;
      this.buffers.shift();
      this.phys.put(first.frame);
    }
  }

  /** Moves up to `length` bytes to another pipe, without copying. @returns bytes. */
  moveTo(other: Pipe, length: number): number {
    let done = 0;
    for (const { frame, offset, length: size } of this.buffers) {
      const piece = Math.min(size, length - done);
      if (piece === 0 || other.room === 0) break;
      other.addPage(frame, offset, piece);
      done += piece;
    }
    this.drop(done);
    return done;
  }

  /** close(2) of both ends. */
  close(): void {
    this.drop(this.length);
  }
}
