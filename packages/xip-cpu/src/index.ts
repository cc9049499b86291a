export { ArmProcessor, type ArmOptions } from './arm/processor.js';
export { ForeignPagesError, LinearMemory, LinearMemoryFull } from './memory/linear-memory.js';
export type { Access, UserMemory } from './memory/user-memory.js';
export type { Processor, Stop } from './processor.js';
export { RiscvProcessor } from './riscv/riscv-processor.js';
export type { Xlen } from './riscv/decoder.js';
