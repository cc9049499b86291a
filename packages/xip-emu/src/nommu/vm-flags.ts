import {
  VM_EXEC,
  VM_MAYEXEC,
  VM_MAYOVERLAY,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_READ,
  VM_SHARED,
  VM_WRITE,
} from '../vfs/vm-area.js';
import type { NommuCapabilities } from '../vfs/file.js';
import { MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';

/** The mapping is memory that the kernel allocated for it. */
export const VM_MAPPED_COPY = 0x1000000;

/**
 * The vm_flags of a new mapping. Compare mm/nommu.c:determine_vm_flags().
 *
 * @param capabilities what is left of the file's; undefined for an anonymous mapping.
 */
export function determineVmFlags(
  prot: number,
  flags: number,
  capabilities: NommuCapabilities | undefined,
): number {
  const vmFlags = protBits(prot);
  const all = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
  // Anonymous memory is never shared: there is no fork().
  if (capabilities === undefined) return vmFlags | all;
  if ((flags & MAP_PRIVATE) !== 0) {
    const overlay = (prot & PROT_WRITE) === 0 ? VM_MAYOVERLAY : 0;
    return vmFlags | overlay | (capabilities.direct ? mayBits(capabilities) : all);
  }
  return vmFlags | VM_SHARED | VM_MAYSHARE | mayBits(capabilities);
}

function protBits(prot: number): number {
  return (
    ((prot & PROT_READ) !== 0 ? VM_READ : 0) |
    ((prot & PROT_WRITE) !== 0 ? VM_WRITE : 0) |
    ((prot & PROT_EXEC) !== 0 ? VM_EXEC : 0)
  );
}

function mayBits({ read, write, exec }: NommuCapabilities): number {
  return (read ? VM_MAYREAD : 0) | (write ? VM_MAYWRITE : 0) | (exec ? VM_MAYEXEC : 0);
}
