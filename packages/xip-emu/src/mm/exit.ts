import { setExeFile } from '../vfs/write-access.js';
import type { Mm } from './mm-struct.js';
import { freePageTables, zapRange } from './zap.js';

/** Frees all memory and drops the program's file. Compare kernel/fork.c:mmput(), exit_mmap(). */
export function exitMmap(mm: Mm): void {
  for (const vma of [...mm.vmas]) {
    zapRange(mm, vma.start, vma.end);
    mm.vmas.unlink(vma);
    mm.vmaCache.free(vma);
  }
  freePageTables(mm, 0, mm.taskSize);
  setExeFile(mm, undefined);
}
