import { expect, test } from 'vitest';
import { LinearMemory } from '../memory/linear-memory.js';
import type { Access, UserMemory } from '../memory/user-memory.js';
import { ArmProcessor, type ArmOptions } from './processor.js';
import { MemoryFault } from '../memory/fault.js';

const PAGE = 4096;
const CODE = 0x8000;
const DATA = 0x20000;

/** Two pages of code and two of data. It records every request of the processor. */
class Pages implements UserMemory {
  readonly memory: WebAssembly.Memory;
  readonly pageShift = 12;
  generation = 0;
  execGeneration = 0;
  readonly asked: string[] = [];
  readonly places = new Map<number, number>();

  constructor(linear: LinearMemory) {
    this.memory = linear.memory;
    for (const page of [CODE, CODE + PAGE, DATA, DATA + PAGE]) {
      this.places.set(page, linear.allocate(PAGE).byteOffset);
    }
  }

  bytes(address: number): DataView {
    const page = address - (address % PAGE);
    return new DataView(this.memory.buffer, this.places.get(page)! + (address % PAGE));
  }

  frameBytes(address: number, access: Access): number {
    const page = address - (address % PAGE);
    this.asked.push(`${access} ${page.toString(16)}`);
    const place = this.places.get(page);
    if (place === undefined) throw new MemoryFault('SIGSEGV', 'MAPERR', address);
    return place;
  }

  frameIdentity(address: number): number {
    return this.places.get(address - (address % PAGE))!;
  }
}

function machine(options?: ArmOptions): { processor: ArmProcessor; pages: Pages } {
  const linear = new LinearMemory(4 << 20);
  const processor = new ArmProcessor(linear, { cache: 1 << 20, ...options });
  const pages = new Pages(linear);
  processor.use(pages);
  return { processor, pages };
}

function thumb(pages: Pages, address: number, code: readonly number[]): void {
  code.forEach((half, index) => {
    pages.bytes(address + index * 2).setUint16(0, half, true);
  });
}

function arm(pages: Pages, address: number, code: readonly number[]): void {
  code.forEach((word, index) => {
    pages.bytes(address + index * 4).setUint32(0, word, true);
  });
}

/** movs r0, #100; 1: subs r0, #1; bne 1b; svc 0 */
const LOOP = [0x2064, 0x3801, 0xd1fd, 0xdf00];

test('as many instructions are executed as the limit says, wherever that is', () => {
  const whole = machine();
  thumb(whole.pages, CODE, LOOP);
  whole.processor.pc = CODE + 1;
  expect(whole.processor.run(10_000)).toEqual({ kind: 'syscall' });
  expect(whole.processor.executed).toBe(202);
  for (const limit of [1, 2, 3, 63, 64, 65, 100, 130]) {
    const { processor, pages } = machine();
    thumb(pages, CODE, LOOP);
    processor.pc = CODE + 1;
    expect(processor.run(limit)).toEqual({ kind: 'limit' });
    expect(processor.executed).toBe(limit);
    expect(processor.read(0)).toBe(limit === 1 ? 100 : 100 - Math.floor(limit / 2));
    expect(processor.run(10_000)).toEqual({ kind: 'syscall' });
    expect([processor.executed, processor.pc]).toEqual([202, CODE + 8]);
  }
});

test('a page is fetched once, and only when it is entered', () => {
  const { processor, pages } = machine();
  thumb(pages, CODE, LOOP);
  processor.pc = CODE + 1;
  processor.run(10_000);
  expect(pages.asked).toEqual(['fetch 8000']);
});

test('a fault leaves the registers as before the instruction, and the pc at it', () => {
  const { processor, pages } = machine();
  // movs r0, #1; ldmia r1!, {r2, r3}, whose second word is on no page
  thumb(pages, CODE, [0x2001, 0xc90c]);
  processor.pc = CODE + 1;
  const address = DATA + 2 * PAGE - 4;
  processor.write(1, address);
  processor.write(2, 7);
  const stop = processor.run(100);
  expect(stop).toEqual({ kind: 'fault', signal: 'SIGSEGV', code: 'MAPERR', address: address + 4 });
  expect([processor.read(0), processor.read(1), processor.read(2)]).toEqual([1, address, 7]);
  expect([processor.pc, processor.executed]).toEqual([CODE + 2, 1]);
});

test('loads and stores across pages take the faults of both before anything is stored', () => {
  const { processor, pages } = machine();
  // str r0, [r1]; ldr r2, [r1]; str r0, [r3]
  arm(pages, CODE, [0xe5810000, 0xe5912000, 0xe5830000]);
  processor.pc = CODE;
  processor.write(0, 0x11223344);
  processor.write(1, DATA + PAGE - 2);
  processor.write(3, DATA + 2 * PAGE - 2);
  expect(processor.run(100)).toMatchObject({ kind: 'fault', address: DATA + 2 * PAGE });
  expect(processor.read(2)).toBe(0x11223344);
  expect(pages.bytes(DATA + 2 * PAGE - 2).getUint16(0, true)).toBe(0);
});

