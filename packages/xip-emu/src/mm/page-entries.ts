import type { PageEntry } from '../memory-report.js';
import type { Address } from '../units.js';
import type { Mm } from './mm-struct.js';
import {
  PTE_DIRTY,
  PTE_EXEC,
  PTE_READ,
  PTE_SPECIAL,
  PTE_WRITE,
  PTE_YOUNG,
  pteFrame,
} from './pte.js';
import { placeOf } from './trace-fault.js';

/** The entries of the page table for addresses from `from` to `to`, exclusive. */
export function* entriesIn(
  { pageTable, phys, geometry, taskSize }: Mm,
  from: Address,
  to: Address,
): Generator<PageEntry> {
  const { size: pageSize } = geometry;
  const end = Math.min(geometry.pagesOf(to), taskSize);
  for (const [vpn, pte] of pageTable.presentIn(geometry.pageOf(from), end)) {
    const frame = pteFrame(pte);
    const { kind, pfn } = placeOf(phys, frame);
    const special = (pte & PTE_SPECIAL) !== 0;
    yield {
      address: vpn * pageSize,
      backing: kind,
      physical: pfn * pageSize,
      permissions: permissionsText(pte),
      dirty: (pte & PTE_DIRTY) !== 0,
      young: (pte & PTE_YOUNG) !== 0,
      special,
      mapCount: special ? 0 : phys.frames.mapCount(frame),
    };
  }
}

function permissionsText(pte: number): string {
  return [
    (pte & PTE_READ) === 0 ? '-' : 'r',
    (pte & PTE_WRITE) === 0 ? '-' : 'w',
    (pte & PTE_EXEC) === 0 ? '-' : 'x',
  ].join('');
}
