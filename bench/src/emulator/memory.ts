import { openImage } from 'cramfs-reader';
import { MAP_PRIVATE, Machine, PROT_READ } from 'xip-emu';
import { collectGarbage } from './collect-garbage.js';
import { PAGE, fileNames, makeImage } from './images.js';

/** 64 files of nearly 16 MiB each, the most that a file of cramfs holds, and one more: 1 GiB. */
const FILES = 65;
const FILE_PAGES = 4095;
const MAPPED_PAGES = 262_144;

/**
 * Bytes of heap and of buffers that the emulator keeps with 1 GiB of file pages read, each through
 * a mapping of its file, in the page cache and mapped. The image is not counted.
 */
export async function memoryOfMappedGibibyte(): Promise<number> {
  const bytes = await makeImage(FILES, FILE_PAGES, false);
  const before = usedMemory();
  const machine = new Machine({ ramSize: 2 * MAPPED_PAGES * PAGE });
  machine.mountCramfs('/', openImage(bytes));
  const process = machine.spawn();
  let left = MAPPED_PAGES;
  for (const name of fileNames(FILES)) {
    const file = process.open(`/${name}`);
    const length = Math.min(left, FILE_PAGES) * PAGE;
    left -= length / PAGE;
    const flags = MAP_PRIVATE;
    const address = process.mm.mmap({ address: 0, length, prot: PROT_READ, flags, file, pgoff: 0 });
    process.mm.loadRange(address, new Uint8Array(length));
  }
  const used = usedMemory() - before;
  // Besides the files' pages there are those of the disk that were read.
  if (left !== 0 || machine.phys.used < MAPPED_PAGES) throw new Error('that is not 1 GiB');
  return used;
}

function usedMemory(): number {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
