/** The kind of access of an instruction to memory. */
export type Access = 'fetch' | 'read' | 'write';

/** The address space that a processor uses. Addresses and offsets are in bytes. */
export interface UserMemory {
  /** The memory with the bytes of all pages. It never grows: a processor keeps views of it. */
  readonly memory: WebAssembly.Memory;
  readonly pageShift: number;
  /**
   * Makes the page of `address` accessible, with the faults that this takes.
   *
   * @returns the offset of the page in `memory`.
   * @throws an object with `signal`, `code` and `address`, such as xip-emu's AccessFault.
   */
  frameBytes(address: number, access: Access): number;
  /** Changes whenever an entry has lost a permission or changed its frame. */
  readonly generation: number;
  /**
   * Changes whenever that entry was executable, or the content of a page that was fetched from has
   * changed.
   */
  readonly execGeneration: number;
  /**
   * Identifies the physical page of an address that was fetched from, and its content: the same
   * number means the same code.
   */
  frameIdentity(address: number): number;
}
