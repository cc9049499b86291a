import { beforeEach, describe, expect, test } from 'vitest';
import { elfObject, type ElfObjectOptions } from '../../bench/src/emulator/elf-object.js';
import { buildRawImage, file, type RawNode } from '../helpers/raw-image.js';
import { tree, xipFile } from '../helpers/programs.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';

const PAGE = 4096;
const LOADER = '/lib/ld-linux-test.so.1';
const COMPRESSED = { mode: 0o755 } as const;

const folder = new Folder();
let image: string;

function imageOf(files: Readonly<Record<string, RawNode>>, little = true): string {
  const root = tree(files);
  const endianness = little ? 'little' : 'big';
  const { bytes } = buildRawImage('entries' in root ? root.entries : {}, { endianness });
  return folder.write('program.img', bytes);
}

function program(kind: ElfObjectOptions = {}): Record<string, RawNode> {
  const strings = '\0/lib/\0/usr/lib/\0';
  return {
    '/bin/p': xipFile(elfObject({ ...kind, interpreter: LOADER, needed: ['libx.so'] })),
    [LOADER]: xipFile(elfObject({ ...kind, soname: 'ld', strings })),
    '/usr/lib/libx.so': file(elfObject({ ...kind, soname: 'libx.so', gap: 1 }), COMPRESSED),
  };
}

beforeEach(() => {
  image = imageOf(program());
});

interface ExecJson {
  readonly objects: readonly {
    readonly path: string;
    readonly role: string;
    readonly romPages: number;
    readonly segments: readonly { readonly reason: string | null }[];
  }[];
  readonly areas: readonly { readonly path: string | null }[];
  readonly total: { readonly atMost: { readonly bytes: number } };
}

async function execJson(...more: string[]): Promise<ExecJson> {
  return (await cramfsJson(['exec', image, '/bin/p', ...more])) as ExecJson;
}

