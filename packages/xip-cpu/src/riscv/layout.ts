/*
 * The addresses of the interpreter's state in linear memory, before those of the TLBs
 * (src/memory/layout.ts). assembly/riscv/ imports the numbers from here.
 */

/** The pc, and the address of the page whose code is executed: 64 bits. */
export const PC = 16;
export const PAGE_BASE = 24;
/** The operation that is executed, set when the loop calls TypeScript: 32 bits. */
export const CURRENT = 32;
/**
 * Instructions that may still be executed, and those that were executed when it is 0. LEFT is exact
 * when the loop returns or calls TypeScript.
 */
export const LEFT = 36;
export const EXECUTED = 40;
/** The address that LR has reserved (-1: none), and the value found there: 64 bits. */
export const RESERVED = 48;
export const RESERVED_VALUE = 56;
/** fflags and frm: 32 bits. */
export const FFLAGS = 64;
export const FRM = 68;
/** The value of a store that TypeScript makes: 64 bits. */
export const STORED = 72;
/** Bytes that are in two pages, or that cannot be read in place: 64 bits. */
export const GATHERED = 80;

/** Flag in the size of a read: the bytes will be stored to. */
export const FOR_STORE = 16;

/** x0 to x31, the target of writes to x0, f0 to f31: 64 bits each. */
export const REGISTERS = 256;
export const SINK = 32;
export const FLOAT_REGISTERS = 33;

/**
 * An operation has 16 bytes: its number at 0, and from 2 on rd, rs1 and rs2, as offsets from
 * REGISTERS of 16 bits each.
 */
export const OPERATION_SHIFT = 4;
export const OP_RD = 2;
export const OP_RS1 = 4;
export const OP_RS2 = 6;
/** 32 bits: the immediate; for a jump the target, relative to the page. */
export const OP_IMMEDIATE = 8;
/** 16 bits: the offset of the instruction in its page. */
export const OP_PLACE = 12;
/** 16 bits: the length, the rounding mode, or the number within a group. */
export const OP_EXTRA = 14;
/** 32 bits, for a jump: the operation of its target; 0 = not known, or in another page. */
export const OP_LINK = 12;

/**
 * 32 bits, for an instruction that lies in two pages: the operation that executes it while the map
 * of the next page is the one at OP_IMMEDIATE.
 */
export const OP_CROSSED = 4;

/** Reasons why the loop returns. */
export const LEAVE_LIMIT = 0;
export const LEAVE_LOOKUP = 1;
export const LEAVE_FAULT = 2;
export const LEAVE_ECALL = 3;
export const LEAVE_EBREAK = 4;
export const LEAVE_ILLEGAL = 5;
/** A store has changed code: the next instruction must be looked up again. */
export const LEAVE_CHANGED = 6;
export const LEAVE_CROSS = 7;
export const LEAVE_STOP = 8;