test('an IT block and a 32-bit instruction go on across the end of a page', () => {
  const { processor, pages } = machine();
  // cmp r0, r0; ite eq; | moveq r1, #1; movne r1, #2
  thumb(pages, CODE + PAGE - 4, [0x4280, 0xbf0c, 0x2101, 0x2102, 0xdf00]);
  processor.pc = CODE + PAGE - 4 + 1;
  expect(processor.run(1000)).toEqual({ kind: 'syscall' });
  expect([processor.read(1), processor.executed]).toEqual([1, 5]);
  // add.w r0, r0, #0x55 with a half on each page; svc 0
  const other = machine();
  thumb(other.pages, CODE + PAGE - 2, [0xf100, 0x0055, 0xdf00]);
  other.processor.pc = CODE + PAGE - 2 + 1;
  expect(other.processor.run(1000)).toEqual({ kind: 'syscall' });
  expect([other.processor.read(0), other.processor.executed]).toEqual([0x55, 2]);
  expect(other.pages.asked).toContain('fetch 9000');
});

test('a store to code that was executed counts from the next branch into it', () => {
  const { processor, pages } = machine();
  // str r0, [r1]; bx r2, to: movs r3, #1; svc 0
  thumb(pages, CODE, [0x6008, 0x4710]);
  thumb(pages, CODE + 0x40, [0x2301, 0xdf00]);
  processor.pc = CODE + 0x40 + 1;
  processor.run(100);
  expect(processor.read(3)).toBe(1);
  // movs r3, #9; svc 0
  processor.write(0, 0xdf002309 | 0);
  processor.write(1, CODE + 0x40);
  processor.write(2, CODE + 0x40 + 1);
  processor.pc = CODE + 1;
  expect(processor.run(100)).toEqual({ kind: 'syscall' });
  expect(processor.read(3)).toBe(9);
});

test('a page that was taken back is asked for again', () => {
  const { processor, pages } = machine();
  // ldr r0, [r1]; svc 0
  thumb(pages, CODE, [0x6808, 0xdf00]);
  processor.write(1, DATA);
  const run = (): unknown => {
    processor.pc = CODE + 1;
    return processor.run(100);
  };
  run();
  run();
  expect(pages.asked.filter((line) => line === 'read 20000')).toHaveLength(1);
  pages.places.delete(DATA);
  pages.generation++;
  expect(run()).toMatchObject({ kind: 'fault', address: DATA });
});

test('an unimplemented instruction has a name, one that does not exist has none', () => {
  const { processor, pages } = machine();
  // swp r0, r1, [r2]
  arm(pages, CODE, [0xe1020091]);
  processor.pc = CODE;
  expect(processor.run(1)).toEqual({ kind: 'illegal', encoding: 0xe1020091, name: 'SWP, SWPB' });
  thumb(pages, CODE + 0x100, [0xde00]);
  processor.pc = CODE + 0x101;
  expect(processor.run(100)).toEqual({ kind: 'illegal', encoding: 0xde00, name: undefined });
  expect(processor.pc).toBe(CODE + 0x100);
});

test('the helpers of the kernel exchange a word, and tell the thread pointer', () => {
  const { processor, pages } = machine();
  // mov lr, pc; bx r3; svc 0
  arm(pages, CODE, [0xe1a0e00f, 0xe12fff13, 0xef000000]);
  processor.write(13, DATA + PAGE);
  const call = (helper: number, ...args: number[]): void => {
    args.forEach((value, index) => {
      processor.write(index, value);
    });
    processor.write(3, helper);
    processor.pc = CODE;
    expect(processor.run(100)).toEqual({ kind: 'syscall' });
  };
  pages.bytes(DATA).setUint32(0, 5, true);
  call(0xffff0fc0, 4, 6, DATA);
  expect([processor.read(0) !== 0, pages.bytes(DATA).getUint32(0, true)]).toEqual([true, 5]);
  call(0xffff0fc0, 5, 6, DATA);
  expect([processor.read(0), pages.bytes(DATA).getUint32(0, true)]).toEqual([0, 6]);
  processor.threadPointer = 0x1234;
  call(0xffff0fe0);
  expect(processor.read(0)).toBe(0x1234);
  pages.bytes(DATA).setBigUint64(0, 6n, true);
  pages.bytes(DATA + 8).setBigUint64(0, 6n, true);
  pages.bytes(DATA + 16).setBigUint64(0, 1n << 40n, true);
  call(0xffff0f60, DATA + 8, DATA + 16, DATA);
  expect([processor.read(0), pages.bytes(DATA).getBigUint64(0, true)]).toEqual([0, 1n << 40n]);
});

