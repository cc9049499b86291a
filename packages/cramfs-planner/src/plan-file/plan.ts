import type { BlockSize } from 'cramfs-format';

/** A part of a file that the kernel maps, and how much of it is in place. Pages are the plan's. */
export interface PlanLine {
  /** Path of the file in the image; a byte string. Equal files follow it. */
  readonly path: string;
  /** PF_R | PF_W | PF_X */
  readonly flags: number;
  /** First page of the file, and number of pages. */
  readonly first: number;
  readonly pages: number;
  /** Leading pages in place. */
  readonly inPlace: number;
  /** CRC-32 of the part's pages, up to the end of the file. */
  readonly crc: number;
  /** Line in the plan's file, from 1 on; 0: not from a file. */
  readonly line: number;
}

/** What runs in place: everything that an image needs to know besides its tree. */
export interface XipPlan {
  readonly mmu: boolean;
  readonly pageSize: BlockSize;
  /** What the starts of runs in place are multiples of; for kernels without an MMU. */
  readonly align: number | undefined;
  /** Lines in the order of the image, and of pages. */
  readonly lines: readonly PlanLine[];
}
