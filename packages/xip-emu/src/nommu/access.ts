import { AccessFault, UnmodelledError } from '../errno.js';
import { KernelCorruption } from '../kernel-corruption.js';
import type { AccessFaultLike, ProcessorAccess } from '../memory-map.js';
import type { PhysicalMemory } from '../phys/physical-memory.js';
import type { Address, Frame } from '../units.js';
import { describeOrigin } from './describe.js';
import type { NommuVma } from './nommu-vma.js';

/** The memory that accesses of a process without an MMU use. */
export interface NommuAccess {
  readonly phys: PhysicalMemory;
  /** Called before each access. @throws KernelCorruption if the kernel has broken itself before. */
  check(): void;
  /** The VMA that covers an address. */
  findVma(address: Address): NommuVma | undefined;
}

/** Loads a byte. @throws AccessFault; UnmodelledError for what is not memory of the process. */
export function load(memory: NommuAccess, address: Address): number {
  return memory.phys.readByte(frameAt(memory, address), address % memory.phys.geometry.size);
}

/** Stores a byte. @throws as {@link load}; UnmodelledError for ROM: to a flash chip it is a command. */
export function store(memory: NommuAccess, address: Address, value: number): void {
  const { phys } = memory;
  phys.writeByte(writable(memory, address), address % phys.geometry.size, value);
}

function writable(memory: NommuAccess, address: Address): Frame {
  const frame = frameAt(memory, address);
  if (memory.phys.rom.isRom(frame)) {
    throw new UnmodelledError(`a store to ROM at 0x${address.toString(16)}`);
  }
  return frame;
}

/**
 * What an access does but for the byte: where a processor finds the page.
 *
 * @throws as {@link load} and {@link store}.
 */
export function frameBytes(memory: NommuAccess, address: Address, access: ProcessorAccess): number {
  return memory.phys.addressOf(
    access === 'write' ? writable(memory, address) : frameAt(memory, address),
  );
}

/** Loads bytes in order; a fault ends it. @returns how many, and the fault if there was one. */
export function loadRange(
  memory: NommuAccess,
  address: Address,
  into: Uint8Array,
): { loaded: number; fault?: AccessFaultLike } {
  const { size: pageSize } = memory.phys.geometry;
  for (let done = 0; done < into.length;) {
    const offset = (address + done) % pageSize;
    const length = Math.min(pageSize - offset, into.length - done);
    let page: Uint8Array;
    try {
      page = memory.phys.borrow(frameAt(memory, address + done));
    } catch (error) {
      if (!(error instanceof AccessFault)) throw error;
      return { loaded: done, fault: error };
    }
    into.set(page.subarray(offset, offset + length), done);
    done += length;
  }
  return { loaded: into.length };
}

/**
 * Copies `bytes` to memory of the process, as a loader does.
 *
 * @param by the kernel function that does so.
 * @throws KernelCorruption for ROM: RAM in its place loses what was there, flash takes commands.
 */
export function write(memory: NommuAccess, address: Address, bytes: Uint8Array, by: string): void {
  const { phys } = memory;
  const { size: pageSize } = phys.geometry;
  for (let done = 0; done < bytes.length;) {
    const offset = (address + done) % pageSize;
    const piece = bytes.subarray(done, done + pageSize - offset);
    const frame = frameAt(memory, address + done);
    if (phys.rom.isRom(frame)) {
      throw romWritten(memory.findVma(address)!, address, address + bytes.length, by);
    }
    phys.borrowWritable(frame).set(piece, offset);
    done += piece.length;
  }
}

function romWritten(vma: NommuVma, start: Address, end: Address, by: string): KernelCorruption {
  return new KernelCorruption({
    kind: 'ROM written',
    kernelFunction: by,
    effect:
      'the loader stores to text that is in place: what serves as ROM loses its content if it is RAM, and takes the stores for commands if it is flash',
    first: { operation: describeOrigin(vma.origin), start: vma.vmStart, end: vma.vmEnd },
    second: { operation: 'the program is loaded', start, end },
  });
}

function frameAt(memory: NommuAccess, address: Address): Frame {
  memory.check();
  const { phys } = memory;
  const frame = phys.frameOf(phys.geometry.pageOf(address));
  const mapped = memory.findVma(address) !== undefined;
  if (frame !== undefined && mapped) return frame;
  // A direct mapping of addresses without memory (K24): a bus error, as on a real CPU.
  if (mapped) throw new AccessFault('SIGSEGV', 'ACCERR', address);
  // Without protection the access hits whatever has that address.
  const what = frame === undefined ? 'neither RAM nor ROM' : 'not memory of the process';
  throw new UnmodelledError(`an access to 0x${address.toString(16)}, which is ${what}`);
}
