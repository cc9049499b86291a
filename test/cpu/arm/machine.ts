import { ArmProcessor, LinearMemory } from 'xip-cpu';
import { FlatMemory } from '../../helpers/flat-memory.js';

/** Where code, data and the end of a sequence are, here and in host.c. */
export const CODE = 0x20000000;
export const DATA = 0x30000000;
export const LEAVE = 0x10000000;
export const CODE_BYTES = 256;
export const DATA_BYTES = 512;

/** What a sequence begins or ends with. */
export interface State {
  /** r0 to r14. */
  readonly registers: Uint32Array;
  readonly cpsr: number;
  readonly fpscr: number;
  readonly floats: BigUint64Array;
  readonly data: Uint8Array;
}

/** N, Z, C, V, Q and GE. */
export const FLAGS = 0xf80f0000;
const SVC = 0xef000000;

/** A processor with the pages of a sequence. */
export class Machine {
  readonly processor: ArmProcessor;
  readonly code: Uint8Array;
  private readonly data: Uint8Array;
  private readonly memory: FlatMemory;

  constructor(profile: 'A' | 'M' = 'A') {
    const linear = new LinearMemory(4 << 20);
    this.processor = new ArmProcessor(linear, { profile, alignment: 'signal', cache: 1 << 20 });
    this.memory = new FlatMemory(linear);
    this.code = this.memory.map(CODE, 4096, ['fetch', 'read']);
    this.data = this.memory.map(DATA, 4096, ['read', 'write']);
    const leave = this.memory.map(LEAVE, 4096, ['fetch']);
    new DataView(leave.buffer, leave.byteOffset).setUint32(0, SVC, true);
    this.processor.use(this.memory);
  }

  /** Writes code at a place and zeros after it; what was decoded of it is dropped. */
  write(code: Uint8Array, at = 0): void {
    this.code.fill(0, at);
    this.code.set(code, at);
    this.memory.execGeneration++;
    this.processor.use(this.memory);
  }

  set(state: State): void {
    const { processor } = this;
    state.registers.forEach((value, index) => {
      processor.write(index, value);
    });
    processor.cpsr = state.cpsr;
    processor.writeFloat(32, BigInt(state.fpscr));
    state.floats.forEach((value, index) => {
      processor.writeFloat(index, value);
    });
    this.data.fill(0);
    this.data.set(state.data);
    processor.clearReservation();
  }

  /** All of it, ITSTATE too. @returns what goes back. */
  checkpoint(): () => void {
    const registers = this.processor.save();
    const data = this.data.slice();
    return () => {
      this.processor.restore(registers);
      this.data.set(data);
    };
  }

  /** Whether the next instruction is in an IT block. */
  get inIt(): boolean {
    return (this.processor.cpsr & 0x0600fc00) !== 0;
  }

  get(): State {
    const { processor } = this;
    return {
      registers: Uint32Array.from({ length: 15 }, (_, index) => processor.readUnsigned(index)),
      cpsr: (processor.cpsr & FLAGS) >>> 0,
      fpscr: Number(processor.readFloat(32)),
      floats: BigUint64Array.from({ length: 32 }, (_, index) => processor.readFloat(index)),
      data: this.data.slice(0, DATA_BYTES),
    };
  }
}
