import { beforeEach, describe, expect, test } from 'vitest';
import { elfObject } from '../../bench/src/emulator/elf-object.js';
import { tree, xipFile } from '../helpers/programs.js';
import { buildRawImage } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';

const LOADER = '/lib/ld-linux-test.so.1';
const BOARD_BASE = 0x7000_0000;

interface Area {
  readonly start: string;
  readonly end: string;
  readonly permissions: string;
  readonly offset: number;
  readonly path: string | null;
  readonly vmFlags: string | null;
  readonly rss: number | null;
}

const folder = new Folder();
let image: string;
let areas: readonly Area[];
beforeEach(async () => {
  const strings = '\0/lib/\0/usr/lib/\0';
  const root = tree({
    '/bin/p': xipFile(elfObject({ interpreter: LOADER, needed: ['libx.so'] })),
    [LOADER]: xipFile(elfObject({ soname: 'ld', strings })),
    '/usr/lib/libx.so': xipFile(elfObject({ soname: 'libx.so' })),
  });
  image = folder.write('a.img', buildRawImage('entries' in root ? root.entries : {}).bytes);
  ({ areas } = (await cramfsJson(['exec', image, '/bin/p'])) as { areas: readonly Area[] });
});

/** A saved file: the areas at addresses of a board's own, with smaps' lines or without. */
function saved(list: readonly Area[], smaps = true): string {
  const text = list.map(({ start, end, permissions, offset, path, vmFlags, rss }) => {
    const at = (address: string): string => (Number(address) % BOARD_BASE).toString(16);
    const line = `${at(start)}-${at(end)} ${permissions} ${offset.toString(16).padStart(8, '0')} 1f:00 77  ${path ?? ''}\n`;
    const details = `Size: 4 kB\nRss:  ${(rss ?? 0) / 1024} kB\nVmFlags: ${vmFlags ?? ''} \n`;
    return smaps ? line + details : line;
  });
  return folder.write('board', text.join(''));
}

function compare(file: string): Promise<{ code: number; stdout: string; stderr: string }> {
  return cramfs(['exec', image, '/bin/p', '--compare', file]);
}

/** The areas, with that of `path` that is executable changed. */
function changed(path: string, change: Partial<Area>): Area[] {
  return areas.map((area) =>
    area.path === path && area.permissions.includes('x') ? { ...area, ...change } : area,
  );
}

describe('cramfs exec --compare', () => {
  test('the same mapping at other addresses is not a difference', async () => {
    for (const smaps of [true, false]) {
      const file = saved(areas, smaps);
      expect(await compare(file)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    }
    expect(areas.some(({ vmFlags }) => / (?:mm|pf)\b/.test(vmFlags ?? ''))).toBe(true);
  });

  test.each([
    ['permissions', { permissions: 'rwxp' }, 'permissions: r-xp; on the board rwxp'],
    ['place', { vmFlags: 'rd ex mr mw me' }, 'on the board from RAM'],
    ['RAM', { rss: 64 * 4096 }, 'in RAM: at most 0 kB; on the board 256 kB'],
    ['offset', { offset: 0x77000 }, 'on the board 0x77000'],
  ] as const)('%s: one line', async (_name, change, words) => {
    const { code, stdout, stderr } = await compare(saved(changed('/usr/lib/libx.so', change)));
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/^\/usr\/lib\/libx\.so \+0x[0-9a-f]+: [^\n]+\n$/);
    expect(stdout).toContain(words);
  });

  test('files and areas that are only on one side', async () => {
    const without = areas.filter(({ path }) => path !== '/usr/lib/libx.so');
    const last = areas.at(-1)!;
    const other = { ...last, path: '/lib/other.so', permissions: 'r--p' };
    expect((await compare(saved([...without, other]))).stdout).toBe(
      '/usr/lib/libx.so +0x0: not mapped on the board\n/lib/other.so +0x0: mapped on the board only\n',
    );
    const found = await cramfsJson(['exec', image, '/bin/p', '--compare', saved(areas)]);
    expect(found).toEqual([]);
  });

  test('what is not maps is an error, and --run is not compared', async () => {
    const bad = await compare(folder.write('bad', 'hello\n'));
    expect(bad).toMatchObject({ code: 8, stdout: '' });
    expect(bad.stderr).toMatch(/bad: no area in it: not \/proc\/PID\/maps or smaps\n$/);
    const run = await cramfs(['exec', image, '--run', '/bin/p', '--compare', 'x']);
    expect(run.code).toBe(16);
    expect(run.stderr).toContain(
      "--compare cannot be 'x': with --run, use PID=FILE, PID from 1 to 1",
    );
  });

  test('several programs, each with the file of its PID', async () => {
    const equal = saved(areas);
    const runs = ['exec', image, '--run', '2*/bin/p', '--compare', `2=${equal}`];
    expect(await cramfs(runs)).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const other = folder.write('other', '10000-11000 r--p 00000000 1f:00 7  /bin/q\n');
    const { code, stdout } = await cramfs([...runs, '--compare', `1=${other}`]);
    expect(code).toBe(1);
    expect(stdout).toContain(`${other}: /bin/q +0x0: mapped on the board only\n`);
    expect(stdout).toContain(`${other}: /bin/p +0x0: not mapped on the board\n`);
    expect(stdout).not.toContain(equal);
    const bad = await cramfs([...runs, '--compare', `3=${other}`]);
    expect([bad.code, bad.stdout]).toEqual([16, '']);
  });

  test('an image that the board has mounted elsewhere', async () => {
    const moved = areas.map((area) =>
      area.path?.startsWith('/') === true ? { ...area, path: `/mnt/rom${area.path}` } : area,
    );
    const file = saved(moved);
    expect(await compare(file)).toMatchObject({
      code: 0,
      stdout: '',
      stderr: `cramfs: ${file}: taken to be of an image mounted on /mnt/rom\n`,
    });
  });

  test('what is in RAM on the board is one difference, whatever follows from it', async () => {
    const inRam = { vmFlags: 'rd ex mr mw me', offset: 0x1000, rss: 8192 };
    const { stdout } = await compare(saved(changed('/usr/lib/libx.so', inRam)));
    expect(stdout).toMatch(/^[^\n]*from ROM [^\n]*; on the board from RAM, 8 kB of it\n$/);
  });
});