test('the M profile has T32 only, and no helpers', () => {
  const { processor, pages } = machine({ profile: 'M' });
  thumb(pages, CODE, [0x2007, 0xdf00]);
  processor.pc = CODE;
  expect(processor.run(100)).toEqual({ kind: 'syscall' });
  expect([processor.read(0), processor.thumb]).toEqual([7, true]);
  processor.pc = 0xffff0fe0;
  expect(processor.run(1)).toMatchObject({ kind: 'fault', signal: 'SIGSEGV' });
});

test('exclusives: a store succeeds after its load, and not after clearReservation()', () => {
  const { processor, pages } = machine();
  // ldrex r0, [r1]; svc 0; strex r2, r3, [r1]; svc 0
  arm(pages, CODE, [0xe1910f9f, 0xef000000, 0xe1812f93, 0xef000000]);
  const run = (between: () => void): number => {
    processor.write(1, DATA);
    processor.write(3, 77);
    processor.pc = CODE;
    processor.run(100);
    between();
    processor.run(100);
    return processor.read(2);
  };
  expect(run(processor.clearReservation.bind(processor))).toBe(1);
  expect(pages.bytes(DATA).getUint32(0, true)).toBe(0);
  expect(run(() => undefined)).toBe(0);
  expect(pages.bytes(DATA).getUint32(0, true)).toBe(77);
});

test('all that a thread has is saved and restored, in the middle of an IT block too', () => {
  const { processor, pages } = machine();
  // cmp r0, r0; itt ne; movne r1, #1; movne r1, #2; svc 0
  thumb(pages, CODE, [0x4280, 0xbf1c, 0x2101, 0x2102, 0xdf00]);
  processor.pc = CODE + 1;
  processor.run(2);
  processor.writeFloat(3, 0x123456789abcdef0n);
  const saved = processor.save();
  processor.pc = 0;
  processor.cpsr = 0x10;
  processor.writeFloat(3, 0n);
  processor.restore(saved);
  expect(processor.readFloat(3)).toBe(0x123456789abcdef0n);
  expect(processor.cpsr & 0x0600fc00).not.toBe(0);
  expect(processor.run(100)).toEqual({ kind: 'syscall' });
  expect(processor.read(1)).toBe(0);
});

test('FPSCR keeps the bits that VFPv4 has', () => {
  const { processor, pages } = machine();
  // vmsr fpscr, r0; vmrs r1, fpscr; svc 0
  arm(pages, CODE, [0xeee10a10, 0xeef11a10, 0xef000000]);
  processor.write(0, -1);
  processor.pc = CODE;
  processor.run(100);
  expect(processor.readUnsigned(1)).toBe(0xffc0009f);
});

test('after a stop it is known which instruction set the program has come to', () => {
  const { processor, pages } = machine();
  // bx r1 to the T32 code, which comes back with bx r2; the second time it goes on to svc 0
  arm(pages, CODE, [0xe12fff11]);
  // subs r0, #1; it ne; bxne r2; ldr r3, [r4]; svc 0
  thumb(pages, CODE + 0x100, [0x3801, 0xbf18, 0x4710, 0x6823, 0xdf00]);
  processor.write(0, 2);
  processor.write(1, CODE + 0x101);
  processor.write(2, CODE);
  processor.write(4, 0);
  processor.pc = CODE;
  expect(processor.run(1000)).toMatchObject({ kind: 'fault', address: 0 });
  expect([processor.pc, processor.thumb, processor.executed]).toEqual([CODE + 0x106, true, 8]);
  processor.write(0, 2);
  processor.write(4, DATA);
  processor.pc = CODE;
  expect(processor.run(1000)).toEqual({ kind: 'syscall' });
  expect([processor.pc, processor.thumb, processor.executed]).toEqual([CODE + 0x10a, true, 18]);
});

test.each([
  // movs r0, #5; 1: nop; it ne; addne r1, #1; subs r0, #1; bne 1b; svc 0
  {
    name: 'that starts with nop and it',
    start: CODE,
    code: [0x2005, 0xbf00, 0xbf18, 0x3101, 0x3801, 0xd1fa, 0xdf00],
    count: 27,
  },
  // movs r0, #5; 1: adds r1, #1; sub.w r0, #1, in two pages; cmp r0, #0; bne 1b; svc 0
  {
    name: 'with an instruction in two pages',
    start: CODE + PAGE - 6,
    code: [0x2005, 0x3101, 0xf1a0, 0x0001, 0x2800, 0xd1fa, 0xdf00],
    count: 22,
  },
])('each instruction of a loop $name is counted, in steps of any size', (program) => {
  const { start, code, count } = program;
  for (const limit of [1, 2, 3, 7, 1000]) {
    const { processor, pages } = machine();
    thumb(pages, start, code);
    processor.pc = start + 1;
    let stop = processor.run(limit);
    for (let steps = 1; stop.kind === 'limit'; steps += 1) {
      expect(processor.executed).toBe(steps * limit);
      stop = processor.run(limit);
    }
    expect(stop).toEqual({ kind: 'syscall' });
    expect([processor.executed, processor.read(1)]).toEqual([count, 5]);
  }
});

