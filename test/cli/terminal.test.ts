import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { elfObject } from '../../bench/src/emulator/elf-object.js';
import { describeWithPeers, runPeerOk } from '../helpers/peers.js';
import { tree, xipFile } from '../helpers/programs.js';
import { buildRawImage, file, noise, symlink } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson, launcher } from './run-cli.js';

/*
 * How results look on a terminal: they fit it, and have colours where these help. Elsewhere they are
 * the same whatever the terminal.
 */

const LONG = 'a-directory-whose-name-leaves-little-room-for-what-is-in-it';
const LOADER = '/lib/ld-linux-test.so.1';
const LIBRARY = `lib-${'x'.repeat(60)}.so`;
const ALIGNED = { kind: 'D', align: 4096 } as const;

const folder = new Folder();
let image: string;
let other: string;
/** An image with long names, and files of about `size` bytes. */
function longNames(size: number): Uint8Array {
  const path = `/${LONG}/${LONG}`;
  const root = tree({
    '/bin/p': xipFile(elfObject({ interpreter: LOADER, needed: [LIBRARY] })),
    [LOADER]: xipFile(elfObject({ soname: 'ld', strings: '\0/lib/\0/usr/lib/\0' })),
    [`/usr/lib/${LIBRARY}`]: xipFile(elfObject({ soname: LIBRARY })),
    // A name with escapes, and wide characters: 日本語 as bytes.
    [`${path}/evil\x1b[31m\\\xff\n`]: file(noise(size, 1)),
    [`${path}/${'\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e'.repeat(9)}`]: file(noise(size, 2), {
      blocks: [ALIGNED, { kind: 'D', tail: 'junk' }],
    }),
    [`${path}/a name with  blanks`]: file(noise(4096, 3), { mode: 0o4755 }),
    [`${path}/link`]: symlink('../'.repeat(30)),
  });
  return buildRawImage('entries' in root ? root.entries : {}).bytes;
}

beforeEach(() => {
  image = folder.write('a.img', longNames(5000));
  other = folder.write('b.img', longNames(6000));
});

/** What prints tables and lines that are laid out. */
function commands(): string[][] {
  const path = `/${LONG}/${LONG}`;
  return [
    ['info', image],
    ['ls', '-lR', image],
    ['ls', '-li', image, path],
    ['stat', image, path, `${path}/link`, '/bin/p'],
    ['blocks', image, '/bin/p', `${path}/a name with  blanks`],
    ['map', image],
    ['map', '--mmu', '--sort', 'stored', image],
    ['mmap', image, '/bin/p', '--prot', 'rx', '--touch', '0', '--touch', '1:w'],
    ['exec', image, '/bin/p', '--max-ram', '1'],
    ['exec', image, '/nothing'],
    ['exec', image, '--run', '2*/bin/p an-argument-of-some-length', '--run', '/lib/nothing'],
    ['check', '-v', image],
    ['diff', image, other],
    ['find', image, other],
    ['plan', '-q', folder.path('tree')],
    ['build', '--report', '--xip', folder.path('tree'), folder.path('c.img')],
  ];
}

/** Cells of a terminal, as the test's own names need them. */
function cells(line: string): number {
  return Array.from(line).reduce((sum, char) => sum + (/[\u3000-\u9fff]/u.test(char) ? 2 : 1), 0);
}

beforeEach(() => {
  mkdirSync(folder.path('tree', LONG, LONG), { recursive: true });
  for (const name of ['program', 'copy']) {
    folder.write(join('tree', LONG, LONG, name), elfObject({}));
  }
});

describe('results fit the terminal', () => {
  test.each([40, 80, 200])('of %i columns, whatever the command', async (width) => {
    for (const argv of commands()) {
      const { stdout } = await cramfs([...argv], { terminal: width, env: { NO_COLOR: '1' } });
      expect(stdout, argv.join(' ')).not.toBe('');
      const long = stdout.split('\n').filter((line) => cells(line) > width);
      expect(long, `${width}: ${argv.join(' ')}`).toEqual([]);
    }
  });

  test('with --wide, and elsewhere than on a terminal, nothing is cut', async () => {
    for (const argv of commands()) {
      const piped = (await cramfs(argv, { env: { COLUMNS: '40' } })).stdout;
      const wide = { terminal: 40, env: { NO_COLOR: '1' } };
      expect((await cramfs([...argv, '--wide'], wide)).stdout, argv.join(' ')).toBe(piped);
      expect(piped).not.toContain('…');
    }
  });

  test('what is cut is marked, what is wrapped is all there', async () => {
    const map = (await cramfs(['map', image], { terminal: 60, env: { NO_COLOR: '1' } })).stdout;
    expect(map).toMatch(/^…\S+ +\d/m);
    const narrow = (await cramfs(['ls', '-l', image, `/${LONG}/${LONG}`], { terminal: 40 })).stdout;
    const squeezed = narrow.replace(/\s/g, '');
    expect(squeezed).toContain(`link->${'../'.repeat(30)}`);
    expect(squeezed).toContain('日本語'.repeat(9));
  });

  test.each([
    ['COLUMNS goes before the terminal', 200, { COLUMNS: '50' }, 50],
    ['what is no number does not', 50, { COLUMNS: 'wide' }, 50],
    ['a terminal without a width has 80', true, {}, 80],
    ['also one that says 0', 0, {}, 80],
  ])('%s', async (_name, terminal, env, width) => {
    const { stdout } = await cramfs(['info', image], { terminal, env });
    expect(stdout).toBe((await cramfs(['info', image], { terminal: width })).stdout);
  });
});

