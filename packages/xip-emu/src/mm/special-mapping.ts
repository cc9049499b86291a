import { UnmodelledError } from '../errno.js';
import {
  VM_DONTEXPAND,
  VM_EXEC,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_PFNMAP,
  VM_READ,
  type VmOperations,
} from '../vfs/vm-area.js';
import type { Mm } from './mm-struct.js';
import { getUnmappedArea } from './unmapped-area.js';

/** Pages of [vvar] and of [vdso] on RISC-V. */
const VVAR_PAGES = 2;
const VDSO_PAGES = 2;

/**
 * The pages that exec puts highest below mmap_base: what the kernel chooses afterwards lies below
 * them. They cannot be used. Compare arch/riscv/kernel/vdso.c:__setup_additional_pages().
 */
export function installVdso(mm: Mm): void {
  const start = getUnmappedArea(mm, 0, VVAR_PAGES + VDSO_PAGES);
  const text = start + VVAR_PAGES;
  const read = VM_READ | VM_MAYREAD | VM_DONTEXPAND;
  const vvar = mm.newVma(start, text, read | VM_PFNMAP, 0, undefined);
  vvar.ops = specialMapping('[vvar]');
  mm.link(vvar);
  const exec = VM_EXEC | VM_MAYEXEC | VM_MAYWRITE;
  const vdso = mm.newVma(text, text + VDSO_PAGES, read | exec, 0, undefined);
  vdso.ops = specialMapping('[vdso]');
  mm.link(vdso);
}

function specialMapping(name: string): VmOperations {
  return {
    name,
    fault() {
      throw new UnmodelledError(`the content of ${name}`);
    },
  };
}
