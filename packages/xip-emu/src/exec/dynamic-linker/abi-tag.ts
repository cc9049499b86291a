import type { ElfFile, ReadVirtual } from 'cramfs-elf';

const PT_NOTE = 4;
const NT_GNU_ABI_TAG = 1;
/** n_namesz, n_descsz and n_type, and the name "GNU" with its NUL. */
const HEADER = 12;
const GNU = 0x00554e47;
/** More notes are damage. */
const MAX_BYTES = 4096;

/**
 * Whether a program has glibc's crt1.o in it: its note says for which Linux it is. The start of a static PIE
 * with glibc makes its RELRO read-only, that of musl does not. Compare glibc's csu/abi-note.c, csu/libc-start.c;
 * musl's crt/rcrt1.c.
 */
export function hasAbiTag(elf: ElfFile, read: ReadVirtual): boolean {
  const little = elf.endianness === 'little';
  return elf.segments.some(({ type, vaddr, filesz }) => {
    const bytes = type === PT_NOTE ? read(vaddr, Math.min(filesz, MAX_BYTES)) : undefined;
    if (bytes === undefined) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + HEADER + 4 <= bytes.length;) {
      const isGnu = view.getUint32(at, little) === 4 && view.getUint32(at + HEADER, true) === GNU;
      if (isGnu && view.getUint32(at + 8, little) === NT_GNU_ABI_TAG) return true;
      at += HEADER + align4(view.getUint32(at, little)) + align4(view.getUint32(at + 4, little));
    }
    return false;
  });
}

function align4(length: number): number {
  return Math.ceil(length / 4) * 4;
}