describe('cramfs exec', () => {
  test('areas, a row for each object with the reason, sums', async () => {
    const { code, stdout } = await cramfs(['exec', image, 'bin/p', 'argument']);
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[0]).toBe(
      "/bin/p argument: linux-6.12 with an MMU on riscv64, glibc's dynamic loader",
    );
    expect(stdout).toMatch(/^[0-9a-f]+-[0-9a-f]+ r-xp 22\w+ 1f:00 \d+ +\/bin\/p$/m);
    expect(stdout).toMatch(/^[0-9a-f]+-[0-9a-f]+ ---p .*\/usr\/lib\/libx\.so$/m);
    const table = lines.slice(lines.findIndex((line) => line.startsWith('OBJECT')));
    expect(table.slice(0, 7).map((line) => line.trim().split(/ {2,}/))).toEqual([
      ['OBJECT', 'ROM', 'RAM AT START', 'RAM AT MOST', 'NOT IN PLACE'],
      ['/bin/p', '2', '1+2', '1+2'],
      [LOADER, '2', '1+2', '1+2'],
      ['/usr/lib/libx.so', '0', '0+2', '1+3', 'r-x: unsuitable block layout'],
      ['memory of the loader', '2+0', '2+0'],
      ['[stack]', '2+0', '2+0'],
      ['total', '4', '6+6', '7+7'],
    ]);
    expect(stdout).toContain('ROM:           4 pages mapped, 16384 bytes\n');
    expect(stdout).toContain(`RAM at most:   ${14 * PAGE} bytes, before its stack`);
  });

  test('--json tells the same, and more', async () => {
    const json = await execJson();
    expect(json).toMatchObject({
      path: '/bin/p',
      policy: 'linux-6.12',
      mmu: true,
      starts: true,
      loader: 'glibc',
      missing: [],
      killed: null,
      failure: null,
      maxRam: null,
      total: {
        romPages: 4,
        atStart: { private: 6, cache: 6, bytes: 12 * PAGE },
        atMost: { private: 7, cache: 7, bytes: 14 * PAGE },
        loaderPages: { atStart: 2, atMost: 2 },
        stackPages: 2,
      },
    });
    expect(json.objects.map(({ path, role }) => [path, role])).toEqual([
      ['/bin/p', 'program'],
      [LOADER, 'interpreter'],
      ['/usr/lib/libx.so', 'library'],
    ]);
    const reasons = json.objects.map(({ segments }) => segments.map(({ reason }) => reason));
    expect(reasons[2]).toEqual(['unsuitable block layout', null]);
    expect(json.areas.some(({ path }) => path === '/usr/lib/libx.so')).toBe(true);
  });

  test('--max-ram: exit 1 if the program can take more', async () => {
    const { total } = await execJson();
    const { bytes } = total.atMost;
    expect((await cramfs(['exec', image, '/bin/p', `--max-ram=${bytes}`])).code).toBe(0);
    const { code, stdout } = await cramfs(['exec', image, '/bin/p', `--max-ram=${bytes - 1}`]);
    expect(code).toBe(1);
    expect(stdout).toContain(`too much RAM: more than ${bytes - 1} bytes at most\n`);
    expect(await execJson('--max-ram=4K')).toMatchObject({ maxRam: { bytes: 4096, ok: false } });
  });

  test('a program that misses a library does not start: exit 1', async () => {
    const { '/usr/lib/libx.so': gone, ...files } = program();
    image = imageOf(files);
    const { code, stdout } = await cramfs(['exec', image, '/bin/p']);
    expect(code).toBe(1);
    expect(stdout).toContain(
      'does not start: libx.so, needed by /bin/p: cannot open shared object file: No such file',
    );
    image = imageOf({ ...files, '/opt/libx.so': gone! });
    expect((await cramfs(['exec', image, '/bin/p', '--library-path', '/no:/opt'])).code).toBe(0);
  });

  test('what execve() refuses is an answer: exit 1', async () => {
    const { code, stdout } = await cramfs(['exec', image, '/usr/lib']);
    expect(code).toBe(1);
    expect(stdout).toContain('\nfails: EACCES: /usr/lib\n');
    expect(await execJson('--nommu')).toMatchObject({ failure: null, starts: true });
    const missing = await cramfsJson(['exec', image, '/nothing']);
    expect(missing).toMatchObject({
      failure: { code: 'ENOENT', reason: '/nothing' },
      starts: false,
      total: null,
    });
  });

  test('--nommu tells why nothing is in place', async () => {
    const { objects } = await execJson('--nommu');
    expect(objects.map(({ romPages }) => romPages)).toEqual([0, 0, 0]);
    expect(objects[0]!.segments[0]!.reason).toMatch(/^not an FDPIC program: /);
    image = imageOf(program({ elfClass: 32, machine: 40, osAbi: 65 }));
    const fdpic = await execJson('--nommu');
    expect(fdpic.objects.map(({ romPages }) => romPages)).toEqual([2, 2, 0]);
  });

  test('--loader musl looks in other places; --policy; 32 bits; a big-endian image', async () => {
    const { stdout } = await cramfs(['exec', image, '/bin/p', '--loader=musl']);
    expect(stdout).toContain("musl's dynamic loader");
    expect(await execJson('--policy=linux-6.12-v3-vmasplit')).toMatchObject({ starts: true });
    image = imageOf(program({ elfClass: 32, little: false, machine: 20 }), false);
    expect(await execJson()).toMatchObject({ starts: true, total: { romPages: 4 } });
  });

  test('options after -- are arguments; wrong ones are usage errors', async () => {
    const { stdout } = await cramfs(['exec', image, '/bin/p', '--', '-l', '--json']);
    expect(stdout).toMatch(/^\/bin\/p -l --json: /);
    expect((await cramfs(['exec', image])).code).toBe(16);
    expect((await cramfs(['exec', image, '/bin/p', '--loader=other'])).code).toBe(16);
    expect((await cramfs(['exec', image, '/bin/p', '--max-ram=much'])).code).toBe(16);
  });
});
