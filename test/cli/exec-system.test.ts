import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { EXIT } from '#cli/shell/exit-codes.js';
import { Folder } from './folder.js';
import { cramfs } from './run-cli.js';

const FIXTURES = join(import.meta.dirname, '../fixtures/arm');
const folder = new Folder();

function image(name: string): string {
  return folder.write(`${name}.img`, gunzipSync(readFileSync(join(FIXTURES, `${name}.img.gz`))));
}

interface SystemResult {
  readonly starts: boolean;
  readonly programs: readonly {
    readonly failure: string | null;
    readonly added: { readonly private: number; readonly cache: number } | null;
  }[];
  readonly shared: readonly Readonly<Record<string, unknown>>[];
  readonly regions: readonly {
    readonly path: string | null;
    readonly users: number;
    readonly allocation: { readonly order: number; readonly slackPages: number } | null;
  }[];
  readonly total: { readonly atStart: { readonly bytes: number } };
  readonly maxRam: { readonly ok: boolean } | null;
}

async function execJson(...args: readonly string[]): Promise<[SystemResult, number]> {
  const { stdout, code } = await cramfs(['exec', ...args, '--json']);
  return [JSON.parse(stdout) as SystemResult, code];
}

describe('several programs without an MMU', () => {
  test('instances share text in ROM, or one copy of it, and the page cache', async () => {
    const [result, code] = await execJson(image('m'), '--nommu', '--run', '3*/bin/f-gap');
    expect(code).toBe(EXIT.ok);
    // 9 pages of text in one copy; 8 of data and 4 of stack for each.
    expect(result.programs.map(({ added }) => added!.private)).toEqual([21, 12, 12]);
    expect(result.programs.map(({ added }) => added!.cache > 0)).toEqual([true, false, false]);
    expect(result.shared).toMatchObject([{ path: '/bin/f-gap', processes: 3, copyPages: 9 }]);
    const text = result.regions.find(({ users }) => users === 3);
    expect(text).toMatchObject({ path: '/bin/f-gap', allocation: { order: 4, slackPages: 0 } });
  });

  test('what is allocated too much stays where vm.nr_trim_pages is 0', async () => {
    const args = ['--nommu', '--config', 'NOMMU_INITIAL_TRIM_EXCESS=0', '--run', '/bin/f-gap'];
    const [result] = await execJson(image('m'), ...args);
    const slack = result.regions.map(({ allocation }) => allocation?.slackPages ?? 0);
    expect(slack.reduce((sum, pages) => sum + pages, 0)).toBe(7);
    expect(result.programs[0]!.added!.private).toBe(28);
  });

  test('two files with the same in-place blocks stop the kernel: nothing starts after that', async () => {
    const args = ['--nommu', '--run', '/bin/tool', '--run', '/bin/tool2', '--run', '/bin/tool3'];
    const [result, code] = await execJson(image('dup'), ...args);
    expect(code).toBe(EXIT.differs);
    expect(result.starts).toBe(false);
    const [first, second, third] = result.programs;
    expect(first!.failure).toBeNull();
    expect(second!.failure).toContain('BUG in mm/nommu.c:add_nommu_region()');
    expect(third!.failure).toBe('not started: the kernel has stopped');
    // Names of one inode are one file.
    const [same] = await execJson(
      image('dup'),
      '--nommu',
      '--run',
      '/bin/tool',
      '--run',
      '/bin/tool3',
    );
    expect(same.starts).toBe(true);
  });
});

test('with an MMU, text from ROM is shared and each instance has its own data', async () => {
  const [result] = await execJson(image('mm'), '--run', '2*/bin/m-static', '--max-ram', '1');
  expect(result.programs.map(({ added }) => added!.private)).toEqual([2, 2]);
  expect(result.shared).toMatchObject([{ path: '/bin/m-static', processes: 2, romPages: 6 }]);
  expect(result.maxRam).toMatchObject({ ok: false });
});

test('a file of programs; as text', async () => {
  const file = folder.write('runs', '# two of one kind\n2*/bin/f-basic hold\n\n/bin/nothing\n');
  const { stdout, code } = await cramfs(['exec', image('p'), '--nommu', '--run-file', file]);
  expect(code).toBe(EXIT.differs);
  const lines = stdout.split('\n');
  expect(lines[0]).toBe('3 programs: linux-6.12 without an MMU on arm');
  expect(lines.slice(2, 7).map((line) => line.trim())).toEqual([
    'Pages of 4096 bytes; RAM: of processes + in the page cache.',
    'PID  PROGRAM            RAM ADDED',
    '1  /bin/f-basic hold        6+2',
    '2  /bin/f-basic hold        6+0',
    '3  /bin/nothing             0+0',
  ]);
  expect(stdout).toContain('does not run: /bin/nothing (PID 3): ENOENT: /bin/nothing\n');
});

test.each([
  [['--run', '0*/bin/x'], "--run cannot be '0*/bin/x'"],
  [['--run', ' '], "--run cannot be ' '"],
  [['--run', '600*a', '--run', '600*b'], '1200 programs are too many'],
  [['--run', 'a', '/bin/b'], 'unexpected argument: /bin/b'],
  [[], 'missing argument: PATH, or --run'],
])('%j is refused', async (args, message) => {
  const { stderr, code } = await cramfs(['exec', image('dup'), ...args]);
  expect(code).toBe(EXIT.usage);
  expect(stderr).toContain(message);
});

test('one program: a copy of its text is one for all instances', async () => {
  const { stdout } = await cramfs(['exec', image('m'), '/bin/f-gap', '--nommu']);
  expect(stdout).toContain('Copied text:   9 pages of the RAM, one copy for all instances\n');
  const inPlace = await cramfs(['exec', image('m'), '/bin/f-all', '--nommu']);
  expect(inPlace.stdout).not.toContain('Copied text');
});
