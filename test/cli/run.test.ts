import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { parseRecords } from 'xip-emu';
import { beforeEach, describe, expect, test } from 'vitest';
import { kernelImage } from '../helpers/kernel-images.js';
import { recordedScenarios, type RecordedScenario } from '../helpers/kernel-records.js';
import { tarArchive, tarItem } from '../helpers/tar-builder.js';
import { Folder } from './folder.js';
import { cramfs, runTool } from './run-cli.js';

const folder = new Folder();
let image: string;
beforeEach(() => {
  image = folder.write('basic.img', kernelImage('basic'));
  mkdirSync(folder.path('expected'));
});

/** Writes scenarios of a recorded set, and what the kernel recorded. @returns their paths. */
function write(set: string, wanted: RegExp): string[] {
  const found = recordedScenarios(set).filter(({ name }) => wanted.test(name));
  for (const { name, records } of found) {
    folder.write(`expected/${name}.jsonl`, lines(records));
  }
  return found.map(({ name, scenario }) => folder.write(`${name}.scn`, scenario));
}

function lines(records: RecordedScenario['records']): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

const SCENARIO = 'mount mtd\nopen 0 direct-5p-sharedtail r\nmmap a 0 0x5000 r private 0\npages a\n';

test('prints the records of a kernel, in its own words', async () => {
  const [scenario] = write('mmu-basic', /^m05-/);
  const { code, stdout, stderr } = await cramfs(['run', image, scenario!, '--mode', 'mmu']);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toBe(readFileSync(folder.path('expected', 'm05-junk-tail.jsonl'), 'utf8'));
});

test('--format table is for people', async () => {
  const path = folder.write('a.scn', `${SCENARIO}maps\npages *\n`);
  const { stdout } = await cramfs(['run', image, path, '--mode=mmu', '--format=table']);
  expect(stdout.split('\n').map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['LINE', 'PROCESS', 'COMMAND', 'RESULT'],
    ['1', '0', 'mount mtd', 'ok'],
    ['2', '0', 'open 0 direct-5p-sharedtail r', expect.stringMatching(/^ok size=\d+$/)],
    ['3', '0', 'mmap a 0 0x5000 r private 0', 'ok addr=auto'],
    ['4', '0', 'pages a', 'rom:73728 rom:77824 rom:81920 rom:86016 -'],
    ['5', '0', 'maps', 'no areas'],
    ['6', '0', 'pages *', 'a: rom:73728 rom:77824 rom:81920 rom:86016 -'],
    ['scenario-end', 'kernel=ok umount=ok taint=0'],
    [''],
  ]);
});

describe('the board', () => {
  const pagesWith = async (...options: string[]): Promise<unknown> => {
    const scenario = folder.write('a.scn', SCENARIO);
    const argv = ['run', image, scenario, '--mode', 'mmu', ...options];
    const { code, stdout, stderr } = await cramfs(argv);
    expect([code, stderr]).toEqual([0, '']);
    return parseRecords(stdout)[3]!['pages'];
  };

  test('--phys: at an address that is not a whole page nothing is mapped from ROM', async () => {
    const rom = ['rom:73728', 'rom:77824', 'rom:81920', 'rom:86016', '-'];
    expect(await pagesWith('--phys', '0x30000000')).toEqual(rom);
    expect(await pagesWith('--phys', '0x30000800')).toEqual(['-', '-', '-', '-', '-']);
  });

  test('--block-size: pages of the kernel', async () => {
    const pages = await pagesWith('--block-size', '16K', '--arch', 'arm64');
    expect(pages).toHaveLength(2);
  });
});