describeWithPeers('script', 'results on a terminal of script(1)', () => {
  test('fit it, and have colours', () => {
    const run = (columns: number, ...argv: string[]): string => {
      const env = 'env -u NO_COLOR -u FORCE_COLOR -u COLUMNS TERM=xterm';
      const line = [env, process.execPath, launcher('cramfs'), ...argv].join(' ');
      const words = ['-qec', `stty cols ${columns}; ${line}`, '/dev/null'];
      return runPeerOk('script', words).toString().replaceAll('\r\n', '\n');
    };
    const text = run(60, 'map', '--color=never', image);
    expect(text).toMatch(/^FILE /m);
    expect(text.split('\n').filter((line) => cells(line) > 60)).toEqual([]);
    expect(run(60, 'map', image)).toContain('\u001b[32m');
  });
});

describe('colours', () => {
  const GREEN = '\u001b[32m';

  test.each([
    ['a terminal', { terminal: true }, [], true],
    ['a pipe', {}, [], false],
    ['NO_COLOR', { terminal: true, env: { NO_COLOR: '1' } }, [], false],
    ['NO_COLOR with nothing in it', { terminal: true, env: { NO_COLOR: '' } }, [], true],
    ['a dumb terminal', { terminal: true, env: { TERM: 'dumb' } }, [], false],
    ['FORCE_COLOR', { env: { FORCE_COLOR: '1' } }, [], true],
    ['FORCE_COLOR=0', { terminal: true, env: { FORCE_COLOR: '0' } }, [], false],
    ['FORCE_COLOR and NO_COLOR', { env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, [], true],
    ['--color', { env: { NO_COLOR: '1' } }, ['--color'], true],
    ['--color=always', { env: { NO_COLOR: '1' } }, ['--color=always'], true],
    ['--color=never', { terminal: true, env: { FORCE_COLOR: '1' } }, ['--color=never'], false],
    ['--color=auto', {}, ['--color=auto'], false],
  ])('%s', async (_name, setting, options, colored) => {
    const { stdout } = await cramfs(['map', image, ...options], setting);
    expect(stdout.includes(GREEN)).toBe(colored);
    expect(stdout.includes('\u001b')).toBe(colored);
  });

  test('change nothing else, and are never in JSON', async () => {
    const [on, off] = [{ terminal: 60, env: { FORCE_COLOR: '1' } }, { terminal: 60 }];
    for (const argv of [['map'], ['check'], ['check', '-v'], ['diff', other]]) {
      const words = [argv[0]!, image, ...argv.slice(1)];
      const plain = await cramfs([...words, '--color=never'], off);
      const painted = await cramfs(words, on);
      expect(painted.stdout, words.join(' ')).not.toBe(plain.stdout);
      expect(painted.stdout.replace(/\u001b\[\d+m/g, '')).toBe(plain.stdout);
      expect((await cramfs([...words, '--json'], on)).stdout).not.toContain('\u001b');
    }
  });

  test('only where they help: findings, what is direct, differences', async () => {
    for (const argv of commands()) {
      const { stdout } = await cramfs(argv, { env: { FORCE_COLOR: '1' } });
      const expected = ['map', 'check', 'diff'].includes(argv[0]!);
      expect(stdout.includes('\u001b'), argv.join(' ')).toBe(expected);
    }
    const found = await cramfs(['diff', image, other, '--color=always']);
    expect(found.stdout).toMatch(/^\u001b\[33m!\u001b\[39m \//);
    const sound = await cramfs(['check', other, '--color=always']);
    expect(sound.stdout).toContain('\u001b[33mOK, but\u001b[39m');
  });
});

describe('--sort', () => {
  interface Listed {
    readonly path: string;
    readonly size: number;
    readonly pages: number;
    readonly mmu: { readonly directPages: number; readonly ramPages: number };
  }

  async function paths(argv: readonly string[]): Promise<Listed[]> {
    const found = await cramfsJson(argv);
    return (Array.isArray(found) ? found : (found as { files: unknown[] }).files) as Listed[];
  }

  async function storedBytes(path: string): Promise<number> {
    const [found] = (await cramfsJson(['stat', image, path])) as {
      blocks: { storedBytes: number };
    }[];
    return found!.blocks.storedBytes;
  }

  const KEYS: Readonly<Record<string, (file: Listed) => number | Promise<number>>> = {
    size: ({ size }) => size,
    pages: ({ pages }) => pages,
    direct: ({ mmu }) => mmu.directPages,
    ram: ({ mmu }) => mmu.ramPages,
    stored: ({ path }) => storedBytes(path),
  };

  test.each(Object.entries(KEYS))('map --sort %s: the largest first', async (key, keyOf) => {
    const valuesOf = (files: readonly Listed[]): Promise<number[]> =>
      Promise.all(files.map(async (file) => keyOf(file)));
    const sorted = await paths(['map', image, '--sort', key]);
    const values = await valuesOf(sorted);
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(new Set(values).size).toBeGreaterThan(1);
    const back = await paths(['map', image, '--sort', key, '--reverse']);
    expect(await valuesOf(back)).toEqual([...values].reverse());
    const names = (files: readonly Listed[]): string[] => files.map(({ path }) => path).sort();
    expect(names(back)).toEqual(names(await paths(['map', image])));
  });

  test('a column of what is sorted by', async () => {
    for (const key of ['size', 'stored']) {
      const { stdout } = await cramfs(['map', image, '--no-segments', '--sort', key]);
      const [, head, first] = stdout.split('\n');
      expect(head).toContain(key.toUpperCase());
      const [largest] = await paths(['map', image, '--sort', key]);
      expect(first!.split(/ +/)).toContain(String(await KEYS[key]!(largest!)));
    }
  });

  test('map --sort path, and the other way round', async () => {
    const sorted = (await paths(['map', image, '--sort', 'path'])).map(({ path }) => path);
    const back = (await paths(['map', image, '--sort', 'path', '-r'])).map(({ path }) => path);
    expect(sorted[0]).toBe(`/${LONG}/${LONG}/a name with  blanks`);
    expect(back).toEqual([...sorted].reverse());
    const found = (await paths(['map', image])).map(({ path }) => path);
    const reversed = (await paths(['map', image, '-r'])).map(({ path }) => path);
    expect(reversed).toEqual([...found].reverse());
  });

  test('ls --sort, the other way round too', async () => {
    const names = async (...argv: string[]): Promise<string> =>
      (await cramfs(['ls', image, '/', ...argv])).stdout;
    expect(await names('--sort', 'name')).toBe(`${LONG}\nbin\nlib\nusr\n`);
    expect(await names('--sort', 'name', '-r')).toBe(`usr\nlib\nbin\n${LONG}\n`);
    const below = (key: string, ...argv: string[]): Promise<Listed[]> =>
      paths(['ls', image, `/${LONG}/${LONG}`, '--sort', key, ...argv]);
    const sizes = (await below('size')).map(({ size }) => size);
    expect(sizes).toEqual([5000, 5000, 4096, 90]);
    // Noise does not compress: aligned, with junk after it, it takes as much.
    expect((await below('stored')).at(-1)!.path).toMatch(/link$/);
    expect((await below('stored', '-r'))[0]!.path).toMatch(/link$/);
  });

  test('exec --sort: objects, and what programs share', async () => {
    const objects = async (...argv: string[]): Promise<string[]> => {
      const { objects: found } = (await cramfsJson(['exec', image, '/bin/p', ...argv])) as {
        objects: Listed[];
      };
      return found.map(({ path }) => path);
    };
    const sorted = [`/usr/lib/${LIBRARY}`, LOADER, '/bin/p'].sort();
    expect(await objects('--sort', 'path')).toEqual(sorted);
    expect(await objects('--sort', 'path', '-r')).toEqual([...sorted].reverse());
    const { shared } = (await cramfsJson([
      'exec',
      image,
      '--run',
      '2*/bin/p',
      '--sort',
      'path',
    ])) as { shared: Listed[] };
    expect(shared.map(({ path }) => path)).toEqual(sorted);
  });

  test('another key is refused, with those that there are', async () => {
    const { code, stderr } = await cramfs(['map', image, '--sort', 'time']);
    expect(code).toBe(16);
    expect(stderr).toContain(
      "--sort cannot be 'time': use path, size, stored, pages, direct, ram\n",
    );
  });
});
