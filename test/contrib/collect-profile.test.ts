import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readProfiles, type Profile } from 'cramfs-planner';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/*
 * The collector of profiles, run by each shell there is, on this machine's /proc and on made-up ones.
 */

const CONTRIB = fileURLToPath(new URL('../../contrib/collect-profile/', import.meta.url));
const SCRIPT = join(CONTRIB, 'collect-profile.sh');
const PAGE = 4096;
const FILE_PAGES = 300;

/** Maps FILE and touches the pages given; then waits for its standard input to end. */
const PROGRAM = `
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
int main(int argc, char **argv)
{
	int fd = open(argv[1], O_RDONLY);
	size_t length = ${FILE_PAGES} * ${PAGE};
	volatile char *shared = mmap(0, length, PROT_READ, MAP_SHARED, fd, 0);
	volatile char *offset = mmap(0, 8 * ${PAGE}, PROT_READ, MAP_PRIVATE, fd, 200 * ${PAGE});
	volatile char *writable = mmap(0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (shared == MAP_FAILED || offset == MAP_FAILED || writable == MAP_FAILED)
		return 1;
	/* Without read-ahead nothing is in the page cache but what was touched. */
	madvise((void *)shared, length, MADV_RANDOM);
	madvise((void *)offset, 8 * ${PAGE}, MADV_RANDOM);
	for (int i = 2; i < argc; i++)
		shared[atoi(argv[i]) * ${PAGE}];
	offset[3 * ${PAGE}];
	writable[250 * ${PAGE}] = 1;
	puts("ready");
	fflush(stdout);
	getchar();
	return 0;
}
`;

function has(program: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

const SHELLS = [['sh'], ['dash'], ['bash', '--posix'], ['busybox', 'sh']].filter(([program]) =>
  has(program!),
);
const canRead = process.platform === 'linux' && has('od') && has('dd');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'collect profile '));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Collected {
  readonly status: number | null;
  readonly stderr: string;
  readonly record: Buffer;
  readonly profile: () => Profile;
}

function collect(shell: readonly string[], pids: readonly string[], proc = '/proc'): Collected {
  const [program, ...options] = shell;
  const { status, stdout, stderr } = spawnSync(program!, [...options, SCRIPT, ...pids], {
    env: { ...process.env, PROC: proc },
    maxBuffer: 1 << 26,
  });
  const profile = (): Profile => readProfiles([{ name: 'record', bytes: stdout }])[0]!;
  return { status, stderr: stderr.toString(), record: stdout, profile };
}

/** Pages of a file, by their counts. */
function pagesOf(profile: Profile, path: string): Map<number, number> {
  const pages = new Map<number, number>();
  for (const { first, pages: length, count } of profile.files.get(path) ?? []) {
    for (let page = first; page < first + length; page += 1) pages.set(page, count);
  }
  return pages;
}

