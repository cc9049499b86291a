import type { Address } from '../units.js';

/** Memory-mapped ROM or NOR flash: `size` bytes at a physical address, zero behind `bytes`. */
export interface RomWindow {
  readonly address: Address;
  /** Bytes, whole pages. */
  readonly size: number;
  /** What was burnt, from the window's first byte on; must not change. */
  readonly bytes: Uint8Array;
}
