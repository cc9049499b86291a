import { LINUX_INODES, type Dialect } from './dialect.js';

/**
 * Cisco's tools store the CRC in the other byte order; Linux ignores it. Recognising it takes a pass over all
 * bytes, so only `info`, `check` and `find`, which make that pass, do: see verifyCrc().
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