describe.skipIf(!canRead || !has('cc'))('on a program that touches known pages', () => {
  const TOUCHED = [0, 1, 17, 64, 65, 66, 131, 299];
  let program: string;
  let file: string;
  let child: ChildProcess;
  beforeAll(async () => {
    program = join(folder, 'program');
    const options = ['-x', 'c', '-', '-o', program];
    expect(spawnSync('cc', options, { input: PROGRAM, encoding: 'utf8' }).stderr).toBe('');
    file = join(folder, 'new\nline \xe4.bin');
    writeFileSync(file, '');
    // A file of holes has no pages in the page cache.
    expect(spawnSync('truncate', ['-s', String(FILE_PAGES * PAGE), file]).status).toBe(0);
    child = spawn(program, [file, ...TOUCHED.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout!, 'data');
  });
  afterAll(() => {
    child.kill();
  });

  test.each(SHELLS)('%s finds precisely those', (...shell) => {
    const { status, stderr, profile } = collect(shell, [String(child.pid)]);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('1 processes');
    const name = Buffer.from(file, 'utf8').toString('latin1');
    const pages = pagesOf(profile(), name);
    // 203 through the mapping that starts at page 200; 250 was written to.
    expect([...pages.keys()]).toEqual([...TOUCHED, 203].sort((a, b) => a - b));
    expect(new Set(pages.values())).toEqual(new Set([1]));
    expect(profile().format).toBe('collector');
    expect(profile().atLeast).toEqual(new Map());
  });

  test.each(SHELLS)('%s finds them among other processes, all of which it takes', (...shell) => {
    // Test with a few of the machine's processes, because there can be thousands.
    const proc = join(folder, `some ${shell[0]!}`);
    mkdirSync(proc);
    for (const pid of ['self', '1', '2', String(process.ppid), String(child.pid)]) {
      symlinkSync(`/proc/${pid}`, join(proc, pid));
    }
    const { status, stderr, profile } = collect(shell, [], proc);
    expect(status, stderr).toBe(0);
    expect(pagesOf(profile(), Buffer.from(file, 'utf8').toString('latin1')).size).toBe(9);
    expect(profile().files.size).toBeGreaterThan(1);
  });

  test('says how many pages may be neighbours', () => {
    const { record, stderr } = collect(['sh'], [String(child.pid)]);
    const around = /^fault-around (\d+)$/m.exec(record.toString())?.[1] ?? '65536';
    const [, all] = / (\d+) pages of files/.exec(stderr)!;
    const [, certain = all] = /at least (\d+) of these/.exec(stderr) ?? [];
    expect(Number(certain)).toBeGreaterThan(0);
    if (Number(around) > PAGE) {
      expect(Number(certain)).toBeLessThan(Number(all));
      expect(stderr).toContain('/sys/kernel/debug/fault_around_bytes');
    }
  });
});

describe.skipIf(!canRead)('on a /proc that is made up', () => {
  const AREA = '00010000-00014000 r-xp 00002000 1f:02 81         /bin/a\\b \xff';
  const MAPS =
    `${AREA}\n00014000-00016000 rw-p 00006000 1f:02 81         /bin/a\n` +
    '00020000-00021000 r--s 00000000 00:05 3          /dev/zero (deleted)\n' +
    'bfe00000-bfe01000 rw-p 00000000 00:00 0          [stack]\n';

  /** @returns the directory. @param processes by PID: files. */
  function makeProc(
    name: string,
    processes: Readonly<Record<string, Readonly<Record<string, string | Uint8Array>>>>,
  ): string {
    const proc = join(folder, name);
    for (const [pid, files] of Object.entries(processes)) {
      mkdirSync(join(proc, pid), { recursive: true });
      for (const [file, content] of Object.entries(files)) {
        const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content;
        writeFileSync(join(proc, pid, file), bytes);
      }
    }
    return proc;
  }

  /** Entries of pages present and of a file, up to the end of the second area, in this machine's order of bytes. */
  function pagemap(pages: readonly number[], pageSize: number): Uint8Array {
    const entries = new BigUint64Array(0x16000 / pageSize);
    // Add neighbours of the area, pages that are swapped out, and copies.
    entries.fill(0xa000000000000000n);
    entries.fill(0n, 0x10000 / pageSize, 0x14000 / pageSize);
    for (const page of pages) entries[page] = 0xa180000000088123n;
    return new Uint8Array(entries.buffer);
  }

  const self = { maps: MAPS, smaps: 'KernelPageSize:        4 kB\n' };

  test.each(SHELLS)(
    '%s: names are bytes; kernel threads and what vanishes are left out',
    (...shell) => {
      const proc = makeProc(`threads ${shell[0]!}`, {
        self,
        '2': { maps: '', comm: 'kthreadd\n' },
        '3': {},
        '4': { maps: MAPS, pagemap: pagemap([0x10, 0x12, 0x13], PAGE), comm: 'a b\\c\n' },
        '5': { maps: MAPS, pagemap: new Uint8Array(8) },
      });
      const { status, stderr, record, profile } = collect(shell, [], proc);
      expect(status, stderr).toBe(0);
      expect(record.toString('latin1')).toBe(
        `cramfs-touched 1\npage-size 4096\nfault-around ${/around (\S+)/.exec(record.toString())![1]!}\n` +
          `process 4 a b\\c\narea ${AREA}\npages 0-0,2-3\nprocess 5 \nend\n`,
      );
      expect([...profile().files]).toEqual([
        [
          '/bin/a\\b \xff',
          [
            { first: 2, pages: 1, count: 1 },
            { first: 4, pages: 2, count: 1 },
          ],
        ],
      ]);
    },
  );

  test.each(SHELLS)('%s: without pagemap smaps tells how many', (...shell) => {
    const rss = (size: number, copies: number): string =>
      `Size: 16 kB\nRss:      ${size} kB\nAnonymous:   ${copies} kB\nVmFlags: rd ex \n`;
    const proc = makeProc(`smaps ${shell[0]!}`, {
      self,
      '7': { maps: MAPS, smaps: `${AREA}\n${rss(16, 0)}${MAPS.split('\n')[1]!}\n${rss(8, 0)}` },
      '8': { maps: MAPS, smaps: `${AREA}\n${rss(16, 4)}` },
    });
    const { status, stderr, profile } = collect(shell, [], proc);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('2 of them without pagemap');
    const name = '/bin/a\\b \xff';
    expect([...profile().files]).toEqual([[name, [{ first: 2, pages: 4, count: 1 }]]]);
    expect([...profile().atLeast]).toEqual([[name, 3]]);
  });

  test('pages of 16 KiB', () => {
    const proc = makeProc('large', {
      self: { ...self, smaps: 'KernelPageSize:       16 kB\n' },
      '9': { maps: MAPS.replaceAll('00002000', '00008000'), pagemap: pagemap([4], 16384) },
    });
    const { profile } = collect(['sh'], ['9'], proc);
    expect(profile().pageSize).toBe(16384);
    expect([...profile().files.values()]).toEqual([[{ first: 2, pages: 1, count: 1 }]]);
  });

  test('no process, no /proc, unknown options', () => {
    const proc = makeProc('empty', { self });
    expect(collect(['sh'], [], proc)).toMatchObject({
      status: 1,
      stderr: 'collect-profile: no process could be read: run it as root\n',
    });
    expect(collect(['sh'], ['99'], proc).status).toBe(1);
    expect(collect(['sh'], [], join(folder, 'nothing')).stderr).toContain('mount -t proc');
    expect(collect(['sh'], ['--help']).status).toBe(2);
  });
});

test.each([
  ['busybox.txt', { first: 0, pages: 32, count: 3 }, 0],
  ['no-pagemap.txt', { first: 0, pages: 1, count: 2 }, 276],
])('the sample %s is a profile', (name, first, atLeast) => {
  const bytes = readFileSync(join(CONTRIB, 'samples', name));
  const [profile] = readProfiles([{ name, bytes }]);
  const path = '/mnt/rom/bin/busybox';
  expect([...profile!.files.keys()]).toEqual([path]);
  expect(profile!.files.get(path)![0]).toEqual(first);
  expect(profile!.atLeast.get(path) ?? 0).toBe(atLeast);
});
