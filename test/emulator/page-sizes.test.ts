import { describe, expect, test } from 'vitest';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_MAYMOVE,
  PROT_READ,
  PROT_WRITE,
} from '#xip-emu/memory-map.js';
import { RamfsSuperBlock } from '#xip-emu/fs/ramfs/super.js';
import { TarfsSuperBlock } from '#xip-emu/fs/tarfs/super.js';
import { validateMm } from '#xip-emu/mm/validate.js';
import { accountMachine } from '#xip-emu/report/accounting.js';
import { cachedPages } from '#xip-emu/report/cached-pages.js';
import { mapsText } from '#xip-emu/report/maps.js';
import { pagemapEntries } from '#xip-emu/report/pagemap.js';
import { pagesIn } from '#xip-emu/report/pages.js';
import { regionsIn } from '#xip-emu/report/regions.js';
import { smapsText } from '#xip-emu/report/smaps-text.js';
import { compareRecords, formatDifference } from '#xip-emu/scenario/compare.js';
import { parseScenario } from '#xip-emu/scenario/parse.js';
import { runScenario } from '#xip-emu/scenario/run.js';
import type { Statement } from '#xip-emu/scenario/statement.js';
import { createWorld } from '#xip-emu/scenario/world.js';
import type { Process } from '#xip-emu/process.js';
import {
  mapAnonymous,
  mapFile,
  memoryOf,
  mmOf,
  mountOverlay,
  romMachine,
} from '../helpers/emulator.js';
import { kernelImage } from '../helpers/kernel-images.js';
import { recordedScenarios } from '../helpers/kernel-records.js';
import { buildRawImage, file, noise, text } from '../helpers/raw-image.js';
import { tarArchive, tarItem } from '../helpers/tar-builder.js';

/*
 * Machines of several page sizes that are alive at once. What a machine does is a generator, which gives
 * a report after each step; steps of several machines are then run in turns.
 */

const READ_WRITE = PROT_READ | PROT_WRITE;
/** Calls of a scenario between two steps of another machine. */
const STEP_INTERVAL = 4;
const SIZES = [4096, 16384, 65536] as const;

/** An image with a file in place, a compressed one, and one whose last page is not full. */
function imageOf(pageSize: number): Uint8Array {
  const inPlace = [{ kind: 'D', align: pageSize } as const, 'D' as const, 'D' as const];
  return buildRawImage(
    {
      direct: file(noise(3 * pageSize, 1), { blocks: inPlace }),
      packed: file(text(2 * pageSize + 700, 2)),
      tail: file(noise(2 * pageSize + 5, 3), { blocks: [...inPlace.slice(0, 2), 'C'] }),
    },
    { flags: 0x803, blockSize: pageSize },
  ).bytes;
}

function load(process: Process, address: number, length: number): string {
  const bytes = new Uint8Array(length);
  const { loaded } = process.loadRange(address, bytes);
  return Buffer.from(bytes.subarray(0, loaded)).toString('latin1');
}

function backings(process: Process, address: number, pages: number): string {
  return pagesIn(process.mm, address, pages * process.geometry.size)
    .map(({ backing, physical }) => `${backing}@${physical}`)
    .join(' ');
}

/** Areas, page cache, files and their costs on a machine with an MMU. */
function* withMmu(pageSize: number): Generator<unknown, void> {
  const machine = romMachine(imageOf(pageSize), { arch: 'arm64', pageSize });
  mountOverlay(machine);
  const tarfs = machine.mount(
    '/tar',
    new TarfsSuperBlock(tarArchive(tarItem({ name: 'f', data: text(3 * pageSize, 4) })), {
      phys: machine.phys,
    }),
  );
  const process = machine.spawn();
  yield mapsText(process.mm);

  const direct = mapFile(process, '/rom/direct', 3, READ_WRITE);
  yield load(process, direct, 3 * pageSize);
  process.store(direct + pageSize + 1, 7);
  yield backings(process, direct, 3);

  const child = machine.fork(process);
  child.store(direct + pageSize + 2, 8);
  process.store(direct + 2 * pageSize, 9);
  yield [smapsText(process.mm), smapsText(child.mm)];
  child.exit();

  const packed = process.open('/rom/packed');
  const content = new Uint8Array(pageSize);
  yield [process.pread(packed, 300, content), Buffer.from(content).toString('latin1')];
  const shared = mapFile(process, '/rom/packed', 3, PROT_READ, { flags: MAP_SHARED });
  yield [load(process, shared, 3 * pageSize), cachedPages(machine)];
  yield [...pagemapEntries(mmOf(process), shared, 3 * pageSize)];

  const upper = process.open('/ovl/tail', { write: true });
  yield [process.pwrite(upper, pageSize - 2, noise(pageSize + 4, 5)), process.fstat(upper)];
  const written = process.mmap(2 * pageSize, READ_WRITE, MAP_SHARED, { file: upper });
  process.store(written + pageSize, 1);
  process.msync(written, 2 * pageSize);
  yield [load(process, written, 2 * pageSize), backings(process, written, 2)];
  process.ftruncate(upper, pageSize + 1);
  yield [load(process, written, 2 * pageSize), process.fstat(upper)];

  const archived = process.open('/tar/f', { write: true });
  const pager = process.mmap(3 * pageSize, READ_WRITE, MAP_SHARED, { file: archived });
  process.store(pager + 2 * pageSize, 2);
  process.fsync(archived);
  process.munmap(pager, 3 * pageSize);
  process.close(archived);
  machine.sync();
  yield Buffer.from(tarfs.archive).toString('latin1');

  const heap = mapAnonymous(process, 4, READ_WRITE);
  for (let page = 0; page < 4; page += 1) process.store(heap + page * pageSize, page + 1);
  process.mprotect(heap + pageSize, pageSize, PROT_READ);
  yield mapsText(process.mm);
  const moved = process.mremap(heap + 2 * pageSize, 2 * pageSize, 5 * pageSize, MREMAP_MAYMOVE);
  yield [load(process, moved, 2 * pageSize), [...process.mincore(moved, 5 * pageSize)]];
  process.madvise(moved, pageSize, 'dontneed');
  process.munmap(heap, pageSize);
  yield [mapsText(process.mm), backings(process, moved, 5)];

  const pipe = process.pipe();
  yield [pipe.write(noise(17 * pageSize, 6)), pipe.room];
  pipe.close();
  yield process.splice({ file: packed, position: 0 }, pipe, 10 * pageSize);
  pipe.close();

  validateMm(memoryOf(process).mm);
  yield accountMachine(machine);
  process.exit();
  machine.umount('/ovl');
  yield machine.phys.used;
}