describe('--expect', () => {
  test.each([
    ['mmu-basic', 'mmu', [], /^m(0|42|46|51)/],
    ['nommu-basic', 'nommu', [], /^(n0|n2)/],
    ['v3-mmu-basic', 'mmu', ['--policy', 'linux-6.12-v3-vmasplit'], /^m(0|51)/],
  ] as const)('%s: equal to what the kernel recorded', async (set, mode, more, wanted) => {
    const scenarios = write(set, wanted);
    const argv = ['run', image, ...scenarios, '--mode', mode, ...more];
    const { code, stdout } = await cramfs([...argv, '--expect', folder.path('expected')]);
    const { length } = scenarios;
    expect(length).toBeGreaterThan(8);
    expect([code, stdout]).toEqual([0, `${length} of ${length} scenarios equal\n`]);
  });

  test('shows the first difference of each scenario, and exits with 1', async () => {
    const path = folder.write('a.scn', SCENARIO);
    const { stdout } = await cramfs(['run', image, path, '--mode=mmu']);
    const wrong = stdout
      .replace('"rom:77824"', '"ram:0:fx"')
      .replace('"umount":"ok"', '"umount":"EBUSY"');
    const expected = folder.write('a.jsonl', wrong);
    const result = await cramfs(['run', image, path, '--mode=mmu', '--expect', expected]);
    expect([result.code, result.stdout]).toEqual([
      1,
      `${path}: line 4: pages a\n` +
        '  field:    pages.1\n' +
        '  expected: "ram:0:fx"\n' +
        '  got:      "rom:77824"\n' +
        '0 of 1 scenario equal\n',
    ]);
  });

  test('misses records, and finds some too many', async () => {
    const path = folder.write('a.scn', SCENARIO);
    const { stdout } = await cramfs(['run', image, path, '--mode=mmu']);
    const short = folder.write('a.jsonl', stdout.split('\n').slice(0, 3).join('\n'));
    const result = await cramfs(['run', image, path, '--mode=mmu', '--expect', short]);
    expect(result.stdout).toContain('line 4: pages a\n  field:    (the whole record)\n');
    expect(result.stdout).toContain('  expected: (nothing)\n');
    const long = folder.write('b.jsonl', `${stdout}{"op":"more"}\n`);
    const other = await cramfs(['run', image, path, '--mode=mmu', '--expect', long]);
    expect(other.stdout).toContain('  expected: {"op":"more"}\n  got:      (nothing)\n');
    expect(other.code).toBe(1);
  });

  test('is done where the emulator has a diagnosis', async () => {
    const scenarios = write('nommu-basic', /^nu3/);
    const argv = ['run', image, ...scenarios, '--mode=nommu', '--expect', folder.path('expected')];
    const { code, stdout } = await cramfs(argv);
    expect(code).toBe(0);
    expect(stdout).toMatch(/equal up to a diagnosis: BUG in mm\/nommu\.c:add_nommu_region\(\): /);
    expect(stdout).toMatch(/\n1 of 1 scenario equal, 1 of them up to a diagnosis\n$/);
    const records = await cramfs(['run', image, ...scenarios, '--mode=nommu']);
    expect(records.stdout.trimEnd().split('\n').at(-1)).toMatch(/^\{"op":"diagnosis",/);
  });
});

describe('what cannot be used is one line', () => {
  const run = (...more: string[]) => cramfs(['run', image, ...more]);

  test('scenarios, with file and line', async () => {
    for (const [text, message] of [
      ['mount mtd\n\nfrobnicate 1\n', '3: no such operation: frobnicate'],
      ['mount mtd\ntouch a 0 q\n', '2: q is none of r, w, x'],
      ['# nothing\nmaps\n', '2: the first operation is not a mount'],
      ['mount mtd\nfork\nmaps\n', '2: fork without end'],
    ] as const) {
      const path = folder.write('bad.scn', text);
      const { code, stdout, stderr } = await run(path, '--mode=mmu');
      expect([code, stdout, stderr]).toEqual([8, '', `cramfs: ${path}:${message}\n`]);
    }
  });

  test('files that are missing or hold no records', async () => {
    const path = folder.write('a.scn', SCENARIO);
    const none = folder.path('none');
    expect((await run(none, '--mode=mmu')).stderr).toBe(
      `cramfs: ${none}: no such file or directory\n`,
    );
    const missing = await run(path, '--mode=mmu', '--expect', folder.path('expected'));
    expect([missing.code, missing.stderr]).toEqual([
      8,
      `cramfs: ${folder.path('expected', 'a.jsonl')}: no such file or directory\n`,
    ]);
    const bad = folder.write('bad.jsonl', '{}\n[]\n');
    const { stderr } = await run(path, '--mode=mmu', '--expect', bad);
    expect(stderr).toBe(`cramfs: ${bad}:2: not a record: a JSON object on one line\n`);
  });

  test('command lines', async () => {
    const path = folder.write('a.scn', SCENARIO);
    const expected = folder.write('a.jsonl', '');
    for (const [argv, message] of [
      [[path], 'cramfs run: --mode is missing: mmu or nommu'],
      [['--mode=mmu'], 'cramfs run: missing argument: SCENARIO...'],
      [[path, '--mode=both'], "cramfs run: --mode cannot be 'both': use mmu, nommu"],
      [[path, path, '--mode=mmu', '--expect', expected], 'cramfs run: --expect takes a directory'],
    ] as const) {
      const { code, stderr } = await run(...argv);
      expect(code).toBe(16);
      expect(stderr.startsWith(message)).toBe(true);
    }
  });
});

test('xip-emu is the same as a program of its own', async () => {
  const path = folder.write('a.scn', SCENARIO);
  const { status, stdout, stderr } = runTool('xip-emu', [image, path, '--mode', 'mmu']);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout.toString()).toBe((await cramfs(['run', image, path, '--mode=mmu'])).stdout);
  expect(runTool('xip-emu', ['--help']).stdout.toString()).toMatch(
    /^xip-emu \[OPTION\.\.\.\] IMAGE/,
  );
  const usage = runTool('xip-emu', [image]);
  expect([usage.status, usage.stderr]).toEqual([
    16,
    "xip-emu: missing argument: SCENARIO...\nTry 'xip-emu --help'.\n",
  ]);
});

