import { locateBlock } from 'cramfs-reader';
import type { Address, Pgoff } from '../../units.js';
import type { Inode } from '../../vfs/inode.js';
import { CramfsInode } from './inode.js';

/** Finds the page of a file from a bus address in ROM. */
const tables = new WeakMap<CramfsInode, ReadonlyMap<Address, Pgoff>>();

/**
 * Which page of a file of a ROM mount is at a bus address. An area of such pages (VM_PFNMAP) has
 * forgotten its offset in the file.
 *
 * @param address of the first byte of a page.
 * @returns undefined if no page of the file is in place there.
 */
export function filePageAt(inode: Inode, address: Address): Pgoff | undefined {
  if (!(inode instanceof CramfsInode)) return undefined;
  let table = tables.get(inode);
  if (table === undefined) {
    table = tableOf(inode);
    tables.set(inode, table);
  }
  return table.get(address);
}

function tableOf({ sb, raw, size }: CramfsInode): Map<Address, Pgoff> {
  const table = new Map<Address, Pgoff>();
  const { geometry } = sb;
  const count = geometry.pagesOf(size);
  for (let index = 0; index < count; index += 1) {
    const { kind, start } = locateBlock(sb.image, raw, index, count);
    const address = sb.physAddr + start;
    if (kind === 'uncompressed' && geometry.isAligned(address)) table.set(address, index);
  }
  return table;
}
