import type { Address, Pgoff } from '../units.js';
import type { AddressSpace } from '../vfs/address-space.js';
import type { Inode } from '../vfs/inode.js';

/** Finds the page of a file from a bus address in ROM. */
const tables = new WeakMap<AddressSpace, ReadonlyMap<Address, Pgoff>>();

/**
 * Returns the page of a file that is in ROM at a bus address. An area of such pages (VM_PFNMAP) has
 * lost its offset in the file.
 *
 * @param address of the first byte of a page.
 * @returns undefined if no page of the file is in place there.
 */
export function filePageAt({ mapping }: Inode, address: Address): Pgoff | undefined {
  if (mapping?.aops.romAddressOf === undefined) return undefined;
  let table = tables.get(mapping);
  if (table === undefined) {
    table = tableOf(mapping);
    tables.set(mapping, table);
  }
  return table.get(address);
}

function tableOf(mapping: AddressSpace): Map<Address, Pgoff> {
  const table = new Map<Address, Pgoff>();
  for (let index = 0; index < mapping.filePages; index += 1) {
    const address = mapping.aops.romAddressOf?.(mapping, index);
    if (address !== undefined) table.set(address, index);
  }
  return table;
}
