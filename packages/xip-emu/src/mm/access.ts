import { AccessFault } from '../errno.js';
import type { AccessFaultLike, ProcessorAccess } from '../memory-map.js';
import type { Address, Frame, Vpn } from '../units.js';
import { ACCESS_FETCH, ACCESS_LOAD, ACCESS_STORE, accessFault, handleFault } from './memory.js';
import type { Mm } from './mm-struct.js';
import { PTE_DIRTY, PTE_EXEC, PTE_READ, PTE_WRITE, PTE_YOUNG, pteFrame } from './pte.js';
import { traceFault } from './trace-fault.js';

/** What the processor does: it looks into the page table, and faults where that lets nothing through. */

/** Loads a byte. @throws AccessFault */
export function load(mm: Mm, address: Address): number {
  const { pageSize } = mm;
  const vpn = Math.floor(address / pageSize);
  return mm.phys.readByte(readable(mm, vpn, address), address - vpn * pageSize);
}

/** Stores a byte. @throws AccessFault */
export function store(mm: Mm, address: Address, value: number): void {
  const { pageSize } = mm;
  const vpn = Math.floor(address / pageSize);
  mm.phys.writeByte(writable(mm, vpn, address), address - vpn * pageSize, value);
}

/** The fetch of an instruction: with its fault, without what the instruction does. @throws AccessFault */
export function fetch(mm: Mm, address: Address): void {
  executable(mm, mm.geometry.pageOf(address), address);
}

/**
 * What an access does but for the byte: where a processor finds the page.
 *
 * @throws AccessFault
 */
export function frameBytes(mm: Mm, address: Address, access: ProcessorAccess): number {
  const vpn = mm.geometry.pageOf(address);
  switch (access) {
    case 'fetch':
      return mm.phys.addressOf(executable(mm, vpn, address));
    case 'read':
      return mm.phys.addressOf(readable(mm, vpn, address));
    case 'write':
      return mm.phys.addressOf(writable(mm, vpn, address));
  }
}

/** Loads bytes in order; a fault ends it. @returns how many, and the fault if there was one. */
export function loadRange(
  mm: Mm,
  address: Address,
  into: Uint8Array,
): { loaded: number; fault?: AccessFaultLike } {
  const { pageSize } = mm;
  let done = 0;
  while (done < into.length) {
    const at = address + done;
    const offset = at % pageSize;
    let frame: Frame;
    try {
      frame = readable(mm, Math.floor(at / pageSize), at);
    } catch (error) {
      if (!(error instanceof AccessFault)) throw error;
      return { loaded: done, fault: error };
    }
    const length = Math.min(pageSize - offset, into.length - done);
    into.set(mm.phys.borrow(frame).subarray(offset, offset + length), done);
    done += length;
  }
  return { loaded: done };
}

/** The frame of a page, after the fault that a load needs. @throws AccessFault */
function readable(mm: Mm, vpn: Vpn, address: Address): Frame {
  const { pageTable } = mm;
  let pte = pageTable.get(vpn);
  while ((pte & PTE_READ) === 0) {
    faultIn(mm, vpn, address, ACCESS_LOAD);
    pte = pageTable.get(vpn);
  }
  if ((pte & PTE_YOUNG) === 0) pageTable.set(vpn, pte | PTE_YOUNG);
  const frame = pteFrame(pte);
  checkPresence(mm, frame, address);
  return frame;
}

/** The frame of a page, after the fault that a store needs. @throws AccessFault */
function writable(mm: Mm, vpn: Vpn, address: Address): Frame {
  const { pageTable } = mm;
  let pte = pageTable.get(vpn);
  while ((pte & PTE_WRITE) === 0) {
    faultIn(mm, vpn, address, ACCESS_STORE);
    pte = pageTable.get(vpn);
  }
  if ((pte & (PTE_DIRTY | PTE_YOUNG)) !== (PTE_DIRTY | PTE_YOUNG)) {
    pageTable.set(vpn, pte | PTE_DIRTY | PTE_YOUNG);
  }
  return pteFrame(pte);
}

/** The frame of a page, after the fault that a fetch needs. @throws AccessFault */
function executable(mm: Mm, vpn: Vpn, address: Address): Frame {
  const { pageTable } = mm;
  while ((pageTable.get(vpn) & PTE_EXEC) === 0) faultIn(mm, vpn, address, ACCESS_FETCH);
  const frame = pteFrame(pageTable.get(vpn));
  checkPresence(mm, frame, address);
  return frame;
}

/** A bus error, which has its own signal: compare arch/riscv/kernel/traps.c. */
function checkPresence({ phys }: Mm, frame: Frame, address: Address): void {
  if (phys.rom.isAbsent(frame)) throw accessFault('SIGSEGV', 'ACCERR', address);
}

function faultIn(mm: Mm, vpn: Vpn, address: Address, allowed: number): void {
  if (vpn >= mm.taskSize) throw accessFault('SIGSEGV', 'MAPERR', address);
  if (mm.host.trace.sink === undefined) {
    handleFault(mm, vpn, address, allowed);
    return;
  }
  const kind = allowed === ACCESS_STORE ? 'write' : allowed === ACCESS_FETCH ? 'exec' : 'read';
  traceFault(mm, vpn, address, kind, () => {
    handleFault(mm, vpn, address, allowed);
  });
}
