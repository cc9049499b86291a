import { AccessFault } from '../errno.js';
import { FRAME_ANON, FRAME_ROM, ZERO_FRAME } from '../phys/frame.js';
import type { PhysicalMemory } from '../phys/physical-memory.js';
import type { FaultReason, FramePlace, TraceEvent } from '../trace.js';
import type { Address, Frame, Vpn } from '../units.js';
import type { Mm } from './mm-struct.js';
import { PTE_SPECIAL, pteFrame } from './pte.js';

type FaultKind = Extract<TraceEvent, { type: 'fault' }>['kind'];

/**
 * Runs a fault and tells the event log what it did, by what is there before and after it: the
 * fault itself knows nothing of the log.
 */
export function traceFault<T>(
  mm: Mm,
  vpn: Vpn,
  address: Address,
  kind: FaultKind,
  fault: () => T,
): T {
  const { pid, pageTable, phys } = mm;
  const emit = mm.host.trace.sink ?? (() => undefined);
  const areas = mm.vmas.size;
  const before = pageTable.get(vpn);
  const emitSplit = (): void => {
    if (mm.vmas.size === areas) return;
    emit({ type: 'fault', pid, kind, address, why: 'split', frame: undefined });
  };
  let result: T;
  try {
    result = fault();
  } catch (error) {
    emitSplit();
    if (error instanceof AccessFault) {
      emit({ type: 'signal', pid, signal: error.signal, code: error.code, address });
    }
    throw error;
  }
  emitSplit();
  const after = pageTable.get(vpn);
  if (after !== before && after !== 0) {
    const why = reasonOf(mm, vpn, before, pteFrame(after));
    emit({ type: 'fault', pid, kind, address, why, frame: placeOf(phys, pteFrame(after)) });
  }
  return result;
}

function reasonOf(mm: Mm, vpn: Vpn, before: number, frame: Frame): FaultReason {
  if (before !== 0) return pteFrame(before) === frame ? 'write-enable' : 'cow';
  if (frame === ZERO_FRAME) return 'zero-page';
  if (!mm.phys.frames.isAnon(frame)) return 'demand';
  return mm.vmas.vmaAt(vpn)?.ops === undefined ? 'anonymous' : 'cow';
}

/** Where a frame is, for the event log. */
export function placeOf(phys: PhysicalMemory, frame: Frame): FramePlace {
  const pfn = phys.pfnOf(frame);
  const kind = phys.frames.kindOf(frame);
  if (phys.rom.isAbsent(frame)) return { kind: 'absent', pfn };
  if (kind === FRAME_ROM) return { kind: 'rom', pfn, romOffset: phys.rom.offsetOf(frame) };
  if (frame === ZERO_FRAME) return { kind: 'zero', pfn };
  return { kind: kind === FRAME_ANON ? 'anonymous' : 'page-cache', pfn };
}

/** Pages of a range whose entries point to ROM. */
export function romPagesIn({ pageTable, phys }: Mm, from: Vpn, to: Vpn): number {
  let pages = 0;
  for (const [, pte] of pageTable.presentIn(from, to)) {
    if ((pte & PTE_SPECIAL) !== 0 && isInRom(phys, pteFrame(pte))) pages += 1;
  }
  return pages;
}

function isInRom(phys: PhysicalMemory, frame: Frame): boolean {
  return phys.rom.isRom(frame) && !phys.rom.isAbsent(frame);
}
