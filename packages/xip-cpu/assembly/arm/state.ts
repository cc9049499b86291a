/* The processor's registers in memory, the fields of an operation, and the flags. */

/** The address of the state. TypeScript writes it, too: src/arm/layout.ts has the same places. */
export const STATE: usize = 0x400;

/**
 * N is the sign of these 64 bits, and Z is set if the lower 32 are zero: a sign-extended result
 * gives both.
 */
export const NZ: usize = STATE + 0x80;
/** The carry: 0 or 1. */
export const C: usize = STATE + 0x88;
/** Its sign is the overflow flag. */
export const V: usize = STATE + 0x8c;
/** The GE flags: four bits. */
export const GE: usize = STATE + 0x90;
export const Q: usize = STATE + 0x94;
export const FPSCR: usize = STATE + 0x98;
/** The address of the exclusive monitor, and the number of its bytes, 0 if it is open. */
export const MONITOR: usize = STATE + 0x9c;
export const MONITOR_SIZE: usize = STATE + 0xa0;
export const TPIDRURO: usize = STATE + 0xa4;
export const TPIDRURW: usize = STATE + 0xa8;
/** Where the run stopped: the operation, and the pc with the Thumb bit. */
export const EXIT_OPERATION: usize = STATE + 0xac;
export const EXIT_PC: usize = STATE + 0xb0;
/** The number of instructions that the run may still execute. */
export const BUDGET: usize = STATE + 0xb4;
/** Whether LDM, STM, LDRD and STRD need aligned addresses; otherwise Linux completes them. */
export const STRICT: usize = STATE + 0xb8;
export const FLOATS: usize = STATE + 0x100;

@inline
export function d(p: usize): usize {
  return <usize>load<u8>(p, 2);
}

@inline
export function setD(p: usize, value: u32): void {
  store<u32>(<usize>load<u8>(p, 2), value, STATE);
}

@inline
export function getD(p: usize): u32 {
  return load<u32>(<usize>load<u8>(p, 2), STATE);
}

@inline
export function getN(p: usize): u32 {
  return load<u32>(<usize>load<u8>(p, 3), STATE);
}

@inline
export function setN(p: usize, value: u32): void {
  store<u32>(<usize>load<u8>(p, 3), value, STATE);
}

@inline
export function getM(p: usize): u32 {
  return load<u32>(<usize>load<u8>(p, 4), STATE);
}

@inline
export function getA(p: usize): u32 {
  return load<u32>(<usize>load<u8>(p, 5), STATE);
}

@inline
export function setA(p: usize, value: u32): void {
  store<u32>(<usize>load<u8>(p, 5), value, STATE);
}

@inline
export function aux(p: usize): u32 {
  return load<u8>(p, 6);
}

@inline
export function count(p: usize): i32 {
  return load<u8>(p, 7);
}

@inline
export function imm(p: usize): u32 {
  return load<u32>(p, 8);
}

@inline
export function second(p: usize): u32 {
  return load<u32>(p, 12);
}

@inline
export function setNZ(result: u32): void {
  store<i64>(NZ, <i64>(<i32>result));
}

@inline
export function carry(): u32 {
  return load<u32>(C);
}

@inline
export function zero(): bool {
  return load<u32>(NZ) == 0;
}

@inline
export function negative(): bool {
  return load<i32>(NZ, 4) < 0;
}

@inline
export function overflow(): bool {
  return load<i32>(V) < 0;
}

/** N equals V. */
@inline
export function notLess(): bool {
  return (load<i32>(NZ, 4) ^ load<i32>(V)) >= 0;
}
