import { invariant } from '../errno.js';
import { FRAME_ANON, FRAME_PAGE_CACHE, ZERO_FRAME } from '../phys/frame.js';
import type { Vpn } from '../units.js';
import { VM_MIXEDMAP, VM_PFNMAP, VM_SHARED } from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';
import { PTE_PRESENT, PTE_SPECIAL, PTE_WRITE, pteFrame } from './pte.js';
import { vmaTag, type Vma } from './vma.js';

/**
 * What has to hold between any two system calls: areas in order and linked, entries only where an
 * area is, each of a frame that lives and is counted. Compare mm/vma.c:validate_mm().
 *
 * @throws InvariantError
 */
export function validateMm(mm: Mm): void {
  validateAreas(mm);
  const entries = new Map<number, number>();
  for (const [vpn, pte] of mm.pageTable.present()) {
    const vma = mm.vmas.vmaAt(vpn);
    invariant(vma !== undefined, `an entry at page ${vpn}, outside every area`);
    validateEntry(mm, vma, vpn, pte);
    if ((pte & PTE_SPECIAL) === 0) {
      entries.set(pteFrame(pte), (entries.get(pteFrame(pte)) ?? 0) + 1);
    }
  }
  for (const [frame, count] of entries) {
    invariant(
      mm.phys.frames.mapCount(frame) >= count,
      `frame ${frame} is mapped more often than counted`,
    );
  }
}

function validateAreas(mm: Mm): void {
  let prev: Vma | undefined;
  let count = 0;
  for (const vma of mm.vmas) {
    invariant(vma.start < vma.end, 'an area without pages');
    invariant(prev === undefined || prev.end <= vma.start, 'areas that overlap');
    invariant(
      vma.prev === prev && prev?.next === (prev && vma),
      'links to areas that are not neighbours',
    );
    invariant(
      mm.vmas.vmaAt(vma.start) === vma && mm.vmas.vmaAt(vma.end - 1) === vma,
      'an area is not found',
    );
    invariant(mm.vmas.tagAt(vma.start) === vmaTag(vma), 'outdated flags of an area');
    invariant(
      vma.anonVma === undefined || vma.anonChain.includes(vma.anonVma),
      'an anon_vma that is not in its chain',
    );
    prev = vma;
    count += 1;
  }
  invariant(prev?.next === undefined, 'a neighbour after the last area');
  invariant(count === mm.vmas.size, 'map_count is wrong');
}

function validateEntry({ phys }: Mm, vma: Vma, vpn: Vpn, pte: number): void {
  const frame = pteFrame(pte);
  const where = `the entry of page ${vpn}`;
  invariant((pte & PTE_PRESENT) !== 0, `${where} is not present`);
  if (phys.rom.isRom(frame)) {
    invariant((pte & PTE_SPECIAL) !== 0, `${where} takes ROM for a page`);
    invariant((vma.flags & (VM_PFNMAP | VM_MIXEDMAP)) !== 0, `${where} is of ROM`);
    invariant((pte & PTE_WRITE) === 0, `${where} makes ROM writable`);
    return;
  }
  if (frame === ZERO_FRAME) {
    invariant((pte & (PTE_SPECIAL | PTE_WRITE)) === PTE_SPECIAL, `${where} spoils the zero page`);
    return;
  }
  const kind = phys.frames.kindOf(frame);
  invariant(kind === FRAME_ANON || kind === FRAME_PAGE_CACHE, `${where} is of a dead frame`);
  invariant(
    phys.frames.refCount(frame) >= phys.frames.mapCount(frame),
    `${where} has no reference`,
  );
  const own = kind === FRAME_ANON || (vma.flags & VM_SHARED) !== 0;
  invariant(own || (pte & PTE_WRITE) === 0, `${where} writes to a file that is mapped privately`);
}