describe('mount tarfs', () => {
  const tar = tarArchive(tarItem({ name: 'file', data: 'content' }));
  const run = (scenario: string) =>
    cramfs(['run', image, folder.write('dir/a.scn', scenario), '--mode=mmu']);
  const results = (stdout: string): unknown[] => parseRecords(stdout).map(({ ret }) => ret);

  beforeEach(() => {
    mkdirSync(folder.path('dir'));
    folder.write('dir/a.tar', tar);
  });

  test('the archive is beside the scenario, and stays as it is', async () => {
    const { code, stdout } = await run('mount tarfs a.tar\nopen 0 file rw\nwrite 0 0 4 1\nsync\n');
    expect([code, ...results(stdout)]).toEqual([0, 'ok', 'ok', 'ok', 'ok', undefined]);
    expect(readFileSync(folder.path('dir', 'a.tar')).equals(tar)).toBe(true);
  });

  test.each(['gzip', 'zstd'])('compressed with %s it is read-only', async (compressor) => {
    const { stdout: compressed, error } = spawnSync(compressor, ['-c'], { input: tar });
    if (error !== undefined) return;
    folder.write('dir/a.tar', compressed);
    const { stdout } = await run('mount tarfs a.tar\nopen 0 file rw\nopen 0 file r\n');
    expect(results(stdout)).toEqual(['ok', 'EROFS', 'ok', undefined]);
  });

  test('one that is missing, or no archive, is an error with its name', async () => {
    const missing = await run('mount tarfs no.tar\n');
    expect(missing.code).toBe(8);
    expect(missing.stderr).toMatch(/no\.tar.*(ENOENT|no such file)/i);
    folder.write('dir/a.tar', Buffer.alloc(1024, 'x'));
    const bad = await run('mount tarfs a.tar\n');
    expect(bad.code).toBe(8);
    expect(bad.stderr).toMatch(/cannot be mounted: EINVAL: the archive: not a tar archive/);
  });
});
