import { PAGE_SIZE } from '../units.js';

export const NO_BYTES = new Uint8Array(0);
let zeroPage = new Uint8Array(PAGE_SIZE);

/** A page that starts with `bytes`; must not be written to. */
export function wholePage(bytes: Uint8Array): Uint8Array {
  if (bytes.length === PAGE_SIZE) return bytes;
  if (bytes.length === 0) {
    if (zeroPage.length !== PAGE_SIZE) zeroPage = new Uint8Array(PAGE_SIZE);
    return zeroPage;
  }
  const page = new Uint8Array(PAGE_SIZE);
  page.set(bytes);
  return page;
}
