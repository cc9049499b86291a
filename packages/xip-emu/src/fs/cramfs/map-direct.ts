import { directMap, type DirectMapRequest, type DirectMapResult } from 'cramfs-reader';
import { KernelCorruption } from '../../kernel-corruption.js';
import type { CramfsInode } from './inode.js';

/** The part of a {@link directMap} request that differs from mapping to mapping. */
export type MapQuestion = Pick<DirectMapRequest, 'pgoff' | 'pages' | 'mmu' | 'writable'>;

/**
 * Which pages of a mapping come straight from ROM, for a file of a ROM mount.
 *
 * @throws KernelCorruption QUIRK K24: the kernel looks for pointers, or for the end of the file,
 * beyond the ROM, or hands out RAM that is somebody else's.
 */
export function mapDirect(inode: CramfsInode, question: MapQuestion): DirectMapResult {
  const { sb } = inode;
  const { geometry } = sb;
  const result = directMap(sb.image, inode.raw, {
    ...question,
    pageSize: geometry.size,
    physAddr: sb.physAddr,
    romSize: sb.romSize,
  });
  const { outside, pages, imageOffset } = result;
  if (outside === undefined) return result;
  if (outside.oops) {
    const what = outside.what === 'pointers' ? 'block pointers' : "the file's last page";
    const reader = question.mmu ? 'cramfs_physmem_mmap()' : 'cramfs_physmem_get_unmapped_area()';
    throw outsideRom(inode, question, outside.offset, {
      kernelFunction: `fs/cramfs/inode.c:${reader}`,
      effect: `the kernel reads ${what} beyond the mapping of the ROM, and dies in mmap(2)`,
    });
  }
  const first = sb.physAddr + imageOffset;
  for (let page = 0; page < pages; page += 1) {
    if (!sb.phys.isRamPfn(geometry.pageOf(first) + page)) continue;
    throw outsideRom(inode, question, imageOffset + page * geometry.size, {
      kernelFunction:
        sb.policy.dialect === undefined
          ? 'fs/cramfs/inode.c:cramfs_get_block_range()'
          : 'mm/memory.c:remap_pfn_range()',
      effect: `${sb.policy.dialect === undefined ? 'the block pointers lead' : 'the inode leads'} to RAM, which the kernel gives to the process as the file`,
    });
  }
  return result;
}

function outsideRom(
  { sb, ino }: CramfsInode,
  { pgoff, pages }: MapQuestion,
  imageOffset: number,
  { kernelFunction, effect }: Pick<KernelCorruption, 'kernelFunction' | 'effect'>,
): KernelCorruption {
  const at = sb.physAddr + imageOffset;
  return new KernelCorruption({
    kind: 'outside the ROM',
    kernelFunction,
    effect,
    first: {
      operation: 'mount of the ROM',
      start: sb.physAddr,
      end: sb.physAddr + sb.romSize,
    },
    second: {
      operation: `mmap of ${pages} pages from page ${pgoff} of inode ${ino}, whose data is`,
      start: at,
      end: at + pages * sb.geometry.size,
    },
  });
}
