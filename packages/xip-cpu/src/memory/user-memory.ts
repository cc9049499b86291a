/** What an instruction does with memory. */
export type Access = 'fetch' | 'read' | 'write';

/** What a processor needs of an address space. Addresses and offsets are bytes. */
export interface UserMemory {
  /** Where the bytes of all pages are. It never grows: a processor keeps views of it. */
  readonly memory: WebAssembly.Memory;
  readonly pageShift: number;
  /**
   * Makes the page that has `address` accessible, with the faults that this takes.
   *
   * @returns the offset in `memory` of the page.
   * @throws an object with `signal`, `code` and `address`, such as xip-emu's AccessFault.
   */
  frameBytes(address: number, access: Access): number;
  /** Changes whenever an entry has lost a permission or changed its frame. */
  readonly generation: number;
  /** Changes whenever such an entry was executable, or the content of a page that was fetched has changed. */
  readonly execGeneration: number;
  /** Names the physical page behind an address that was fetched, and its content: equal names, equal code. */
  frameIdentity(address: number): number;
}
