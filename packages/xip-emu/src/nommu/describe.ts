import {
  MAP_ANONYMOUS,
  MAP_SHARED,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type MmapRequest,
} from '../memory-map.js';

/** An operation as kept for a diagnosis: its name, or a request that is put into words if needed. */
export type Origin = string | MmapRequest;

/** What a diagnosis calls an operation. */
export function describeOrigin(origin: Origin): string {
  if (typeof origin === 'string') return origin;
  const { file, length, prot, flags, pgoff } = origin;
  const what = (flags & MAP_ANONYMOUS) !== 0 ? 'anonymous' : (file?.path ?? 'nothing');
  const access = [
    (prot & PROT_READ) !== 0 ? 'r' : '',
    (prot & PROT_WRITE) !== 0 ? 'w' : '',
    (prot & PROT_EXEC) !== 0 ? 'x' : '',
  ].join('');
  const type = (flags & MAP_SHARED) !== 0 ? 'shared' : 'private';
  return `mmap ${what} 0x${length.toString(16)} ${access === '' ? '-' : access} ${type} page ${pgoff}`;
}
