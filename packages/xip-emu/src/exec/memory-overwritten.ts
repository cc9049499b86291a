import { KernelCorruption, type CorruptionDetails } from '../kernel-corruption.js';

/** A loader has stored to memory that is not the program's. */
export function overwritten(details: Omit<CorruptionDetails, 'kind'>): KernelCorruption {
  return new KernelCorruption({ kind: 'memory overwritten', ...details });
}