test('an instruction in two pages is fetched once, and decoded anew after a store to its end', () => {
  const { processor, pages } = machine();
  // 1: movw r0, #0x1234, of which the last halfword is in the next page; svc 0; b 1b
  thumb(pages, CODE + PAGE - 2, [0xf241, 0x2034, 0xdf00, 0xe7fb]);
  const run = (): number => {
    expect(processor.run(100)).toEqual({ kind: 'syscall' });
    return processor.read(0);
  };
  processor.pc = CODE + PAGE - 1;
  expect([run(), run(), run()]).toEqual([0x1234, 0x1234, 0x1234]);
  expect(pages.asked).toEqual(['fetch 8000', 'fetch 9000']);
  // strh r2, [r1]; svc 0
  thumb(pages, CODE + 0x100, [0x800a, 0xdf00]);
  processor.write(1, CODE + PAGE);
  processor.write(2, 0x2035);
  processor.pc = CODE + 0x101;
  expect(processor.run(100)).toEqual({ kind: 'syscall' });
  processor.pc = CODE + PAGE - 1;
  expect(run()).toBe(0x1235);
});

test('before it is given an address space there is no page', () => {
  const processor = new ArmProcessor(new LinearMemory(1 << 20), { cache: 1 << 19 });
  processor.pc = CODE;
  expect(processor.run(1)).toMatchObject({ kind: 'fault', signal: 'SIGSEGV', address: CODE });
});

test('a program reads both of its thread registers, and writes one', () => {
  const { processor, pages } = machine();
  // mcr p15, 0, r0, c13, c0, 2; mrc p15, 0, r1, c13, c0, 2; mrc p15, 0, r2, c13, c0, 3; svc 0
  arm(pages, CODE, [0xee0d0f50, 0xee1d1f50, 0xee1d2f70, 0xef000000]);
  processor.write(0, 0x1234);
  processor.threadPointer = 0x5678;
  processor.pc = CODE;
  expect(processor.run(100)).toEqual({ kind: 'syscall' });
  expect([processor.read(1), processor.read(2)]).toEqual([0x1234, 0x5678]);
});

test('an instruction not allowed in an IT block stops even if its condition is false', () => {
  // cmp r0, r0; it ne; then it eq, cbz r0, bne
  for (const half of [0xbf08, 0xb100, 0xd1fe]) {
    const { processor, pages } = machine();
    thumb(pages, CODE, [0x4280, 0xbf18, half, 0xbf00, 0xdf00]);
    processor.pc = CODE + 1;
    expect(processor.run(100)).toMatchObject({ kind: 'illegal', name: 'UNPREDICTABLE' });
    expect(processor.pc).toBe(CODE + 4);
  }
});

test.each([
  // ldrexb r4, [r1]; strexb r2, r6, [r1], and so on
  { bytes: 1, load: 0xe1d14f9f, store: 0xe1c12f96 },
  { bytes: 2, load: 0xe1f14f9f, store: 0xe1e12f96 },
  { bytes: 4, load: 0xe1914f9f, store: 0xe1812f96 },
  { bytes: 8, load: 0xe1b14f9f, store: 0xe1a12f96 },
])('an exclusive store of $bytes bytes needs a load of as many', ({ bytes, load, store }) => {
  for (const [first, fails] of [
    [load, 0],
    [bytes === 4 ? 0xe1d14f9f : 0xe1914f9f, 1],
  ] as const) {
    const { processor, pages } = machine();
    arm(pages, CODE, [first, store, 0xef000000]);
    pages.bytes(DATA).setBigUint64(0, 0x1122334455667788n, true);
    processor.write(1, DATA);
    processor.write(6, 0xa1a2a3a4);
    processor.write(7, 0xb1b2b3b4);
    processor.pc = CODE;
    expect(processor.run(100)).toEqual({ kind: 'syscall' });
    const stored = BigInt.asUintN(8 * bytes, 0xb1b2b3b4a1a2a3a4n);
    const kept = (0x1122334455667788n >> BigInt(8 * bytes)) << BigInt(8 * bytes);
    const after = pages.bytes(DATA).getBigUint64(0, true);
    expect([processor.read(2), after]).toEqual([
      fails,
      fails === 0 ? stored | kept : 0x1122334455667788n,
    ]);
  }
});
