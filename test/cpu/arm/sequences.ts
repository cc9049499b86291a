import { CODE, CODE_BYTES, DATA, DATA_BYTES, LEAVE, Machine, type State } from './machine.js';

/** A source of random numbers that gives the same ones for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return (x ^ (x >>> 14)) >>> 0;
  };
}

export interface Sequence {
  readonly thumb: boolean;
  readonly before: State;
  readonly code: Uint8Array;
  /** Names of the instructions, for the report of a difference. */
  readonly names: readonly string[];
}

/** An instruction as the decoder's table has it, and how it is written. */
export interface Candidate {
  readonly name: string;
  /** Fixed bits. */
  readonly mask: number;
  readonly value: number;
  /** Bytes; 5 is 4 in two halfwords, the first above. */
  readonly size: 2 | 4 | 5;
  /** The bits as they are in memory, from those that the table has. */
  encode(word: number): number;
}

const SINGLES = [
  0, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffc12345,
  1, 0x80000001, 0x00800000, 0x007fffff, 0x7f7fffff, 0x33800000, 0x4b000001, 0x4effffff, 0x4f000000,
  0xcf000000, 0x3f000000, 0x3fc00000, 0x477fe000, 0x38800000, 0x33000001,
];

const DOUBLES = [
  0n,
  0x8000000000000000n,
  0x3ff0000000000000n,
  0xbff0000000000000n,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x7ff8000000000000n,
  0x7ff0000000000001n,
  0xfff8123400000000n,
  1n,
  0x0010000000000000n,
  0x000fffffffffffffn,
  0x7fefffffffffffffn,
  0x3ca0000000000000n,
  0x41dfffffffc00000n,
  0x41e0000000000000n,
  0xc1e0000000000000n,
  0x3fe0000000000000n,
  0x36a0000000000000n,
  0x47efffffe0000000n,
  0x380fffffffffffffn,
];

function word(random: () => number): number {
  switch (random() % 8) {
    case 0:
    case 1:
    case 2:
      return DATA + 64 + (random() % 96) * 4;
    case 3:
      return random() % 64;
    case 4:
      return [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x8000, 0x7fff8000, 0x80008000][
        random() % 8
      ]!;
    case 5:
      return -(random() % 64) >>> 0;
    default:
      return random();
  }
}

function float(random: () => number): bigint {
  switch (random() % 6) {
    case 0:
      return DOUBLES[random() % DOUBLES.length]!;
    case 1:
    case 2: {
      const pick = (): bigint => BigInt(SINGLES[random() % SINGLES.length]!);
      return (pick() << 32n) | pick();
    }
    case 3: {
      const near = (): bigint => BigInt(((random() & 0x87ffffff) | 0x38000000) >>> 0);
      return (near() << 32n) | near();
    }
    case 4:
      return (BigInt(((random() & 0x803fffff) | 0x3fc00000) >>> 0) << 32n) | BigInt(random());
    default:
      return (BigInt(random()) << 32n) | BigInt(random());
  }
}

/** Modes of FPSCR: mostly what programs run with. */
function fpscr(random: () => number): number {
  if (random() % 2 === 0) return random() % 2 === 0 ? 0 : 0x10;
  return (random() & 0xf3c00010) >>> 0;
}

export function randomState(random: () => number): State {
  return {
    registers: Uint32Array.from({ length: 15 }, (_, index) =>
      index === 13 ? DATA + 256 : word(random),
    ),
    cpsr: ((random() & 0xf80f0000) | 0x10) >>> 0,
    fpscr: fpscr(random),
    floats: BigUint64Array.from({ length: 32 }, () => float(random)),
    data: Uint8Array.from({ length: DATA_BYTES }, () => random() & 0xff),
  };
}

const NOP_16 = 0xbf00;
const NOP_32 = 0xe320f000;
/** Code that the end of a sequence may take. */
const END_BYTES = 16;

/**
 * Builds a sequence of random instructions that run through: each was tried on the processor first, and
 * dropped where it faults, is not defined, or branches elsewhere than a little forward.
 */
export class SequenceBuilder {
  private readonly machine = new Machine();

  build(
    random: () => number,
    thumb: boolean,
    candidates: readonly Candidate[],
    length: number,
    count: (name: string) => void,
  ): Sequence {
    const { machine } = this;
    const { processor } = machine;
    const before = randomState(random);
    const code = new Uint8Array(CODE_BYTES);
    const names: string[] = [];
    let at = 0;
    machine.set(before);
    processor.pc = CODE + (thumb ? 1 : 0);
    for (let tries = 0; tries < length * 20 && names.length < length; tries++) {
      const candidate = candidates[random() % candidates.length]!;
      if (isOpen(names, candidate.name)) continue;
      const bits = ((random() & ~candidate.mask) | candidate.value) >>> 0;
      const goBack = machine.checkpoint();
      const size = put(code, at, candidate.encode(bits), candidate.size);
      machine.write(code.subarray(at, at + size), at);
      const stop = processor.run(1);
      const moved = processor.pc - (CODE + at);
      const goes = moved >= size && moved <= 32 && moved % 4 === size % 4;
      if (stop.kind !== 'limit' || processor.thumb !== thumb || !goes) {
        code.fill(0, at);
        goBack();
        continue;
      }
      names.push(candidate.name);
      count(candidate.name);
      at += size;
      while (at < processor.pc - CODE) at += put(code, at, thumb ? NOP_16 : NOP_32, thumb ? 2 : 4);
      if (at > CODE_BYTES - END_BYTES - 36) break;
    }
    // Fill the rest of an IT block.
    for (let i = 0; i < 4 && machine.inIt; i++) at += put(code, at, NOP_16, 2);
    this.end(code, at, thumb);
    return { thumb, before, code, names };
  }

  /** Runs a sequence to its end. */
  run({ thumb, before, code }: Sequence): State {
    const { machine } = this;
    machine.write(code);
    machine.set(before);
    machine.processor.pc = CODE + (thumb ? 1 : 0);
    const stop = machine.processor.run(10_000);
    if (stop.kind !== 'syscall') throw new Error(`a sequence ends with ${JSON.stringify(stop)}`);
    return machine.get();
  }

  private end(code: Uint8Array, from: number, thumb: boolean): void {
    let at = from;
    if (thumb) {
      if (at % 4 !== 0) at += put(code, at, NOP_16, 2);
      // ldr.w pc, [pc, #0]
      at += put(code, at, 0xf8dff000, 4 | 1);
    } else {
      // ldr pc, [pc, #-4]
      at += put(code, at, 0xe51ff004, 4);
    }
    put(code, at, LEAVE, 4);
  }
}

/**
 * Whether a store would end an exclusive access that a load has begun: of another size than the load it may succeed or
 * not.
 */
function isOpen(names: readonly string[], next: string): boolean {
  return /^ST(?:R|L)EX/.test(next) && names.some((name) => /^LD(?:R|A)EX/.test(name));
}

/** Writes an instruction; a size with bit 0 is two halfwords, the first above. @returns its bytes. */
function put(code: Uint8Array, at: number, bits: number, size: number): number {
  const view = new DataView(code.buffer, code.byteOffset);
  if (size === 2) view.setUint16(at, bits, true);
  else if (size === 4) view.setUint32(at, bits, true);
  else {
    view.setUint16(at, bits >>> 16, true);
    view.setUint16(at + 2, bits & 0xffff, true);
  }
  return size & ~1;
}
