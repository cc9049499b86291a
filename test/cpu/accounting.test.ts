/**
 * The accounting of a run does not depend on the pages and code that a processor caches: a plain
 * interpreter, which asks for its pages again at each instruction, counts the same pages and takes
 * the same faults.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { openImage } from 'cramfs-reader';
import type { Processor, Stop, UserMemory } from 'xip-cpu';
import {
  FaultLog,
  PageUse,
  boardFor,
  bootKernel,
  executionMemory,
  mountSystem,
  startFirst,
  type Host,
} from 'xip-cpu/linux';
import { mountRoot, romMachine } from 'xip-emu';
import { expect, test } from 'vitest';
import { buildRawImage, directory } from '../helpers/raw-image.js';
import { xipFile } from '../helpers/programs.js';

const ROM = 0x22000000;
const LIMIT = 150_000;

/** Makes a processor execute one instruction at a time, and forget all pages before each. */
function makePlain(processor: Processor): void {
  const [run, use] = [processor.run.bind(processor), processor.use.bind(processor)];
  let forgotten = 0;
  Object.assign(processor, {
    use(memory: UserMemory): void {
      use({
        memory: memory.memory,
        pageShift: memory.pageShift,
        frameBytes: (address, access) => memory.frameBytes(address, access),
        frameIdentity: (address) => memory.frameIdentity(address),
        get generation() {
          return memory.generation + forgotten;
        },
        get execGeneration() {
          return memory.execGeneration;
        },
      });
    },
    run(limit: number): Stop {
      for (let left = limit; left > 0; left -= 1) {
        forgotten += 1;
        const stop = run(1);
        if (stop.kind !== 'limit') return stop;
      }
      return { kind: 'limit' };
    },
  });
}

async function run(arch: 'riscv64' | 'riscv32' | 'arm', isPlain: boolean) {
  const gzip = readFileSync(new URL(`../fixtures/programs/calls-${arch}.gz`, import.meta.url));
  const { bytes } = buildRawImage({
    bin: directory({ calls: xipFile(gunzipSync(gzip)) }),
    proc: directory({}),
    tmp: directory({}),
  });
  const image = openImage(bytes);
  const linear = executionMemory(bytes.length);
  const board = await boardFor(arch, { linear, mmu: true, seed: 0 });
  const { processor } = board;
  if (isPlain) makePlain(processor);
  const extra = board.machineOptions(image.blockSize);
  const machine = romMachine(image, { mmu: true, arch, physAddr: ROM, extra });
  mountRoot(machine, image, ROM);
  let output = '';
  const host: Host = {
    kinds: ['pipe', 'pipe', 'pipe'],
    read: () => 0,
    write(_stream, text) {
      output += Buffer.from(text).toString('latin1');
    },
    windowSize: () => ({ rows: 24, columns: 80 }),
  };
  const use = new PageUse(machine.pageSize);
  const kernel = bootKernel(board, machine, { host, observer: use.observe });
  mountSystem(machine, kernel);
  const log = new FaultLog(() => ({ instruction: processor.executed, pc: processor.pc }));
  machine.trace.sink = log.take;
  startFirst(kernel, { path: '/bin/calls', argv: ['/bin/calls', 'a'], envp: [] });
  const end = kernel.run(LIMIT);
  return {
    ...{ end, output, executed: processor.executed, romPages: use.romPages },
    faults: log.faults.map(({ why, kind, pid, address, place }) => ({
      ...{ why, kind, pid, address, place },
    })),
    files: use.fileUses().map(({ path, pages }) => ({ path, pages: [...pages] })),
    anonymous: use.anonymousUses(),
    mostRam: machine.phys.mostUsed,
  };
}

test.each(['riscv64', 'riscv32', 'arm'] as const)(
  '%s: pages, faults, output and instructions are those of a plain interpreter',
  { timeout: 110_000 },
  async (arch) => {
    const plain = await run(arch, true);
    expect(plain.executed).toBeGreaterThan(10_000);
    expect(plain.files[0]!.pages.length).toBeGreaterThan(0);
    expect(plain.faults.length).toBeGreaterThan(5);
    expect(await run(arch, false)).toEqual(plain);
  },
);
