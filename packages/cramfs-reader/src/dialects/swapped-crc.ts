import { LINUX_INODES, type Dialect } from './dialect.js';

/**
 * Cisco's tools store the CRC in the other byte order; Linux does not look at it. To recognise it
 * costs a pass over all bytes, so that only `info`, `check` and `find`, which make that pass, do: see
 * verifyCrc().
 */
export const SWAPPED_CRC: Dialect = {
  name: 'swapped-crc',
  title: 'CRC in the other byte order (Cisco)',
  linux: 'reads',
  inodes: LINUX_INODES,
  swappedCrc: true,
  matches: () => false,
};

/** The number with its four bytes in the other order. */
export function swapU32(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, false);
  return view.getUint32(0, true);
}
