import { isSyscallError } from 'xip-emu';
import { ArmProcessor } from '../../arm/processor.js';
import { FAULT_CODES, SIGSEGV } from '../signals/numbers.js';
import { forceSignal } from '../signals/send.js';
import type { LinuxKernel } from './kernel.js';
import type { Task } from './task.js';

/** SWP and SWPB of A32: cccc 00010 b00 nnnn tttt 0000 1001 mmmm */
const MASK = 0x0fb00ff0;
const VALUE = 0x01000090;
const BYTE = 1 << 22;
/** Undefined with this condition. */
const UNCONDITIONAL = 15;

/**
 * Executes SWP and SWPB, which ARMv7 has no longer, for a program, as a kernel with CONFIG_SWP_EMULATE does: by a load and
 * a store. A bad address, and a word that is not aligned, are SIGSEGV at the instruction. Compare
 * arch/arm/kernel/swp_emulate.c:swp_handler().
 *
 * @returns false for all other instructions.
 */
export function emulateSwp(kernel: LinuxKernel, task: Task, encoding: number): boolean {
  const { processor } = kernel;
  if (!(processor instanceof ArmProcessor) || processor.thumb) return false;
  if ((encoding & MASK) !== VALUE || encoding >>> 28 === UNCONDITIONAL) return false;
  const address = processor.readUnsigned((encoding >>> 16) & 15);
  const target = (encoding >>> 12) & 15;
  const bytes = Uint8Array.from([0, 8, 16, 24], (shift) => processor.read(encoding & 15) >> shift);
  const length = (encoding & BYTE) === 0 ? 4 : 1;
  try {
    const old = address % length === 0 ? task.space.read(address, length) : undefined;
    if (old !== undefined) {
      task.space.write(address, bytes.subarray(0, length));
      processor.clearReservation();
      processor.write(
        target,
        old.reduceRight((value, byte) => value * 256 + byte, 0),
      );
      processor.pc += 4;
      return true;
    }
  } catch (error) {
    if (!isSyscallError(error, 'EFAULT')) throw error;
  }
  const isMapped = [...task.mm.areas()].some(({ end }) => address < end);
  const code = FAULT_CODES[isMapped ? 'ACCERR' : 'MAPERR']!;
  forceSignal(task, { signal: SIGSEGV, code, address: processor.pc });
  return true;
}
