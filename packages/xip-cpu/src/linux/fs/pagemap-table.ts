import { SyscallError, pagemapEntries, type MmuMemory } from 'xip-emu';
import type { PseudoTable } from './pseudo-fs.js';

/** PM_ENTRY_BYTES */
const ENTRY_BYTES = 8;

/** /proc/PID/pagemap: 64 bits for each page of the address space. Compare fs/proc/task_mmu.c:pagemap_read(). */
export function pagemapTable({ mm }: MmuMemory): PseudoTable {
  return {
    type: 'table',
    readAt(position, length) {
      if (position % ENTRY_BYTES !== 0 || length % ENTRY_BYTES !== 0) {
        throw new SyscallError('EINVAL', 'not whole entries');
      }
      const { size } = mm.geometry;
      const first = Math.min(position / ENTRY_BYTES, mm.taskSize);
      const pages = Math.min(length / ENTRY_BYTES, mm.taskSize - first);
      const entries = pagemapEntries(mm, first * size, pages * size);
      return new Uint8Array(entries.buffer);
    },
  };
}
