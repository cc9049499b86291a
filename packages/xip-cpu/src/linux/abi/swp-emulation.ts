import { isSyscallError } from 'xip-emu';
import type { Processor } from '../../processor.js';
import type { CopyUser, Emulation } from './abi.js';
import { armOf } from './arm-processor.js';

/** SWP and SWPB of A32: cccc 00010 b00 nnnn tttt 0000 1001 mmmm */
const MASK = 0x0fb00ff0;
const VALUE = 0x01000090;
const BYTE = 1 << 22;
/** Undefined with this condition. */
const UNCONDITIONAL = 15;

/**
 * Executes SWP and SWPB, which ARMv7 no longer has, for a program, as a kernel with CONFIG_SWP_EMULATE does: by a load and
 * a store. A bad address and a word that is not aligned are faults. Compare
 * arch/arm/kernel/swp_emulate.c:swp_handler().
 *
 * @returns undefined for all other instructions.
 */
export function emulateSwp(
  processor: Processor,
  memory: CopyUser,
  encoding: number,
): Emulation | undefined {
  if (armOf(processor).thumb || encoding >>> 28 === UNCONDITIONAL) return undefined;
  if ((encoding & MASK) !== VALUE) return undefined;
  const address = processor.readUnsigned((encoding >>> 16) & 15);
  const given = processor.read(encoding & 15);
  const bytes = Uint8Array.from([0, 8, 16, 24], (shift) => given >> shift);
  const length = (encoding & BYTE) === 0 ? 4 : 1;
  if (address % length !== 0) return { fault: address };
  let old: Uint8Array;
  try {
    old = memory.read(address, length);
    memory.write(address, bytes.subarray(0, length));
  } catch (error) {
    if (!isSyscallError(error, 'EFAULT')) throw error;
    return { fault: address };
  }
  processor.clearReservation();
  const value = old.reduceRight((sum, byte) => sum * 256 + byte, 0);
  processor.write((encoding >>> 12) & 15, value);
  processor.pc += 4;
  return {};
}
