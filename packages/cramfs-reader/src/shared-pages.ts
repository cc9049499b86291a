import { BLOCK_POINTER_SIZE, decodeBlockPointer, getU32, type CramfsError } from 'cramfs-format';
import type { CramfsImage } from './image.js';
import { InPlacePages } from './in-place.js';
import { programPartsInPlace } from './nommu-in-place.js';
import { hasExtendedPointers } from './superblock.js';
import type { Inode } from './types.js';

/** How many times over an image may make us look at its own pointers; a sound one needs once. */
const OVERLAP_BUDGET = 2;

/**
 * Files that have a page in place where another file, or they themselves, have one: a kernel without
 * an MMU must not map both at once (kernel fact K22). An image for kernels with an MMU may well have
 * them.
 *
 * @param pageSize the kernel's, in bytes.
 * @param onlyForNommu none, unless a program is in place that a kernel without an MMU maps.
 * @param onError called with directories that cannot be read.
 * @returns by inode number the path, a byte string, of the other file. Incomplete if pointer tables overlap
 * more than any builder makes them.
 */
export function filesWithSharedPages(
  image: CramfsImage,
  { pageSize, onlyForNommu }: { readonly pageSize: number; readonly onlyForNommu: boolean },
  onError: (error: CramfsError) => void,
): Map<number, string> {
  const shared = new Map<number, string>();
  if (!hasExtendedPointers(image.superblock)) return shared;
  const pages = new InPlacePages();
  const files: { readonly inode: Inode; readonly path: string }[] = [];
  const seen = new Set<number>();
  let budget = (OVERLAP_BUDGET * image.bytes.length) / BLOCK_POINTER_SIZE;
  for (const { path, inode } of image.walk(image.root, { onError })) {
    const { ino, size, dataOffset, type } = inode;
    if (type !== 'file' || dataOffset === 0 || seen.has(ino)) continue;
    seen.add(ino);
    const count = Math.ceil(size / pageSize);
    budget -= count;
    if (budget < 0) break;
    let isNew = true;
    const end = Math.min(dataOffset + count * BLOCK_POINTER_SIZE, image.bytes.length - 3);
    for (let at = dataOffset; at < end; at += BLOCK_POINTER_SIZE) {
      const pointer = decodeBlockPointer(getU32(image.view, at, image.endianness));
      if (pointer.kind !== 'direct' || !pointer.uncompressed) continue;
      if (isNew) {
        pages.addFile();
        files.push({ inode, path });
        isNew = false;
      }
      pages.add((at - dataOffset) / BLOCK_POINTER_SIZE, pointer.start);
    }
  }
  const found = pages.shared();
  const isForNommu = (): boolean =>
    files.some(({ inode }) => !programPartsInPlace(image, inode, pageSize).next().done);
  if (found.length === 0 || (onlyForNommu && !isForNommu())) return shared;
  for (const { first, second } of found) {
    const [a, b] = [files[first.file]!, files[second.file]!];
    shared.set(b.inode.ino, a.path);
    if (!shared.has(a.inode.ino)) shared.set(a.inode.ino, b.path);
  }
  return shared;
}
