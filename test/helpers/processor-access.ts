import { AccessFault, isSyscallError } from '#xip-emu/errno.js';
import type { PageBlocks } from '#xip-emu/phys/page-arena.js';
import type { Process } from '#xip-emu/process.js';

/** What a program does to memory. */
export const ACCESS_KINDS = ['load', 'store', 'fetch'] as const;
export type AccessKind = (typeof ACCESS_KINDS)[number];

const ACCESS = { load: 'read', store: 'write', fetch: 'fetch' } as const;

/** Accesses a byte of a process' memory. Returns what a load gives, otherwise 0. */
export type Accessor = (
  process: Process,
  kind: AccessKind,
  address: number,
  value: number,
) => number;

/** Hands out pieces of one array, as LinearMemory of xip-cpu does. */
export class LinearPages implements PageBlocks {
  readonly bytes: Uint8Array;
  private used = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
  }

  allocate(length: number): Uint8Array {
    this.used += length;
    return this.bytes.subarray(this.used - length, this.used);
  }
}

/** Loads, stores and fetches byte by byte. */
export const accessBytes: Accessor = ({ mm }, kind, address, value) => {
  if (kind === 'load') return mm.load(address);
  if (kind === 'store') mm.store(address, value);
  else mm.fetch(address);
  return 0;
};

/**
 * Accesses memory as a processor with a TLB for each process does: it asks for a page once, and again
 * only when the generation says that it has to.
 */
export function accessWithTlb(pages: LinearPages, pageSize: number): Accessor {
  const tlbs = new Map<Process, { generation: number; places: Map<string, number> }>();
  return (process, kind, address, value) => {
    const { mm } = process;
    let tlb = tlbs.get(process);
    if (tlb?.generation !== mm.generation) {
      tlb = { generation: mm.generation, places: new Map() };
      tlbs.set(process, tlb);
    }
    const access = ACCESS[kind];
    const offset = address % pageSize;
    const key = `${access} ${address - offset}`;
    const place = tlb.places.get(key) ?? mm.frameBytes(address, access);
    // A copy on write takes the page away from the reads; its own entry is valid.
    if (tlb.generation === mm.generation) tlb.places.set(key, place);
    if (kind === 'store') pages.bytes[place + offset] = value;
    return kind === 'load' ? pages.bytes[place + offset]! : 0;
  };
}

/** A result, or the failure that a program sees. */
export function outcomeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (error instanceof AccessFault) return [error.signal, error.code, error.address];
    if (isSyscallError(error)) return error.code;
    throw error;
  }
}
