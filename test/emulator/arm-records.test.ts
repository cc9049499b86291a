/** Everything that kernels of ARM were recorded to do, against `cramfs exec`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  compareRecords,
  createWorld,
  formatDifference,
  parseRecords,
  parseScenario,
  runScenario,
} from 'xip-emu';
import { cramfs } from '../cli/run-cli.js';
import {
  armFixture,
  armTests,
  recordedAreas,
  recordedCachePages,
  untar,
  type ArmTest,
  type RecordedArea,
} from '../helpers/arm-records.js';
import { kernelImage } from '../helpers/kernel-images.js';
import { recordedScenarios } from '../helpers/kernel-records.js';

const NOMMU_ROM = 0x20000000;
const ROM_SIZE = 4 << 20;
const ERRNOS: Readonly<Record<string, string>> = {
  2: 'ENOENT',
  8: 'ENOEXEC',
  12: 'ENOMEM',
  80: 'ELIBBAD',
};

const folder = mkdtempSync(join(tmpdir(), 'arm-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function image(name: string): string {
  const path = join(folder, `${name}.img`);
  writeFileSync(path, armFixture(`${name}.img`));
  return path;
}

interface JsonArea extends Omit<RecordedArea, 'start' | 'end' | 'path'> {
  readonly start: string;
  readonly end: string;
  readonly path: string | null;
}

interface ExecResult {
  readonly starts: boolean;
  readonly killed: string | null;
  readonly failure: { readonly code: string | null; readonly reason: string } | null;
  readonly areas: readonly JsonArea[];
  readonly total: { readonly atStart: { readonly cache: number } };
}

async function exec(...args: readonly string[]): Promise<ExecResult> {
  const { stdout } = await cramfs(['exec', ...args, '--json']);
  return JSON.parse(stdout) as ExecResult;
}

/** What became of execve(), in the words of the record. */
function endOf({ starts, failure, killed }: ExecResult): string {
  if (starts) return 'starts';
  if (killed !== null || failure?.reason.includes('kills the process')) return 'killed';
  return `fails ${failure?.code ?? failure?.reason}`;
}

function recordedEnd({ end }: ArmTest): string {
  const [kind, number] = (end ?? 'stops:').split(':');
  if (kind === 'errno') return `fails ${ERRNOS[number!]}`;
  return kind === 'exit' ? 'starts' : kind === 'signal' ? 'killed' : kind!;
}

/** RAM is where the allocator puts it: what counts is that it is RAM, and how much. */
function placed(area: Pick<RecordedArea, 'start' | 'end' | 'permissions' | 'path'>): string {
  const { start, end, permissions, path } = area;
  const inRom = start >= NOMMU_ROM && start < NOMMU_ROM + ROM_SIZE;
  const place = inRom ? `rom:${start - NOMMU_ROM}` : 'ram';
  return `${place} ${end - start} ${permissions} ${path === '[stack]' ? '' : path}`;
}

function parsed({ start, end, permissions, path }: JsonArea): string {
  return placed({ start: Number(start), end: Number(end), permissions, path: path ?? '' });
}

describe.each([
  ['p', 'p'],
  ['m', 'm'],
  ['k1', 'k1'],
  ['edge', 'p'],
])('without an MMU: record %s', (record, imageName) => {
  const path = image(imageName);
  const kernel = ['--nommu', '--phys', `0x${NOMMU_ROM.toString(16)}`];
  const tests = armTests(record);
  const programs = tests.filter(({ command }) => command.startsWith('exec '));

  test.each(programs)('$command', async (recorded) => {
    const [, program, ...args] = recorded.command.split(' ');
    const result = await exec(path, program!, ...args, ...kernel);
    expect(endOf(result)).toBe(recordedEnd(recorded));
    const areas = recordedAreas(recorded, 'M').map(placed).sort();
    expect(result.areas.map(parsed).sort()).toEqual(areas);
  });

  const pairs = tests.filter(({ command }) => command.startsWith('two '));
  test.runIf(pairs.length > 0).each(pairs)('$command: all regions', async (recorded) => {
    const run = `2*${recorded.command.split(' ')[1]} hold`;
    const { stdout } = await cramfs(['exec', path, ...kernel, '--run', run, '--json']);
    const { regions } = JSON.parse(stdout) as { regions: JsonArea[] };
    // PID 1 has its program and its stack.
    const all = recordedAreas(recorded, 'R').filter(
      ({ start }) => start !== 0x214ed000 && start !== 0x214f0000,
    );
    expect(regions.map(parsed).sort()).toEqual(all.map(placed).sort());
  });
});

