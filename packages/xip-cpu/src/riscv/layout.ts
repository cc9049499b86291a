/*
 * Where the interpreter's loop has its state in linear memory: the first 64 KiB, which LinearMemory keeps for a
 * processor. assembly/riscv/ imports the numbers from here.
 */

/** The pc, and the address of the page of code that is executed: 64 bits. */
export const PC = 16;
export const PAGE_BASE = 24;
/** Operation that is executed, while the loop has called TypeScript: 32 bits. */
export const CURRENT = 32;
/** Instructions that may still be executed, and those that were, at the start of the loop. */
export const LEFT = 36;
export const EXECUTED = 40;
/** Address that LR has reserved, and what was there; -1: none. 64 bits. */
export const RESERVED = 48;
export const RESERVED_VALUE = 56;
/** fflags and frm: 32 bits. */
export const FFLAGS = 64;
export const FRM = 68;
/** What a store that goes the slow way stores: 64 bits. */
export const STORED = 72;
/** Bytes that are not in one page, or not to be read in place: 64 bits. */
export const GATHERED = 80;

/** In the size of a read: what is there will be stored to. */
export const FOR_STORE = 16;

/** x0 to x31, what x0 is written to, f0 to f31: 64 bits each. */
export const REGISTERS = 256;
export const SINK = 32;
export const FLOAT_REGISTERS = 33;

/** TLBs: 64 bits of page number and 32 bits of place, 16 bytes an entry. */
export const TLB_ENTRIES = 256;
export const TLB_ENTRY_SHIFT = 4;
export const READ_TLB = 4096;
export const WRITE_TLB = 8192;
/** The place is that of the page's map: 32 bits for each halfword, 0 or the operation there. */
export const FETCH_TLB = 12288;

/**
 * An operation, 16 bytes: its number at 0, and, from 2 on, 16 bits each, rd, rs1 and rs2 as offsets from REGISTERS.
 */
export const OPERATION_SHIFT = 4;
export const OP_RD = 2;
export const OP_RS1 = 4;
export const OP_RS2 = 6;
/** 32 bits: the immediate; of a jump the target, relative to the page. */
export const OP_IMMEDIATE = 8;
/** 16 bits: where the instruction is in its page. */
export const OP_PLACE = 12;
/** 16 bits: length, rounding mode, or which operation of a group. */
export const OP_EXTRA = 14;
/** 32 bits, of a jump: the operation of its target; 0 = not known, or in another page. */
export const OP_LINK = 12;

/**
 * 32 bits, of an instruction that lies in two pages: what is executed for it, if the map of the next page is that at
 * OP_IMMEDIATE.
 */
export const OP_CROSSED = 4;

/** Why the loop has ended. */
export const LEAVE_LIMIT = 0;
export const LEAVE_LOOKUP = 1;
export const LEAVE_FAULT = 2;
export const LEAVE_ECALL = 3;
export const LEAVE_EBREAK = 4;
export const LEAVE_ILLEGAL = 5;
/** A store has changed code: what comes next has to be looked up. */
export const LEAVE_CHANGED = 6;
export const LEAVE_CROSS = 7;
export const LEAVE_STOP = 8;