/** Regions of a machine without an MMU. */
function* withoutMmu(pageSize: number): Generator<unknown, void> {
  const bytes = imageOf(pageSize);
  const machine = romMachine(bytes, { mmu: false, pageSize });
  const ramfs = machine.mount(
    '/ram',
    new RamfsSuperBlock(machine.phys, { nommu: machine.vmRegions }),
  );
  const process = machine.spawn();
  const direct = mapFile(process, '/rom/direct', 3, PROT_READ, { flags: MAP_PRIVATE });
  yield [direct, load(process, direct, 3 * pageSize)];
  const copied = mapFile(process, '/rom/packed', 3, READ_WRITE);
  process.store(copied + pageSize, 3);
  yield load(process, copied, 3 * pageSize);
  const stack = process.mmap(3 * pageSize - 5, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  yield [stack, regionsIn(machine.vmRegions)];
  process.munmap(stack + 2 * pageSize, pageSize);
  yield [mapsText(process.mm), machine.phys.used];

  const shared = process.open('/ram/f', { write: true, create: true });
  process.ftruncate(shared, 2 * pageSize);
  const memory = process.mmap(2 * pageSize, READ_WRITE, MAP_SHARED, { file: shared });
  process.store(memory + pageSize + 1, 4);
  yield [process.fstat(shared), load(process, memory, 2 * pageSize)];
  yield regionsIn(machine.vmRegions);
  process.exit();
  ramfs.evict();
  yield accountMachine(machine);
}

const ALL = SIZES.flatMap((pageSize) => [
  { name: `${pageSize} with an MMU`, steps: () => withMmu(pageSize) },
  { name: `${pageSize} without an MMU`, steps: () => withoutMmu(pageSize) },
]);

test('machines of three page sizes, steps in turns: each does what it does alone', () => {
  const alone = ALL.map(({ steps }) => [...steps()]);
  const running = ALL.map(({ steps }) => steps());
  const together: unknown[][] = ALL.map(() => []);
  for (let active = true; active;) {
    active = false;
    for (const [index, steps] of running.entries()) {
      const { done, value } = steps.next();
      if (done === true) continue;
      active = true;
      together[index]!.push(value);
    }
  }
  expect(together.map(({ length }) => length)).toEqual(alone.map(({ length }) => length));
  for (const [index, { name }] of ALL.entries()) {
    for (const [step, report] of together[index]!.entries()) {
      expect(report, `${name}, step ${step}`).toEqual(alone[index]![step]);
    }
  }
});

test('the page sizes do differ in what they report', () => {
  const [small, large] = [4096, 65536].map((pageSize) => [...withMmu(pageSize)][0]);
  expect(small).not.toEqual(large);
});

describe.each([
  ['mmu-basic', 'basic', true],
  ['mmu-edges', 'basic', true],
  ['nommu-basic', 'basic', false],
] as const)('records of a kernel with pages of 4096 bytes: %s', (set, imageName, mmu) => {
  test('are met between the steps of a machine with pages of 65536 bytes', () => {
    const world = createWorld(kernelImage(imageName), { mmu, policy: 'linux-6.12' });
    const expected = [...withMmu(65536)];
    let other = withMmu(65536);
    let step = 0;
    let calls = 0;
    const stepOther = (): void => {
      calls += 1;
      if (calls % STEP_INTERVAL !== 0) return;
      const { done, value } = other.next();
      if (done !== true) {
        expect(value).toEqual(expected[step]);
        step += 1;
        return;
      }
      other = withMmu(65536);
      step = 0;
    };
    for (const { name, scenario, records } of recordedScenarios(set)) {
      const statements = betweenSteps(parseScenario(scenario), stepOther);
      const difference = compareRecords(records, runScenario(statements, world));
      expect(difference && `${name}: ${formatDifference(difference)}`).toBeUndefined();
    }
  });
});

/** The statements, each call of which is preceded by `step`. */
function betweenSteps(statements: readonly Statement[], step: () => void): Statement[] {
  return statements.map((statement) => {
    if (statement.op !== 'call') return statement;
    const { perform } = statement;
    return {
      ...statement,
      perform(agent) {
        step();
        return perform(agent);
      },
    };
  });
}
