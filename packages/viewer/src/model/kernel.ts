import type { CramfsImage, ExplainOptions } from 'cramfs-reader';

/** The kernel and the board that all views show the image for. */
export interface Kernel {
  readonly mmu: boolean;
  /** Bus address of image byte 0. */
  readonly physAddr: number;
}

/** The default of the command line: cli/src/emulator/options.ts. */
export const DEFAULT_PHYS = 0x22000000;

/** The kernel for cramfs-reader: its pages are as large as the image's blocks. */
export function explainOptions({ blockSize }: CramfsImage, kernel: Kernel): ExplainOptions {
  return { pageSize: blockSize, ...kernel };
}
