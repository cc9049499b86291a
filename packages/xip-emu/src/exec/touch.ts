import { PF_W } from 'cramfs-elf';
import { AccessFault } from '../errno.js';
import { MmuMemory } from '../mm/mmu-memory.js';
import type { Process } from '../process.js';
import { VM_READ, VM_WRITE } from '../vfs/vm-area.js';
import type { MappedRange } from './dynamic-linker/minimal-malloc.js';
import { pagesOfSegment, type LoadedObject } from './loaded-object.js';

/** What a program and its loader have in memory. */
interface MemoryOfProgram {
  readonly objects: readonly LoadedObject[];
  readonly loaderMemory: readonly MappedRange[];
}

/** Writes each page of the writable segments, without changing what it holds. @throws AccessFault. */
export function touchWritable(process: Process, { segments }: LoadedObject): void {
  const { geometry } = process;
  for (const segment of segments) {
    if ((segment.flags & PF_W) === 0) continue;
    const { start, end } = pagesOfSegment(segment, geometry);
    for (let at = start; at < end; at += geometry.size) process.store(at, process.load(at));
  }
}

/**
 * Uses all memory of a program and its libraries that can be used: reads each page, and writes to it where that is
 * allowed now. Without an MMU all of it is present already.
 */
export function touchAll(process: Process, { objects, loaderMemory }: MemoryOfProgram): void {
  if (!(process.mm instanceof MmuMemory)) return;
  const { vmas, geometry } = process.mm.mm;
  const ranges = [
    ...objects.flatMap(({ segments }) =>
      segments.map((segment) => pagesOfSegment(segment, geometry)),
    ),
    ...loaderMemory.map(({ address, length }) => ({ start: address, end: address + length })),
  ];
  for (const { start, end } of ranges) {
    for (let at = start; at < end; at += geometry.size) {
      const flags = vmas.vmaAt(geometry.pageOf(at))?.flags ?? 0;
      if ((flags & VM_READ) === 0) continue;
      try {
        const value = process.load(at);
        if ((flags & VM_WRITE) !== 0) process.store(at, value);
      } catch (error) {
        // Ignore pages after the end of the file, and damaged ones.
        if (!(error instanceof AccessFault)) throw error;
      }
    }
  }
}
