import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Machine, areasIn, pagesIn, type AreaReport } from 'xip-emu';
import { describe, expect, test } from 'vitest';
import { LinearMemory } from '../../memory/linear-memory.js';
import { bootKernel, startFirst } from '../boot.js';
import { boardFor } from '../processors.js';

const PROGRAMS = join(import.meta.dirname, '../../../../../test/fixtures/programs');
const PAGE = 4096;
const DT_HASH = 4;
const DT_STRTAB = 5;
const DT_SYMTAB = 6;

/** The symbols that a loader finds: names and places, along the chain of the only bucket. */
function symbolsOf(bytes: Uint8Array): Map<string, number> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const wide = bytes[4] === 2;
  const word = (at: number): number =>
    wide ? Number(view.getBigUint64(at, true)) : view.getUint32(at, true);
  const [size, header] = wide ? [8, 56] : [4, 32];
  const phoff = word(wide ? 32 : 28);
  const dynamic = word(phoff + header + (wide ? 8 : 4));
  const tags = new Map<number, number>();
  for (let at = dynamic; word(at) !== 0; at += 2 * size) tags.set(word(at), word(at + size));
  const [hash, strings, symbols] = [DT_HASH, DT_STRTAB, DT_SYMTAB].map((tag) => tags.get(tag)!);
  const chain = (index: number): number => view.getUint32(hash! + 12 + index * 4, true);
  const found = new Map<string, number>();
  for (let index = view.getUint32(hash! + 8, true); index !== 0; index = chain(index)) {
    const symbol = symbols! + index * (wide ? 24 : 16);
    const start = strings! + view.getUint32(symbol, true);
    const name = bytes.subarray(start, bytes.indexOf(0, start));
    found.set(new TextDecoder().decode(name), word(symbol + (wide ? 8 : 4)));
  }
  return found;
}

describe.each([
  ['arm', { clock_gettime: 263, gettimeofday: 78, clock_getres: 264, clock_gettime64: 403 }],
  ['riscv64', { clock_gettime: 113, gettimeofday: 169, clock_getres: 114 }],
] as const)('[vdso] of %s', (arch, clocks) => {
  test.each(Object.entries(clocks))('%s reads [vvar] and makes the call', async (name, number) => {
    const linear = new LinearMemory(96 << 20);
    const board = await boardFor(arch, { linear, mmu: true });
    const options = { mmu: true, arch, ramBytes: 16 << 20 } as const;
    const machine = new Machine({ ...options, ...board.machineOptions(PAGE) });
    machine.mount('tmpfs', 'none', '/');
    const setUp = machine.spawn();
    const program = setUp.open('/program', { write: true, create: true, mode: 0o755 });
    setUp.write(program, gunzipSync(readFileSync(join(PROGRAMS, `calls-${arch}.gz`))));
    setUp.close(program);
    const host = {
      kinds: ['pipe', 'pipe', 'pipe'],
      read: () => 0,
      write: () => undefined,
      windowSize: () => ({ rows: 24, columns: 80 }),
    } as const;
    const kernel = bootKernel(board, machine, { host });
    const group = startFirst(kernel, { path: '/program', argv: ['/program'], envp: [] });
    const { mm } = group.process;
    const area = (label: string): number =>
      [...mm.areas()].find((candidate) => candidate.name === label)!.start;
    const vdso = area('[vdso]');
    const vvar = area('[vvar]');
    const [task] = group.tasks;
    const offset = symbolsOf(task!.space.read(vdso, PAGE)).get(`__vdso_${name}`)!;

    const { processor, abi } = board;
    processor.use(task!.space.memory);
    processor.write(abi.registers.stack, [...mm.areas()].at(arch === 'arm' ? -2 : -1)!.end - PAGE);
    processor.pc = vdso + offset;
    expect(pagesIn(mm, vvar, PAGE)[0]!.backing).toBe('none');
    expect(processor.run(100).kind).toBe('syscall');
    expect(processor.readUnsigned(abi.registers.number)).toBe(number);
    expect(pagesIn(mm, vvar, PAGE)[0]!.backing).not.toBe('none');
    // Pages of a VM_PFNMAP are not counted; the second one is for namespaces of time, and there are none.
    const [{ counts }] = areasIn(mm, vvar, vdso) as [AreaReport];
    expect(counts?.rss).toBe(arch === 'arm' ? PAGE : 0);
    if (arch === 'riscv64') {
      expect(() => task!.space.memory.frameBytes(vvar + PAGE, 'read')).toThrow('SIGBUS');
    }
    const child = machine.fork(group.process);
    expect(pagesIn(child.mm, vvar, PAGE)[0]!.backing).toBe(arch === 'arm' ? 'none' : 'page-cache');
    child.load(vvar);
    expect(pagesIn(child.mm, vvar, PAGE)).toEqual(pagesIn(mm, vvar, PAGE));
  });
});
