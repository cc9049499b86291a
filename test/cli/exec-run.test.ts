import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Folder } from './folder.js';
import { cramfs } from './run-cli.js';

const FIXTURES = join(import.meta.dirname, '../fixtures/programs');
const folder = new Folder();

type Architecture = 'riscv64' | 'riscv32' | 'arm';

/** An image with the program of system calls for an architecture, text in place. */
async function image(arch: Architecture): Promise<string> {
  for (const name of ['bin', 'tmp', 'proc'])
    mkdirSync(folder.path('root', name), { recursive: true });
  const program = gunzipSync(readFileSync(join(FIXTURES, `calls-${arch}.gz`)));
  writeFileSync(folder.path('root', 'bin', 'calls'), program, { mode: 0o755 });
  const { code } = await cramfs(['build', '--xip', folder.path('root'), folder.path('image')]);
  expect(code).toBe(0);
  return folder.path('image');
}

/** What the program prints: recorded for riscv64; ELF headers of 32 bits are smaller. */
function record(arch: Architecture): string {
  const text = readFileSync(join(FIXTURES, 'calls.txt'), 'latin1');
  if (arch === 'riscv64') return text;
  const headers = text.replaceAll('AT_PHENT 56', 'AT_PHENT 32');
  return arch === 'arm' ? headers.replaceAll('AT_PHNUM 4', 'AT_PHNUM 3') : headers;
}

interface Report {
  readonly end: { readonly kind: string; readonly status?: number };
  readonly instructions: number;
  readonly files: readonly { readonly path: string; readonly parts: readonly unknown[] }[];
  readonly faults: readonly { readonly pc: string; readonly why: string }[];
  readonly faultCount: number;
  readonly problems: readonly string[];
}

describe.each(['riscv64', 'riscv32', 'arm'] as const)('system calls of %s', (arch) => {
  test('give what Linux gives', async () => {
    const { code, stdout, stderr } = await cramfs([
      'exec',
      '--run',
      await image(arch),
      '/bin/calls',
      'a',
    ]);
    expect(stdout).toBe(record(arch));
    expect(code).toBe(5);
    expect(stderr).toMatch(/^end: +exited with status 5$/m);
    expect(stderr).toMatch(/^note: calls: the system call call 1000 is not there: ENOSYS$/m);
  });

  test('each run is the same', async () => {
    const file = await image(arch);
    const run = async (): Promise<string> => {
      const argv = ['exec', '--run', '--json', file, '/bin/calls', 'a'];
      return (await cramfs(argv)).stderr;
    };
    const first = await run();
    expect(await run()).toBe(first);
    const report = JSON.parse(first) as Report;
    expect(report.end).toEqual({ kind: 'exited', status: 5 });
    expect(report.faults).toHaveLength(report.faultCount);
    expect(report.files.map(({ path }) => path)).toEqual(['/bin/calls']);
  });
});

describe('the command line', () => {
  test("all words after PATH are the program's", async () => {
    const file = await image('riscv64');
    for (const words of [
      ['-q', '--run', file, 'bin/calls'],
      ['--run', '-q', file, '/bin/calls'],
      ['--run', file, '-q', '/bin/calls'],
    ]) {
      const { stdout, stderr } = await cramfs([
        'exec',
        ...words,
        '--json',
        '--',
        '-x',
        '--help\\n',
      ]);
      expect(stdout).toMatch(/^argc 5\n--help\\n\n/);
      expect(stderr).toBe('');
    }
  });

  test('--run after PATH executes, too; with a program it maps', async () => {
    const file = await image('riscv64');
    const last = await cramfs(['exec', '-q', file, '/bin/calls', '--run']);
    expect(last.stdout).toMatch(/^argc 1\n/);
    const mapped = await cramfs(['exec', file, '--run', '2*/bin/calls']);
    expect(mapped.stdout).toContain('/bin/calls');
    expect(mapped.code).toBe(0);
    const first = await cramfs(['exec', '--run', '2*/bin/calls', file]);
    expect(first.stdout).toBe(mapped.stdout);
  });

  test('--limit stops it', async () => {
    const { code, stderr } = await cramfs([
      'exec',
      '--run',
      '--limit',
      '100',
      await image('riscv64'),
      '/bin/calls',
    ]);
    expect(code).toBe(124);
    expect(stderr).toMatch(/^end: +stopped at --limit$/m);
    expect(stderr).toMatch(/^instructions: +100$/m);
  });

  test('--report, --profile and --env', async () => {
    const [report, profile] = [folder.path('report'), folder.path('profile')];
    const options = ['--report', report, '--profile', profile, '--env', 'A=b', '-q', '--seed', '3'];
    const { code, stderr } = await cramfs([
      'exec',
      '--run',
      ...options,
      await image('riscv64'),
      '/bin/calls',
      'a',
      'b',
    ]);
    expect([code, stderr]).toEqual([42, '']);
    expect(readFileSync(report, 'utf8')).toMatch(/^program: +\/bin\/calls a b$/m);
    const read = JSON.parse(readFileSync(profile, 'utf8')) as unknown;
    expect(read).toMatchObject({
      format: 'cramfs-profile',
      kind: 'mapped',
      pageSize: 4096,
      files: [{ path: '/bin/calls', touched: [{ first: 0 }] }],
    });
    const plan = await cramfs(['plan', '--flash', '1M', '--profile', profile, folder.path('root')]);
    expect([plan.code, plan.stderr]).toEqual([0, '']);
  });

  test.each(['--report', '--profile'])('%s: an error is about that file', async (option) => {
    const missing = folder.path('missing', 'file');
    const argv = ['exec', '--run', '-q', option, missing, await image('riscv64'), '/bin/calls'];
    const { code, stderr } = await cramfs(argv);
    expect([code, stderr]).toEqual([8, `cramfs: ${missing}: no such file or directory\n`]);
  });

  test.each([
    [['/bin/no'], 'ENOENT'],
    [['/bin'], 'EACCES'],
  ])('%j cannot be executed', async (words, errno) => {
    const { code, stderr } = await cramfs(['exec', '--run', await image('riscv64'), ...words]);
    expect(code).toBe(8);
    expect(stderr).toContain(`${words[0]!} cannot be executed: ${errno}`);
  });

  describe('in an image for several machines', () => {
    /** samples/rootfs, whose first programs are for arm64. */
    async function sample(): Promise<string> {
      const file = folder.path('sample');
      const argv = ['build', '--xip=mmu', '-q', join(import.meta.dirname, '../../samples/rootfs')];
      expect((await cramfs([...argv, file])).code).toBe(0);
      return file;
    }

    test.each([
      ['/no', 'IMAGE: no such file or directory (/no)'],
      ['/etc/hostname', 'IMAGE: /etc/hostname is neither ELF nor bFLT: --arch names its processor'],
      ['/x86_64/bin/hello', 'IMAGE: programs for x86_64 cannot be executed'],
    ])('%s cannot be executed', async (path, message) => {
      const file = await sample();
      const { code, stderr } = await cramfs(['exec', '--run', file, path]);
      expect(code).toBe(8);
      expect(stderr.replaceAll(file, 'IMAGE')).toContain(message);
    });

    test('bFLT is taken to be for a machine that has it', async () => {
      const file = await sample();
      const argv = ['exec', '--run', '--nommu', '-q', file, '/cortex-m/flat/hello'];
      const { code, stdout } = await cramfs(argv);
      expect([code, stdout]).toEqual([0, 'hello, execute-in-place world\n']);
    });
  });
});
