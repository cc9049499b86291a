import type { PageGeometry } from '../units.js';

export const NO_BYTES = new Uint8Array(0);

/** Makes whole pages from stored parts of pages. */
export class WholePages {
  private readonly zeroPage: Uint8Array;

  constructor({ size }: PageGeometry) {
    this.zeroPage = new Uint8Array(size);
  }

  /** A page that starts with `bytes`; must not be written to. */
  of(bytes: Uint8Array): Uint8Array {
    const { zeroPage } = this;
    if (bytes.length === zeroPage.length) return bytes;
    if (bytes.length === 0) return zeroPage;
    const page = new Uint8Array(zeroPage.length);
    page.set(bytes);
    return page;
  }
}
