import { LinearMemory, RiscvProcessor, type Access, type UserMemory, type Xlen } from 'xip-cpu';
import { describe, expect, test } from 'vitest';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  type Process,
  type TraceEvent,
} from 'xip-emu';
import { FlatRange } from '../helpers/flat-memory.js';
import { START, randomProgram } from '../helpers/riscv-programs.js';

/*
 * What a processor does to memory: the pages that it asks for are those that instructions touch, in that order; and on
 * the memory of an emulated Linux it takes the faults, and sees what others write.
 */

const PAGE_SIZE = 4096;
const SIZE = 8 << 20;

/** Remembers the first access of each kind to each page, in order. */
class Watched extends FlatRange {
  readonly touched = new Set<string>();
  override frameBytes(address: number, access: Access): number {
    const place = super.frameBytes(address, access);
    this.touched.add(`${access} ${Math.floor(address / PAGE_SIZE)}`);
    return place;
  }
}

function touchedBy(program: Uint8Array, xlen: Xlen, isPlain: boolean): readonly string[] {
  const memory = new Watched(START, SIZE);
  memory.bytes.set(program);
  const processor = new RiscvProcessor(memory.linear, xlen);
  processor.use(memory);
  processor.pc = new DataView(program.buffer).getUint32(24, true);
  // Run one by one, each instruction asks for all its pages, as in a plain interpreter.
  while (processor.run(isPlain ? 1 : 1e9).kind === 'limit') memory.generation += 1;
  return [...memory.touched];
}

test.each<[Xlen, number]>([
  [64, 1],
  [64, 2],
  [32, 3],
])(
  'RV%i touches the pages that instruction by instruction are touched, in that order',
  (xlen, seed) => {
    const { elf } = randomProgram(xlen, 500 + seed, 60, 24);
    const plain = touchedBy(elf, xlen, true);
    expect(plain.length).toBeGreaterThan(15);
    expect(touchedBy(elf, xlen, false)).toEqual(plain);
  },
);

const ADDI_A0_1 = 0x00150513; // addi a0, a0, 1
const ADDI_A0_7 = 0x00750513; // addi a0, a0, 7
const SD_A0_A2 = 0x00a63023; // sd a0, 0(a2)
const ECALL = 0x00000073;
const A0 = 10;
const A2 = 12;

function words(...code: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(code).buffer);
}

describe('on the memory of an emulated Linux', () => {
  const linear = new LinearMemory(128 << 20);
  const machine = new Machine({ pages: linear, ramSize: 16 << 20 });
  machine.mount('tmpfs', 'tmpfs', '/tmp');
  const process = machine.spawn();
  const processor = new RiscvProcessor(linear, 64);

  function spaceOf({ mm }: Process): UserMemory {
    return {
      memory: linear.memory,
      pageShift: 12,
      frameBytes: (address, access) => mm.frameBytes(address, access),
      frameIdentity: (address) => mm.frameIdentity(address),
      get generation() {
        return mm.generation;
      },
      get execGeneration() {
        return mm.execGeneration;
      },
    };
  }

  /** Writes to a file of tmpfs, as write(2) does. */
  function write(path: string, bytes: Uint8Array): void {
    const file = process.open(path, { write: true, create: true });
    process.write(file, bytes);
    process.close(file);
  }

  function mapText(path: string): number {
    const file = process.open(path);
    const text = process.mmap(PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, { file });
    process.close(file);
    return text;
  }

  function execute(at: number): number {
    processor.pc = at;
    processor.write(A0, 0);
    expect(processor.run(1000)).toEqual({ kind: 'syscall' });
    return processor.read(A0);
  }

  test('code that a write(2) changes is executed as it is then', () => {
    write('/tmp/code', words(ADDI_A0_1, ECALL));
    const text = mapText('/tmp/code');
    processor.use(spaceOf(process));
    expect(execute(text)).toBe(1);
    write('/tmp/code', words(ADDI_A0_7, ECALL));
    expect(execute(text)).toBe(7);
    process.munmap(text, PAGE_SIZE);
    processor.pc = text;
    expect(processor.run(10)).toMatchObject({ kind: 'fault', signal: 'SIGSEGV', address: text });
  });

  test('a page of code that is freed and a page of data in its place are told apart', () => {
    write('/tmp/first', words(ADDI_A0_1, ECALL));
    const first = mapText('/tmp/first');
    processor.use(spaceOf(process));
    expect(execute(first)).toBe(1);
    process.munmap(first, PAGE_SIZE);
    process.unlink('/tmp/first');
    write('/tmp/second', words(ADDI_A0_7, ECALL));
    expect(execute(mapText('/tmp/second'))).toBe(7);
  });

  test('a child has the parent’s pages until one of them writes; the event names the instruction', () => {
    write('/tmp/store', words(SD_A0_A2, ECALL));
    const text = mapText('/tmp/store');
    const data = process.mmap(PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
    processor.use(spaceOf(process));
    processor.write(A2, data);
    const store = (value: number): void => {
      processor.pc = text;
      processor.write(A0, value);
      expect(processor.run(10)).toEqual({ kind: 'syscall' });
    };
    store(1);
    const child = machine.fork(process);
    const events: [string, number][] = [];
    machine.trace.sink = (event: TraceEvent) => {
      if (event.type === 'fault') events.push([event.why, processor.pc]);
    };
    store(2);
    processor.use(spaceOf(child));
    store(3);
    machine.trace.sink = undefined;
    // The child was forked without the text pages, which a fault can find again.
    expect(events.filter(([why]) => why !== 'demand' && why !== 'fault-around')).toEqual([
      ['cow', text],
      ['write-enable', text],
    ]);
    expect([process.load(data), child.load(data)]).toEqual([2, 3]);
    child.exit();
  });
});
