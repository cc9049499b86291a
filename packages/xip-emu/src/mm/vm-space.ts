import { invariant } from '../errno.js';
import type { Frame, Pfn, Vpn } from '../units.js';
import type { VmArea, VmSpace } from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';
import { PTE_DIRTY, PTE_WRITE, pteFrame } from './pte.js';
import { insertMixed, insertPfn, mapAround, remapPfnRange } from './remap-pfn.js';
import { shmemZeroSetup } from './shmem-zero.js';
import { placeOf } from './trace-fault.js';
import { checkMapCount, splitVma } from './vma-merge.js';
import { Vma } from './vma.js';
import { zapRange } from './zap.js';

/** What owners of mappings may do to areas without knowing this memory manager. */
export class MmSpace implements VmSpace {
  private readonly mm: Mm;

  constructor(mm: Mm) {
    this.mm = mm;
  }

  remapPfnRange(vma: VmArea, vpn: Vpn, pfn: Pfn, pages: number): void {
    remapPfnRange(this.mm, ownVma(vma), vpn, pfn, pages);
  }

  hasPageTable(vpn: Vpn): boolean {
    return this.mm.pageTable.leafOf(vpn) !== undefined;
  }

  insertMixed(vma: VmArea, vpn: Vpn, pfn: Pfn): void {
    insertMixed(this.mm, ownVma(vma), vpn, pfn);
  }

  countMajorFault(): void {
    this.mm.host.vmEvents.pgmajfault += 1;
  }

  insertPfn(vma: VmArea, vpn: Vpn, frame: Frame): void {
    insertPfn(this.mm, ownVma(vma), vpn, frame);
  }

  mapAround(vma: VmArea, vpn: Vpn, frame: Frame): void {
    const { mm } = this;
    const { sink } = mm.host.trace;
    if (sink !== undefined && vpn !== mm.fault.vpn && mm.pageTable.get(vpn) === 0) {
      const { pid } = mm;
      const address = vpn * mm.geometry.size;
      const place = placeOf(mm.phys, frame);
      sink({ type: 'fault', pid, kind: 'read', address, why: 'fault-around', frame: place });
    }
    mapAround(mm, ownVma(vma), vpn, frame);
  }

  zap(from: Vpn, to: Vpn, evenCows: boolean): void {
    zapRange(this.mm, from, to, evenCows);
  }

  cleanEntry(_vma: VmArea, vpn: Vpn, frame: Frame): void {
    const { pageTable } = this.mm;
    const pte = pageTable.get(vpn);
    if (pte === 0 || pteFrame(pte) !== frame) return;
    pageTable.set(vpn, pte & ~(PTE_WRITE | PTE_DIRTY));
    this.mm.flushTlb(pte & (PTE_WRITE | PTE_DIRTY));
  }

  isWritable(vpn: Vpn, frame: Frame): boolean {
    const pte = this.mm.pageTable.get(vpn);
    return (pte & PTE_WRITE) !== 0 && pteFrame(pte) === frame;
  }

  areaChanged(vma: VmArea): void {
    this.mm.vmas.noteChange(ownVma(vma));
  }

  splitVma(vma: VmArea, vpn: Vpn): VmArea {
    checkMapCount(this.mm);
    return splitVma(this.mm, ownVma(vma), vpn);
  }

  shmemZeroSetup(vma: VmArea): void {
    shmemZeroSetup(this.mm, vma);
  }
}

function ownVma(vma: VmArea): Vma {
  invariant(vma instanceof Vma, 'an area that is not of this memory manager');
  return vma;
}
