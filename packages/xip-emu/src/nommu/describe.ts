import {
  MAP_ANONYMOUS,
  MAP_SHARED,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type MmapRequest,
} from '../memory-map.js';

/** An mmap() in words, for diagnoses. */
export function describeMmap({ file, length, prot, flags, pgoff }: MmapRequest): string {
  const what = (flags & MAP_ANONYMOUS) !== 0 ? 'anonymous' : (file?.path ?? 'nothing');
  const access = [
    (prot & PROT_READ) !== 0 ? 'r' : '',
    (prot & PROT_WRITE) !== 0 ? 'w' : '',
    (prot & PROT_EXEC) !== 0 ? 'x' : '',
  ].join('');
  const type = (flags & MAP_SHARED) !== 0 ? 'shared' : 'private';
  return `mmap ${what} 0x${length.toString(16)} ${access === '' ? '-' : access} ${type} page ${pgoff}`;
}