test.each(['/bin/f-big', '/bin/t-big', '/bin/pie', '/bin/f-interp'])(
  'edge: pages of the page cache after %s',
  async (program) => {
    const kernel = ['--nommu', '--phys', `0x${NOMMU_ROM.toString(16)}`];
    const { total } = await exec(image('p'), program, ...kernel);
    expect(total.atStart.cache).toBe(recordedCachePages(armTests('edge'), `exec ${program}`));
  },
);

test('dup: two files with the same in-place blocks stop the machine', async () => {
  const [works, stops] = armTests('dup');
  expect([works!.command, works!.end]).toEqual(['two /bin/tool /bin/tool3', 'exit:7']);
  expect([stops!.command, stops!.end]).toEqual(['two /bin/tool /bin/tool2', undefined]);
  for (const { command, end } of [works!, stops!]) {
    const [, first, second] = command.split(' ');
    const runs = ['--run', first!, '--run', second!];
    const { stdout } = await cramfs(['exec', image('dup'), '--nommu', ...runs]);
    expect(stdout.includes('BUG in mm/nommu.c:add_nommu_region()')).toBe(end === undefined);
  }
});

test('f-lld1: segments that share a page of the file stop the machine', async () => {
  expect(armTests('f-lld1').at(-1)).toMatchObject({ command: 'exec /bin/f-lld1', end: undefined });
  const { failure } = await exec(image('lld'), '/bin/f-lld1', '--nommu');
  expect(failure?.reason).toContain('BUG in mm/nommu.c:add_nommu_region()');
});

describe('with an MMU: record mm', () => {
  const path = image('mm');

  test.each(armTests('mm'))('$command', async (recorded) => {
    const [, program, ...args] = recorded.command.split(' ');
    const result = await exec(path, program!, ...args, '--phys', '0x04000000');
    expect(endOf(result)).toBe(recordedEnd(recorded));
    const areas = recordedAreas(recorded, 'S').map((area) => {
      const { start, end, permissions, offset, vmFlags, path: file } = area;
      const common = { start, end, permissions, offset, vmFlags };
      if (!file.startsWith('/')) return common;
      return { ...common, path: file, rss: area.rss, anonymous: area.anonymous };
    });
    const own = result.areas.map(({ path: file, rss, anonymous, ...area }) => {
      const { permissions, offset, vmFlags } = area;
      const common = {
        start: Number(area.start),
        end: Number(area.end),
        permissions,
        offset,
        vmFlags,
      };
      return file === null ? common : { ...common, path: file, rss, anonymous };
    });
    expect(own).toEqual(areas);
  });
});

describe('scenarios without an MMU, as ARM answers them', () => {
  const records = untar(armFixture('nommu-scenarios.tar'));
  const sets = [
    ['nommu-basic', 'basic'],
    ['nommu-fuzz-a', 'fuzz-a'],
  ] as const;
  const scenarios = sets.flatMap(([set, imageName]) =>
    recordedScenarios(set).flatMap(({ name, scenario }) => {
      const expected = records.get(`${set}/${name}.jsonl`);
      return expected === undefined ? [] : [{ set, name, imageName, scenario, expected }];
    }),
  );

  test('are all that there are', () => {
    expect(scenarios.length).toBe(records.size);
  });

  test.each(scenarios)('$set $name', ({ imageName, scenario, expected }) => {
    const world = createWorld(kernelImage(imageName), { mmu: false, arch: 'arm' });
    const actual = runScenario(parseScenario(scenario), world);
    // Other console output, such as a message that the random numbers are ready, is not an answer.
    const answers = parseRecords(expected).filter(({ op }) => op !== 'console');
    const difference = compareRecords(answers, actual);
    expect(difference === undefined ? '' : formatDifference(difference)).toBe('');
  });
});
