import { PF_R, PF_W, PF_X, PT_LOAD, type ProgramHeader } from 'cramfs-elf';
import { AccessFault, SyscallError, isSyscallError } from '../errno.js';
import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import { mapBrk } from '../mm/brk.js';
import type { Mm } from '../mm/mm-struct.js';
import type { MmuMemory } from '../mm/mmu-memory.js';
import type { Address } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import type { UnsignedLong } from './unsigned-long.js';

/** How a segment is mapped. */
export interface LoadRequest {
  /** Where the byte at p_vaddr goes: a hint, or with MAP_FIXED the place. */
  readonly address: bigint;
  /** MAP_*. */
  readonly flags: number;
  /** Bytes that the first mapping reserves for all segments; 0 for itself alone. */
  readonly totalSize: bigint;
}

export function taskSizeOf({ taskSize, geometry }: Mm): bigint {
  return BigInt(taskSize * geometry.size);
}

/** @throws SyscallError EINVAL for BAD_ADDR(). */
export function checkAddress(mm: Mm, address: bigint): bigint {
  if (address >= taskSizeOf(mm)) throw new SyscallError('EINVAL', 'outside of the address space');
  return address;
}

/**
 * Maps the segments of one file. Compare fs/binfmt_elf.c: elf_load() and elf_map().
 */
export class ElfLoader {
  private readonly memory: MmuMemory;
  private readonly file: OpenFile;
  private readonly long: UnsignedLong;

  constructor(memory: MmuMemory, file: OpenFile, long: UnsignedLong) {
    this.memory = memory;
    this.file = file;
    this.long = long;
  }

  /**
   * elf_load(): the pages of the file, the rest of the last one cleared, and anonymous memory after
   * them.
   *
   * @returns where the segment's first page is.
   * @throws SyscallError
   */
  load(phdr: ProgramHeader, request: LoadRequest): bigint {
    const { long } = this;
    const { mm } = this.memory;
    const { filesz, memsz, vaddr } = phdr;
    const prot = protOf(phdr.flags);
    const inPage = long.pageOffset(vaddr);
    const at =
      filesz === 0n ? long.pageStart(request.address) : checkAddress(mm, this.map(phdr, request));
    if (memsz <= filesz) return checkAddress(mm, at);
    const fileEnd = filesz === 0n ? at : long.wrap(at + inPage + filesz);
    if (filesz !== 0n && (prot & PROT_WRITE) !== 0) this.padZero(fileEnd);
    const start = long.pageAlign(fileEnd);
    const end = long.pageAlign(long.wrap(at + inPage + memsz));
    const length = long.wrap(end - start);
    mapBrk(mm, Number(start), Number(length), (prot & PROT_EXEC) !== 0);
    return checkAddress(mm, at);
  }

  /** elf_map() */
  private map(phdr: ProgramHeader, { address, flags, totalSize }: LoadRequest): bigint {
    const { long, memory } = this;
    const inPage = long.pageOffset(phdr.vaddr);
    const start = long.pageStart(address);
    const size = long.pageAlign(long.wrap(phdr.filesz + inPage));
    if (size === 0n) return start;
    const length = totalSize === 0n ? size : long.pageAlign(totalSize);
    const offset = long.wrap(phdr.offset - inPage);
    const at = this.vmMmap({ start, length, offset, prot: protOf(phdr.flags), flags });
    if (length > size) {
      ignoringErrors(() => {
        memory.munmap(at + Number(size), Number(length - size));
      });
    }
    return BigInt(at);
  }

  /** Compare mm/util.c:vm_mmap(). */
  private vmMmap(request: {
    start: bigint;
    length: bigint;
    offset: bigint;
    prot: number;
    flags: number;
  }): Address {
    const { start, length, offset, prot, flags } = request;
    const { memory, file, long } = this;
    if (long.wrap(offset + length) < offset || long.pageOffset(offset) !== 0n) {
      throw new SyscallError(
        'EINVAL',
        'file offset and address of a segment differ within the page',
      );
    }
    return memory.mmap({
      address: Number(start),
      length: Number(length),
      prot,
      flags,
      file,
      pgoff: Number(offset) / memory.mm.geometry.size,
    });
  }

  /**
   * Bytes after the data, up to the end of the page, are the program's zeros: padzero(). The kernel
   * tries it for all segments; if it is not allowed, nothing happens.
   *
   * @throws SyscallError EFAULT if the file ends before.
   */
  private padZero(from: bigint): void {
    try {
      // With addresses of 57 bits, a number can hold pages exactly, but not bytes.
      const bytes = Number(this.long.pageAlign(from) - from);
      for (let byte = 0; byte < bytes; byte += 1) this.memory.store(Number(from) + byte, 0);
    } catch (error) {
      if (!(error instanceof AccessFault)) throw error;
      throw new SyscallError('EFAULT', 'the page after the data cannot be cleared');
    }
  }
}

/** Calls whose result fs/binfmt_elf.c ignores. */
export function ignoringErrors(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!isSyscallError(error)) throw error;
  }
}

/** Compare fs/binfmt_elf.c:total_mapping_size(). @returns 0 if there is nothing to load. */
export function totalMappingSize(long: UnsignedLong, phdrs: readonly ProgramHeader[]): bigint {
  const loads = phdrs.filter(({ type }) => type === PT_LOAD);
  if (loads.length === 0) return 0n;
  const starts = loads.map(({ vaddr }) => long.pageStart(vaddr));
  const ends = loads.map(({ vaddr, memsz }) => long.wrap(vaddr + memsz));
  return long.wrap(largest(ends) - smallest(starts));
}

/** Compare fs/binfmt_elf.c:maximum_alignment(). @returns 0 if there is none. */
export function maximumAlignment(long: UnsignedLong, phdrs: readonly ProgramHeader[]): bigint {
  const alignments = phdrs
    .filter(({ type, align }) => type === PT_LOAD && align > 0n && (align & (align - 1n)) === 0n)
    .map(({ align }) => align);
  return long.pageAlign(largest(alignments));
}

/** @returns 0 for none. */
export function largest(values: readonly bigint[]): bigint {
  return values.reduce((high, value) => (value > high ? value : high), 0n);
}

/** @param values at least one. */
export function smallest(values: readonly bigint[]): bigint {
  return values.reduce((low, value) => (value < low ? value : low));
}

/** Converts PF_* to PROT_*. */
export function protOf(flags: number): number {
  return (
    ((flags & PF_R) === 0 ? 0 : PROT_READ) |
    ((flags & PF_W) === 0 ? 0 : PROT_WRITE) |
    ((flags & PF_X) === 0 ? 0 : PROT_EXEC)
  );
}
