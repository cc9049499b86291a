import type { LinearMemory } from '../memory/linear-memory.js';
import type { Processor } from '../processor.js';
import type { Abi } from './abi/abi.js';
import { Board, type BoardOptions } from './boot.js';

/** The parts of a board. */
interface Parts {
  readonly abi: Abi;
  readonly processor: Processor;
}

/** Makes the processor of each architecture. The module is loaded when a program needs it. */
const PROCESSORS = {
  async arm(linear: LinearMemory, mmu: boolean): Promise<Parts> {
    const [{ ArmProcessor }, { ARM_ABI }] = await Promise.all([
      import('../arm/processor.js'),
      import('./abi/arm.js'),
    ]);
    return { abi: ARM_ABI, processor: new ArmProcessor(linear, { profile: mmu ? 'A' : 'M' }) };
  },
  async riscv64(linear: LinearMemory): Promise<Parts> {
    const [{ RiscvProcessor }, { RISCV64_ABI }] = await riscv();
    return { abi: RISCV64_ABI, processor: new RiscvProcessor(linear, 64) };
  },
  async riscv32(linear: LinearMemory): Promise<Parts> {
    const [{ RiscvProcessor }, { RISCV32_ABI }] = await riscv();
    return { abi: RISCV32_ABI, processor: new RiscvProcessor(linear, 32) };
  },
} as const;

/** Architectures whose programs can be executed. */
export type RunnableArchitecture = keyof typeof PROCESSORS;

export function isRunnable(arch: string): arch is RunnableArchitecture {
  return Object.hasOwn(PROCESSORS, arch);
}

function riscv() {
  return Promise.all([import('../riscv/riscv-processor.js'), import('./abi/riscv.js')]);
}

/**
 * Returns a board with a processor of an architecture. @param linear a memory from which nothing
 * was allocated yet.
 */
export async function boardFor(
  arch: RunnableArchitecture,
  { mmu, ...options }: Omit<BoardOptions, keyof Parts> & { readonly mmu: boolean },
): Promise<Board> {
  return new Board({ ...(await PROCESSORS[arch](options.linear, mmu)), ...options });
}
