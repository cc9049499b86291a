import type { KernelBuild } from 'xip-emu';
import { hex } from '../render/json.js';

/** A kernel's build, as a part of a heading. */
export function kernelText({ arch, mmu, recorded }: KernelBuild): string {
  const kind = `${mmu ? 'with an MMU' : 'without an MMU'} on ${arch.name}`;
  return recorded ? kind : `${kind}, addresses not recorded`;
}

/** The same for JSON results. */
export function kernelJson(build: KernelBuild): unknown {
  const { arch, config, mmu, recorded, taskSize, pageTableLevels, ptrsPerPte } = build;
  return {
    arch: arch.name,
    pointerSize: arch.pointerSize,
    recorded,
    taskSizePages: mmu ? hex(taskSize) : null,
    pageTableLevels: mmu ? pageTableLevels : null,
    ptrsPerPte: mmu ? ptrsPerPte : null,
    config,
  };
}
