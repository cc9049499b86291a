import { UnmodelledError } from '../errno.js';
import { VM_DONTEXPAND, VM_EXEC, VM_MAYEXEC, VM_MAYREAD, VM_READ } from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';
import { getUnmappedArea } from './unmapped-area.js';
import { Vma } from './vma.js';

/** [vvar] and [vdso] of RISC-V. */
const VDSO_PAGES = 4;

/**
 * The pages that exec puts highest below mmap_base: what the kernel chooses afterwards lies below
 * them. They cannot be used. Compare arch/riscv/kernel/vdso.c:__setup_additional_pages().
 */
export function installVdso(mm: Mm): void {
  const start = getUnmappedArea(mm, 0, VDSO_PAGES);
  const flags = VM_READ | VM_EXEC | VM_MAYREAD | VM_MAYEXEC | VM_DONTEXPAND;
  const vma = new Vma(mm, start, start + VDSO_PAGES, flags, 0, undefined);
  vma.ops = {
    fault() {
      throw new UnmodelledError('the content of [vdso]');
    },
  };
  mm.link(vma);
}
