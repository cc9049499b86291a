import { SyscallError, UnmodelledError } from '../errno.js';
import type { SpecialMapping } from '../arch/architecture.js';
import {
  VM_FAULT_NOPAGE,
  VM_FAULT_OK,
  VM_FAULT_SIGBUS,
  VM_DONTEXPAND,
  VM_EXEC,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_PFNMAP,
  VM_READ,
  type VmOperations,
} from '../vfs/vm-area.js';
import type { Address } from '../units.js';
import type { Mm } from './mm-struct.js';
import { getUnmappedArea } from './unmapped-area.js';

const VDSO = '[vdso]';
const READ = VM_READ | VM_MAYREAD | VM_DONTEXPAND;
const CODE = VM_EXEC | VM_MAYEXEC | VM_MAYWRITE;

/**
 * Maps the pages that the kernel gives a program, such as [vdso], highest below mmap_base: what it
 * chooses afterwards lies below them. They have what the machine was given for them. Compare
 * arch/.../kernel/vdso.c:arch_setup_additional_pages().
 */
export function setupAdditionalPages(mm: Mm): void {
  const { specialMappings } = mm.host.build;
  const pages = specialMappings.reduce((sum, mapping) => sum + mapping.pages, 0);
  if (pages === 0) return;
  let start = getUnmappedArea(mm, 0, pages);
  for (const mapping of specialMappings) {
    const end = start + mapping.pages;
    const vma = mm.vmaCache.alloc(start, end, READ | flagsOf(mapping), 0, undefined);
    vma.ops = specialMapping(mm, mapping);
    mm.vmas.link(vma);
    start = end;
  }
}

/** mm->context.vdso: where [vdso] is; 0 if there is none, or its content is not known. */
export function vdsoAddress({ host, vmas }: Mm): Address {
  if (host.specialPage(VDSO, 0) === undefined) return 0;
  for (const { ops, start } of vmas)
    if (ops?.name === VDSO) return start * host.build.geometry.size;
  return 0;
}

function flagsOf({ executable, pfnmap }: SpecialMapping): number {
  return (executable ? CODE : 0) | (pfnmap ? VM_PFNMAP : 0);
}

function specialMapping({ host }: Mm, { name, pfnmap }: SpecialMapping): VmOperations {
  return {
    name,
    /** Compare mm/mmap.c:special_mapping_split(). */
    maySplit() {
      throw new SyscallError('EINVAL', `${name} cannot be split`);
    },
    /** Compare mm/mmap.c:special_mapping_fault(), arch/riscv/kernel/vdso.c:vvar_fault(). */
    fault(fault) {
      const frame = host.specialPage(name, fault.pgoff);
      if (frame === undefined) throw new UnmodelledError(`the content of ${name}`);
      if (frame === 'none') return VM_FAULT_SIGBUS;
      fault.frame = frame;
      if (!pfnmap) return VM_FAULT_OK;
      fault.vma.mm.insertPfn(fault.vma, fault.vpn, frame);
      return VM_FAULT_NOPAGE;
    },
  };
}
