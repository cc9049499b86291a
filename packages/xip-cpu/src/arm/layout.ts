/*
 * The places of the processor's registers in linear memory, in the 64 KiB that LinearMemory keeps
 * for a processor: the same as in assembly/arm/state.ts.
 */

export const STATE = 0x400;

/** Offsets from {@link STATE}. */
export const NZ = 0x80;
export const CARRY_FLAG = 0x88;
export const OVERFLOW_FLAG = 0x8c;
export const GE_FLAGS = 0x90;
export const Q_FLAG = 0x94;
export const FPSCR = 0x98;
export const MONITOR_SIZE = 0xa0;
export const TPIDRURO = 0xa4;
export const TPIDRURW = 0xa8;
export const EXIT_OPERATION = 0xac;
export const EXIT_PC = 0xb0;
export const BUDGET = 0xb4;
export const STRICT = 0xb8;
export const FLOATS = 0x100;
/** The end of the state of a thread. */
export const STATE_BYTES = 0x200;

/**
 * Registers that only operations use, after r0 to r14: the target of a branch, the value of the pc,
 * and temporary ones.
 */
export const NEXT_PC = 15;
export const PC_VALUE = 16;
export const T0 = 17;
export const T1 = 18;
/** A register that is always zero. */
export const ZERO = 19;

/** The page of the kernel's user helpers. */
export const HELPERS = 0x1000;

/** Return values of the loop. */
export const LOOKUP = 0;
