export type { Abi } from './abi/abi.js';
export { RISCV32_ABI, RISCV64_ABI } from './abi/riscv.js';
export { ERRNO_NUMBERS } from './abi/errno-numbers.js';
export {
  Board,
  ENVIRONMENT,
  bootKernel,
  executionMemory,
  startFirst,
  type BoardOptions,
  type ProgramArguments,
  type StartOptions,
} from './boot.js';
export { SYSTEM_CALLS } from './calls/index.js';
export type { Host, StreamKind } from './fs/host-streams.js';
export { Deadlock } from './kernel/deadlock.js';
export { LinuxKernel, type KernelEvents, type RunEnd } from './kernel/kernel.js';
export { mountSystem } from './mount-system.js';
export { signalName } from './signals/numbers.js';
export { boardFor, isRunnable, type RunnableArchitecture } from './processors.js';
export { FaultLog, type LoggedFault } from './report/fault-log.js';
export {
  FETCHED,
  IN_RAM,
  IN_ROM,
  PageUse,
  READ,
  WRITTEN,
  type AnonymousUse,
  type FileUse,
} from './report/page-use.js';
export { Timeline, type Sample } from './report/timeline.js';
