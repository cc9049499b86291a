import { EM_386, EM_AARCH64, EM_ARM, EM_X86_64, PT_TLS, type ElfSegment } from 'cramfs-elf';
import type { Process } from '../../process.js';
import type { Address } from '../../units.js';
import type { LoadedObject } from '../loaded-object.js';
import type { MuslMalloc } from './musl-malloc.js';
import { alignUp } from './tls-offsets.js';

/** struct pthread. */
const PTHREAD = { 4: 112, 8: 200 } as const;
/** Words for the variables of small programs, in `builtin_tls`. */
const BUILTIN_WORDS = 16;
/** GAP_ABOVE_TP: bytes between the thread pointer and the variables. */
const GAPS: Readonly<Record<number, number>> = { [EM_ARM]: 8, [EM_AARCH64]: 16 };
/** Machines with the variables below struct pthread: no TLS_ABOVE_TP. */
const BELOW = new Set([EM_386, EM_X86_64]);

/**
 * The thread-local variables of the first thread: in memory of musl's own data if they are few, else in
 * memory that it allocates. Compare ldso/dynlink.c:update_tls_size(), __dls3(), src/env/__init_tls.c:
 * __copy_tls().
 *
 * @throws SyscallError of mmap(2), AccessFault.
 */
export function allocateMuslTls(
  process: Process,
  objects: readonly LoadedObject[],
  heap: MuslMalloc,
): void {
  const machine = objects[0]?.elf?.machine ?? 0;
  const word = process.build.arch.pointerSize;
  const images = objects.flatMap(
    ({ elf }) => elf?.segments.find(({ type }) => type === PT_TLS) ?? [],
  );
  const { offsets, end } = placeImages(images, GAPS[machine] ?? 0);
  const alignment = Math.max(word, ...images.map(({ align }) => align));
  const pthread = PTHREAD[word];
  const pointers = (images.length + 1) * word;
  const size = alignUp(pointers + end + pthread + 2 * alignment, alignment);
  if (size <= word + pthread + BUILTIN_WORDS * word) return;
  const block = heap.allocateZeros(size);
  if (block === undefined) return;
  const use = (start: Address, bytes: number): void => {
    const { geometry } = process;
    for (let at = start; at < start + bytes; at = geometry.alignDown(at) + geometry.size) {
      process.store(at, process.load(at));
    }
  };
  if (BELOW.has(machine)) {
    const thread = Math.floor((block + size - pthread) / alignment) * alignment;
    use(block, pointers);
    use(thread, pthread);
    images.forEach(({ filesz, memsz }, index) => {
      use(thread - offsets[index]! - memsz, filesz);
    });
    return;
  }
  const variables = alignUp(block + pthread, alignment);
  use(variables - pthread, pthread);
  images.forEach(({ filesz }, index) => {
    use(variables + offsets[index]!, filesz);
  });
  use(block + size - pointers, pointers);
}

/** Returns the places of the variables of each object, and their end. */
function placeImages(
  images: readonly ElfSegment[],
  gap: number,
): { readonly offsets: readonly number[]; readonly end: number } {
  let end = gap;
  const offsets = images.map(({ memsz, align }) => {
    const offset = alignUp(end, align);
    end = offset + memsz;
    return offset;
  });
  return { offsets, end };
}
