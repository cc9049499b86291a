import { describe, expect, test } from 'vitest';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { parseScenario, parseScenarioLine } from './parse.js';
import { ScenarioRun, runScenario } from './run.js';
import { createWorld } from './world.js';

const IMAGE = kernelImage('basic');

const ROM = ['rom:73728', 'rom:77824', 'rom:81920', 'rom:86016'];
const FAMILY = `mount mtd
mmap a - 0x2000 rw private,anon 0 0x40000000
touch a 0 w
fork
touch a 0 w
switch 0
touch a 0 w
switch 1
maps
switch 2
end
maps`;

describe('switch', () => {
  test('another process performs the statements, and end goes back to the parent', () => {
    const records = runScenario(parseScenario(FAMILY), createWorld(IMAGE, { mmu: true }));
    expect(records.slice(3).map(({ p, op, ret, status }) => [p, op, ret ?? status])).toEqual([
      [0, 'fork', 'ok'],
      [1, 'touch', 'ok'],
      [1, 'switch', 'ok'],
      [0, 'touch', 'ok'],
      [0, 'switch', 'ok'],
      [1, 'maps', undefined],
      [1, 'switch', 'ESRCH'],
      [0, 'end', 'exit:0'],
      [0, 'maps', undefined],
      [undefined, 'scenario-end', undefined],
    ]);
    // Each process has written to its own copy: nothing is shared now.
    expect(records[8]).toMatchObject({ vmas: [{ sd: 0, pd: 4 }] });
  });

  test('without an MMU there is no other process', () => {
    const text = 'mount mtd\nfork\nfork\nmaps\nend\nswitch 1\nend\nswitch 1\nswitch 0';
    const records = runScenario(parseScenario(text), createWorld(IMAGE, { mmu: false }));
    expect(records.slice(1, -1).map(({ op, ret }) => [op, ret])).toEqual([
      ['fork', 'nommu'],
      ['switch', 'ESRCH'],
      ['switch', 'ok'],
    ]);
  });
});

describe('touch x', () => {
  const text = `mount mtd
open 0 direct-5p-sharedtail r
mmap a 0 0x5000 rx private 0 0x40000000
touch a 0 x
touch a 4 x
pages a
munmap a 0 0x5000
mmap b 0 0x5000 r private 0 0x40010000
touch b 0 x`;
  const answers = (mmu: boolean): unknown[] =>
    runScenario(parseScenario(text), createWorld(IMAGE, { mmu })).map(
      ({ ret, pages }) => ret ?? pages,
    );

  test('fetches from ROM and the page cache; without PROT_EXEC it is a signal', () => {
    const pages = [...ROM, 'ram:0:fx'];
    expect(answers(true).slice(3, 9)).toEqual(['ok', 'ok', pages, 'ok', 'ok', 'SIGSEGV']);
  });

  test('without an MMU nothing is protected', () => {
    expect(answers(false).slice(3, 9)).toEqual(['ok', 'ok', undefined, 'ok', 'ok', 'ok']);
  });
});

describe('a run statement by statement', () => {
  test('gives the records of the whole scenario', () => {
    const world = createWorld(IMAGE, { mmu: true });
    const run = new ScenarioRun(world);
    for (const [index, line] of FAMILY.split('\n').entries()) {
      run.perform(parseScenarioLine(line, index + 1)!);
    }
    expect(run.processes.map(({ number }) => number)).toEqual([0]);
    expect(run.agent?.number).toBe(0);
    run.finish();
    expect(run.records).toEqual(runScenario(parseScenario(FAMILY), world));
    run.perform(parseScenarioLine('maps', 1)!);
    expect(run.records.at(-1)).toMatchObject({ op: 'scenario-end' });
    run.halt();
  });

  test('blocks may be open, and a line that cannot be performed changes nothing', () => {
    const run = new ScenarioRun(createWorld(IMAGE, { mmu: true }));
    const perform = (line: string): void => {
      run.perform(parseScenarioLine(line, 7)!);
    };
    expect(() => {
      perform('maps');
    }).toThrow('line 7: the first operation is not a mount');
    expect(run.machine).toBeUndefined();
    perform('mount mtd');
    expect(() => {
      perform('end');
    }).toThrow('line 7: end without fork');
    perform('fork');
    expect(run.processes.map(({ number }) => number)).toEqual([0, 1]);
    expect(run.records.map(({ op }) => op)).toEqual(['mount', 'fork']);
    run.halt();
    expect(run.over).toBe(true);
  });
});

test('a line by itself', () => {
  expect(parseScenarioLine('  # nothing', 1)).toBeUndefined();
  expect(parseScenarioLine(' end # of it', 3)).toEqual({ n: 3, cmd: 'end', op: 'end' });
});

describe('a board', () => {
  const text = `mount mtd
open 0 direct-5p-sharedtail r
mmap a 0 0x5000 r private 0
touch a 0 r
pages a`;

  test('the image need not start at a whole page: then nothing is mapped from ROM with an MMU', () => {
    const at = (romAddress: number, mmu: boolean): unknown =>
      runScenario(parseScenario(text), createWorld(IMAGE, { mmu, romAddress })).at(-2);
    expect(at(0x30000000, true)).toMatchObject({ pages: [...ROM, '-'] });
    expect(at(0x30000800, true)).toMatchObject({ pages: ['ram:0:fx', '-', '-', '-', '-'] });
    expect(at(0x30000800, false)).toEqual(at(0x30000000, false));
    expect(at(0x80000000, true)).toEqual(at(0x30000000, true));
  });

  test('pages of 16 KiB: blocks of 4 KiB are misread, and fault-around is a page at least', () => {
    const world = createWorld(IMAGE, { mmu: true, arch: 'arm64', pageSize: 16384 });
    const records = runScenario(parseScenario(`${text}\ntune fault_around 4096`), world);
    expect(records[4]!['pages']).toHaveLength(2);
    expect(records[5]).toMatchObject({ op: 'tune', ret: 'ok' });
  });

  test('the machine has the byte order of its architecture', () => {
    const big = createWorld(IMAGE, { mmu: true, arch: 'armeb' });
    expect(() => runScenario(parseScenario(text), big)).toThrow('wrong endianness');
  });
});
