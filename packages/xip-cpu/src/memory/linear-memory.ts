/** Bytes of a page of WebAssembly. */
const WASM_PAGE = 65536;

/** The bytes at the start that belong to a processor: its registers and its TLBs. */
const PROCESSOR_STATE = WASM_PAGE;

/** Thrown if a {@link LinearMemory} has no room left. */
export class LinearMemoryFull extends Error {
  override readonly name = 'LinearMemoryFull';
  readonly code = 'LINEAR_MEMORY_FULL';
}

/** Thrown if an address space has its pages in another memory than the processor's. */
export class ForeignPagesError extends Error {
  override readonly name = 'ForeignPagesError';
  readonly code = 'FOREIGN_PAGES';
}

/**
 * A WebAssembly.Memory that is allocated piece by piece: to a processor for its tables, and to a
 * machine for its pages. The first 64 KiB belong to the processor. The size is fixed, because
 * growing invalidates all views; the host commits only memory that is written to.
 */
export class LinearMemory {
  readonly memory: WebAssembly.Memory;
  private used = PROCESSOR_STATE;

  /** @param size bytes, rounded up to 64 KiB; at most 2 GiB. */
  constructor(size: number) {
    const pages = Math.ceil(size / WASM_PAGE);
    this.memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  }

  /**
   * Allocates zeroed bytes that start on a boundary of 64 KiB. They are never freed.
   *
   * @throws LinearMemoryFull
   */
  allocate(bytes: number): Uint8Array<ArrayBuffer> {
    const { buffer } = this.memory;
    const start = this.used;
    if (start + bytes > buffer.byteLength) {
      throw new LinearMemoryFull(`no ${bytes} bytes left of ${buffer.byteLength}`);
    }
    this.used = Math.ceil((start + bytes) / WASM_PAGE) * WASM_PAGE;
    return new Uint8Array(buffer, start, bytes);
  }

  /** Checks that an address space has its pages here. @throws ForeignPagesError */
  checkPages(space: { readonly memory: WebAssembly.Memory }): void {
    if (space.memory === this.memory) return;
    throw new ForeignPagesError('the pages of the address space are in another memory');
  }
}
