/**
 * What programs do to memory, run as they are and as by a plain interpreter, which asks for the page of
 * each fetch, load and store when it makes it: the same faults at the same instructions, the same events,
 * the same pages used, the same output. So neither decoding ahead nor the tables of pages can be seen.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { openImage } from 'cramfs-reader';
import {
  PageUse,
  boardFor,
  bootKernel,
  executionMemory,
  mountSystem,
  startFirst,
  type RunnableArchitecture,
} from 'xip-cpu/linux';
import { mountRoot, romMachine, type TraceEvent } from 'xip-emu';
import { describe, expect, test } from 'vitest';
import { treeFile, treeObstacle } from '../helpers/debian-trees.js';
import { kernelImage } from '../helpers/kernel-images.js';
import { makePlain } from '../helpers/plain-processor.js';
import { tree, xipFile } from '../helpers/programs.js';
import { buildRawImage, directory, type RawNode } from '../helpers/raw-image.js';

const ROM = 0x22000000;
const LIMIT = 20_000_000;
const FIXTURES = join(import.meta.dirname, '../fixtures/programs');
const SAMPLES = join(import.meta.dirname, '../../samples/rootfs');

interface System {
  readonly arch: RunnableArchitecture;
  readonly mmu: boolean;
  readonly image: Uint8Array;
}

/** All that can be seen of a run. */
async function account({ arch, mmu, image: bytes }: System, isPlain: boolean, argv: string[]) {
  const image = openImage(bytes);
  const linear = executionMemory(bytes.length);
  const board = await boardFor(arch, { linear, mmu, seed: 0 });
  if (isPlain) makePlain(board.processor);
  const extra = board.machineOptions(image.blockSize);
  const machine = romMachine(image, { mmu, policy: 'linux-6.12', arch, physAddr: ROM, extra });
  mountRoot(machine, image, ROM);
  const use = new PageUse(machine.pageSize);
  let output = '';
  const kernel = bootKernel(board, machine, {
    host: {
      kinds: ['pipe', 'pipe', 'pipe'],
      read: () => 0,
      write(_stream, written) {
        output += Buffer.from(written).toString('latin1');
      },
      windowSize: () => ({ rows: 24, columns: 80 }),
    },
    observer: use.observe,
  });
  mountSystem(machine, kernel);
  const events: (TraceEvent & { readonly instruction: number; readonly pc: number })[] = [];
  const { processor } = board;
  machine.trace.sink = (event) => {
    events.push({ ...event, instruction: processor.executed, pc: processor.pc });
  };
  startFirst(kernel, { path: argv[0]!, argv, envp: ['PATH=/bin'] });
  const end = kernel.run(LIMIT);
  const { romPages } = use;
  const uses = { files: use.fileUses(), anonymous: use.anonymousUses(), romPages };
  return { end, output, executed: processor.executed, events, uses };
}

async function expectSame(system: System, argv: string[]): Promise<void> {
  const plain = await account(system, true, argv);
  expect(plain.end.kind).toBe('exited');
  expect(plain.events.length).toBeGreaterThan(0);
  expect(await account(system, false, argv)).toEqual(plain);
}

function imageOf(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const nodes: Record<string, RawNode> = { '/tmp': directory({}), '/proc': directory({}) };
  for (const [path, content] of Object.entries(files)) nodes[path] = xipFile(content);
  const root = tree(nodes);
  return buildRawImage('entries' in root ? root.entries : {}).bytes;
}

describe.each(['arm', 'riscv32', 'riscv64'] as const)('%s', (arch) => {
  const calls = gunzipSync(readFileSync(join(FIXTURES, `calls-${arch}.gz`)));
  const system = { arch, mmu: true, image: imageOf({ '/bin/calls': calls }) };

  test('system calls, signals, fork, exec and faults', async () => {
    await expectSame(system, ['/bin/calls']);
  });
});

test.each([
  ['arm', true, 'armhf/bin/hello'],
  ['arm', true, 'armhf/bin/crc32sum'],
  ['riscv64', true, 'riscv64/bin/hello'],
  ['riscv64', true, 'riscv64/bin/crc32sum'],
  ['arm', false, 'cortex-m/flat/crc32sum'],
  ['arm', false, 'cortex-m/fdpic/crc32sum'],
] as const)('%s, MMU: %s, %s of the samples', async (arch, mmu, path) => {
  const program = readFileSync(join(SAMPLES, path));
  const image = imageOf({ '/bin/program': program });
  await expectSame({ arch, mmu, image }, ['/bin/program', '/bin/program']);
});

test.each(['nflat-flt', 'nx-pie'])('riscv64 without an MMU: %s', async (name) => {
  const system = { arch: 'riscv64', mmu: false, image: kernelImage('basic') } as const;
  await expectSame(system, [`/bin/${name}`, 'x']);
});

/** Lines for BusyBox' shell, which do not take too long one by one. */
const LINES = [
  'ls -l /bin | sort',
  'i=0; while [ $i -lt 3 ]; do (echo $i); i=$((i+1)); done',
  'trap "echo got" USR1; kill -USR1 $$; echo abc | md5sum',
  'echo a b c >/tmp/x; sed s/b/d/ /tmp/x; awk "{ print \$2 * 1.5, NF }" /tmp/x; rm /tmp/x',
];

const obstacle = treeObstacle('armhf');
describe.skipIf(obstacle !== undefined)(`BusyBox for armhf${reason(obstacle)}`, () => {
  test.each(LINES)('%s', async (line) => {
    const image = imageOf({ '/bin/busybox': treeFile('armhf', 'bin/busybox-static') });
    const system = { arch: 'arm', mmu: true, image } as const;
    await expectSame(system, ['/bin/busybox', 'sh', '-c', line]);
  });
});

const BUSYBOX = join(process.env['CRAMFS_BUSYBOX'] ?? '', 'busybox-riscv64');
const missing = existsSync(BUSYBOX) ? undefined : 'CRAMFS_BUSYBOX names no folder of busybox.sh';
describe.skipIf(missing !== undefined)(`BusyBox for riscv64${reason(missing)}`, () => {
  test.each(LINES)('%s', async (line) => {
    const image = imageOf({ '/bin/busybox': readFileSync(BUSYBOX) });
    await expectSame({ arch: 'riscv64', mmu: true, image }, ['/bin/busybox', 'sh', '-c', line]);
  });
});

function reason(why: string | undefined): string {
  return why === undefined ? '' : ` (${why})`;
}
