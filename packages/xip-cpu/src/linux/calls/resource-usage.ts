import type { Caller } from './call.js';

const MICROSECOND = 1000;
const PER_SECOND = 1_000_000;

/** Writes the struct rusage of that many instructions. All of them count as user time. */
export function writeUsage({ kernel, task }: Caller, address: number, instructions: number): void {
  const micros = Math.floor((instructions * kernel.clock.perInstruction) / MICROSECOND);
  task.space.writeStruct(address, kernel.abi.structs.rusage, {
    utimeSec: Math.floor(micros / PER_SECOND),
    utimeUsec: micros % PER_SECOND,
  });
}
