import type { Frame } from '../units.js';

/**
 * A page table entry: 22 bits of frame number above these flags. An entry with PTE_PRESENT and no
 * permission is one of a PROT_NONE area: present to the kernel, not to the processor.
 */
export const PTE_PRESENT = 1;
export const PTE_READ = 2;
export const PTE_WRITE = 4;
export const PTE_EXEC = 8;
export const PTE_DIRTY = 0x10;
export const PTE_YOUNG = 0x20;
/** The frame has no `struct page`, or none that is counted: ROM, the zero page. */
export const PTE_SPECIAL = 0x40;

export const PTE_PROT = PTE_READ | PTE_WRITE | PTE_EXEC;
const FRAME_SHIFT = 10;

export function makePte(frame: Frame, flags: number): number {
  return ((frame << FRAME_SHIFT) | flags) >>> 0;
}

export function pteFrame(pte: number): Frame {
  return pte >>> FRAME_SHIFT;
}
