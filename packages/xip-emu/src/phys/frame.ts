import type { Frame } from '../units.js';

/** What a frame holds. Linux does not treat ROM frames as pages: they have no `struct page`. */
export const FRAME_FREE = 0;
export const FRAME_ANON = 1;
export const FRAME_PAGE_CACHE = 2;
export const FRAME_ZERO = 3;
/** RAM of the no-MMU allocator: part of a vm_region. */
export const FRAME_REGION = 4;
export const FRAME_ROM = 5;
export type FrameKind = 0 | 1 | 2 | 3 | 4 | 5;

/** The shared zero page. */
export const ZERO_FRAME: Frame = 0;
/** Frames from here on are ROM; a page table entry keeps 22 bits of a frame number. */
export const ROM_FRAMES: Frame = 1 << 21;
export const FRAME_LIMIT: Frame = 1 << 22;
