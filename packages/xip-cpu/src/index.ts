export { LinearMemory, LinearMemoryFull } from './memory/linear-memory.js';
export type { Access, UserMemory } from './memory/user-memory.js';
export type { Processor, Stop } from './processor.js';
