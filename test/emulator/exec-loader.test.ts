import { describe, expect, test } from 'vitest';
import { elfObject, type ElfObjectOptions } from '../../bench/src/emulator/elf-object.js';
import { file, symlink, type RawNode } from '../helpers/raw-image.js';
import { areaText, costOf, objectAreas, xipFile } from '../helpers/programs.js';

const EM_ARM = 40;
const EM_PPC64 = 21;

const PAGE = 4096;
const GLIBC = '/lib/ld-linux-test.so.1';
const MUSL = '/lib/ld-musl-test.so.1';

function object(options: ElfObjectOptions): RawNode {
  return xipFile(elfObject(options));
}

function library(soname: string, options: ElfObjectOptions = {}): RawNode {
  return object({ soname, ...options });
}

/** glibc's loader, with its directories in it as in `system_dirs`. */
const glibcLoader = library('ld-linux-test.so.1', { strings: '\0/lib/abi/\0/usr/lib/\0' });
const muslLoader = library('libc.so');

/** Paths of the objects in the order of loading. */
function loaded(
  files: Readonly<Record<string, RawNode>>,
  options: Parameters<typeof costOf>[2] = {},
): string[] {
  return costOf(files, '/bin/p', options).objects.map(({ object: { path } }) => path);
}

describe('order', () => {
  const files = {
    '/lib/abi/a': library('a', { needed: ['c'] }),
    '/lib/abi/b': library('b', { needed: ['c', 'd', 'ld-linux-test.so.1'] }),
    '/lib/abi/c': library('c', { needed: ['a'] }),
    '/lib/abi/d': library('d'),
  };

  test('breadth first, each object once, loops or not: glibc', () => {
    const program = object({ interpreter: GLIBC, needed: ['a', 'b'] });
    expect(loaded({ ...files, '/bin/p': program, [GLIBC]: glibcLoader })).toEqual([
      '/bin/p',
      GLIBC,
      '/lib/abi/a',
      '/lib/abi/b',
      '/lib/abi/c',
      '/lib/abi/d',
    ]);
  });

  test('breadth first: musl, whose loader is the C library', () => {
    const program = object({ interpreter: MUSL, needed: ['a', 'libc.so', 'libm.so.6', 'b'] });
    const cost = costOf(
      {
        '/bin/p': program,
        '/lib/libc.so': muslLoader,
        [MUSL]: symlink('libc.so'),
        '/lib/a': files['/lib/abi/a'],
        '/usr/local/lib/b': library('b', { needed: ['c', 'libc.musl-test.so.1'] }),
        '/usr/lib/c': files['/lib/abi/c'],
      },
      '/bin/p',
    );
    expect(cost.started).toMatchObject({ loader: 'musl', missing: [] });
    expect(cost.objects.map(({ object: { path } }) => path)).toEqual([
      '/bin/p',
      '/lib/libc.so',
      '/lib/a',
      '/usr/local/lib/b',
      '/usr/lib/c',
    ]);
  });

  test('a file with two names is loaded once', () => {
    const program = object({ interpreter: GLIBC, needed: ['d', 'e'] });
    const both = { '/lib/abi/d': object({}), '/lib/abi/e': symlink('d') };
    expect(loaded({ '/bin/p': program, [GLIBC]: glibcLoader, ...both })).toEqual([
      '/bin/p',
      GLIBC,
      '/lib/abi/d',
    ]);
  });
});

describe('where glibc looks', () => {
  /** The library `x` that a program takes, of those at the given places. */
  function found(
    places: readonly string[],
    program: ElfObjectOptions,
    more: Readonly<Record<string, RawNode>> = {},
    libraryPath: readonly string[] = [],
  ): string | undefined {
    const files = Object.fromEntries(places.map((place) => [place, library('x')]));
    const all = {
      ...files,
      [GLIBC]: glibcLoader,
      '/bin/p': object({ interpreter: GLIBC, needed: ['x'], ...program }),
      ...more,
    };
    return loaded(all, { libraryPath }).find((path) => path.endsWith('/x'));
  }
  const PLACES = ['/rpath/x', '/env/x', '/runpath/x', '/cached/x', '/lib/abi/x', '/usr/lib/x'];
  const cache = { '/etc/ld.so.cache': file(ldSoCache([['x', '/cached/x']])) };

  test('DT_RPATH, LD_LIBRARY_PATH, ld.so.cache, what is compiled in, in this order', () => {
    const steps = PLACES.filter((place) => place !== '/runpath/x');
    for (let left = steps; left.length > 0; left = left.slice(1)) {
      expect(found(left, { rpath: '/rpath' }, cache, ['/env'])).toBe(left[0]);
    }
  });

  test('LD_LIBRARY_PATH before DT_RUNPATH, which takes the place of DT_RPATH', () => {
    const program = { rpath: '/rpath', runpath: '/runpath' };
    expect(found(PLACES, program, cache, ['/env'])).toBe('/env/x');
    expect(found(PLACES, program, cache)).toBe('/runpath/x');
  });

  test('DT_RPATH holds for the libraries of libraries, DT_RUNPATH does not', () => {
    const more = { '/lib/abi/y': library('y', { needed: ['x'] }) };
    expect(found(PLACES, { needed: ['y'], rpath: '/rpath' }, more)).toBe('/rpath/x');
    expect(found(PLACES, { needed: ['y'], runpath: '/runpath' }, more)).toBe('/lib/abi/x');
    const own = { '/lib/abi/y': library('y', { needed: ['x'], runpath: '/runpath' }) };
    expect(found(PLACES, { needed: ['y'], rpath: '/rpath' }, own)).toBe('/runpath/x');
  });

  test('$ORIGIN is where the object is; DF_1_NODEFLIB turns cache and defaults off', () => {
    expect(found(['/lib/x'], { runpath: '$ORIGIN/../lib' })).toBe('/lib/x');
    expect(found(['/bin/sub/x'], { runpath: '/none:${ORIGIN}/sub' })).toBe('/bin/sub/x');
    expect(found(PLACES, { flags1: 0x800 }, cache)).toBeUndefined();
  });

  test('a library for another machine is passed over; a name with a slash is a path', () => {
    const foreign = { '/lib/abi/x': library('x', { machine: 62 }) };
    expect(found(['/usr/lib/x'], {}, foreign)).toBe('/usr/lib/x');
    expect(found(['/opt/x', '/lib/abi/x'], { needed: ['/opt/x'] })).toBe('/opt/x');
  });

  test('what is missing is told, all of it, with who needs it', () => {
    const { started } = costOf(
      {
        '/bin/p': object({ interpreter: GLIBC, needed: ['x', 'a'] }),
        [GLIBC]: glibcLoader,
        '/lib/abi/a': library('a', { needed: ['y', 'x'] }),
      },
      '/bin/p',
    );
    const reason = 'cannot open shared object file: No such file or directory';
    expect(started.missing.map(({ neededBy, ...rest }) => [rest, neededBy.path])).toEqual([
      [{ name: 'x', reason }, '/bin/p'],
      [{ name: 'y', reason }, '/lib/abi/a'],
    ]);
  });
});

describe('where musl looks', () => {
  const start = (files: Readonly<Record<string, RawNode>>, program: ElfObjectOptions = {}) =>
    costOf(
      {
        ...files,
        [MUSL]: muslLoader,
        '/bin/p': object({ interpreter: MUSL, needed: ['x'], ...program }),
      },
      '/bin/p',
    );

  test('/etc/ld-musl-ARCH.path instead of the default directories', () => {
    const path = { '/etc/ld-musl-test.path': file('/opt/a:/opt/b\n') };
    const files = { '/opt/b/x': library('x'), '/lib/x': library('x') };
    expect(start({ ...files, ...path }).objects.at(-1)!.object.path).toBe('/opt/b/x');
    expect(start(files).objects.at(-1)!.object.path).toBe('/lib/x');
  });

  test('DT_RUNPATH holds for the libraries of libraries, too', () => {
    const files = { '/r/x': library('x', { needed: ['y'] }), '/r/y': library('y') };
    expect(start(files, { runpath: '/r' }).started.missing).toEqual([]);
  });

  test('a library for another machine ends the search', () => {
    const files = { '/lib/x': library('x', { machine: 62 }), '/usr/lib/x': library('x') };
    expect(start(files).started.missing).toMatchObject([{ name: 'x' }]);
  });
});

describe("glibc's loader", () => {
  test.each([
    ['after a zero', '\0/lib/abi/\0/usr/lib/abi/\0/lib/\0/usr/lib/\0'],
    ['after other bytes', 'x\u0001\u00ff\u0002/lib/abi/\0/usr/lib/abi/\0/lib/\0/usr/lib/\0'],
    ['after text', 'GLIBC_TUNABLES/lib/abi/\0/usr/lib/abi/\0/lib/\0/usr/lib/\0'],
    ['after a path of its own', '\0/etc/ld.so.cache\0/lib/\0a\0/lib/abi/\0/usr/lib/\0'],
  ])('its directories are found %s', (_name, strings) => {
    const cost = costOf(
      {
        '/bin/p': object({ interpreter: GLIBC, needed: ['x'] }),
        [GLIBC]: library('ld-linux-test.so.1', { strings }),
        '/lib/abi/x': library('x'),
      },
      '/bin/p',
    );
    expect(cost.started.missing).toEqual([]);
  });

  const loaderAreas = (needed: readonly string[]): string[] => {
    const cost = costOf(
      {
        '/bin/p': object({ interpreter: GLIBC, needed: ['x'] }),
        [GLIBC]: library('ld-linux-test.so.1', {
          strings: '\0/lib/abi/\0/usr/lib/\0',
          data: 2 * PAGE - 0x200,
          relro: PAGE,
        }),
        '/lib/abi/x': library('x', { needed }),
      },
      '/bin/p',
    );
    return objectAreas(cost, GLIBC).map((area) => area.split(' ')[1]!);
  };

  test('its RELRO is protected if an object needs it', () => {
    expect(loaderAreas(['ld-linux-test.so.1'])).toEqual(['r-xp', 'r--p', 'rw-p']);
    expect(loaderAreas([])).toEqual(['r-xp', 'rw-p']);
  });

  test('the initial content of thread-local variables is read', () => {
    const cacheOf = (isTls: boolean): number => {
      const bytes = elfObject({ soname: 'x', data: 3 * PAGE });
      const view = new DataView(bytes.buffer);
      // The third program header, of the dynamic section, is followed by one of PT_TLS.
      const at = 64 + 3 * 56;
      view.setUint16(56, 4, true);
      view.setUint32(at, isTls ? 7 : 0, true);
      view.setBigUint64(at + 16, BigInt(4 * PAGE), true);
      view.setBigUint64(at + 32, 0x10n, true);
      const cost = costOf(
        {
          '/bin/p': object({ interpreter: GLIBC, needed: ['x'] }),
          [GLIBC]: glibcLoader,
          '/lib/abi/x': xipFile(bytes),
        },
        '/bin/p',
        {},
        { faultAround: PAGE },
      );
      expect(cost.started.killed).toBeUndefined();
      return cost.objects.at(-1)!.atStart.cache;
    };
    expect(cacheOf(true)).toBe(cacheOf(false) + 1);
  });
});

describe('how a library is mapped', () => {
  /** 2 pages of text, a hole of 3, data of 2 pages of which 1 is RELRO, 3 pages of bss. */
  const shape = { gap: 3, data: 2 * PAGE - 0x200, bss: 3 * PAGE, relro: PAGE } as const;
  const files = (interpreter: string, loader: RawNode) => ({
    '/bin/p': object({ interpreter, needed: ['x'] }),
    [interpreter]: loader,
    '/usr/lib/x': library('x', shape),
  });

  test('glibc: what is mapped too much is inaccessible, RELRO is read-only', () => {
    const cost = costOf(files(GLIBC, glibcLoader), '/bin/p');
    expect(objectAreas(cost, '/usr/lib/x')).toEqual([
      '0-2 r-xp 0',
      '2-5 ---p 2',
      '5-6 r--p 2',
      '6-7 rw-p 3',
      // With two pages above it that the loader has mapped for its own data.
      '7-12 rw-p 0',
    ]);
  });

  test('musl: holes stay as the text is', () => {
    const cost = costOf(files(MUSL, muslLoader), '/bin/p');
    expect(objectAreas(cost, '/usr/lib/x')).toEqual([
      '0-5 r-xp 0',
      '5-6 r--p 2',
      '6-7 rw-p 3',
      '7-10 rw-p 0',
    ]);
  });

  test('glibc keeps the alignment of the segments', () => {
    const cost = costOf(
      { ...files(GLIBC, glibcLoader), '/usr/lib/x': library('x', { align: 0x10000, gap: 16 }) },
      '/bin/p',
    );
    const { object: x } = cost.objects.at(-1)!;
    expect(x.segments[0]!.address % 0x10000).toBe(0);
    expect(objectAreas(cost, '/usr/lib/x')).toEqual(['0-2 r-xp 0', '2-18 ---p 2', '18-19 rw-p 2']);
  });

  test.each([0, 1, 8, 16, 0x800, 0x1800, 0x10000])('glibc takes a p_align of %i', (align) => {
    const { started } = costOf(
      { ...files(GLIBC, glibcLoader), '/usr/lib/x': library('x', { align }) },
      '/bin/p',
    );
    expect(started.missing).toEqual([]);
    const isPowerOfTwo = align > 0 && Number.isInteger(Math.log2(align));
    if (isPowerOfTwo) expect(started.objects.at(-1)!.segments[0]!.address % align).toBe(0);
  });

  test('glibc refuses segments that do not fit pages', () => {
    const bytes = elfObject({ soname: 'x' });
    const view = new DataView(bytes.buffer);
    view.setBigUint64(64 + 16, 8n, true);
    const crooked = { ...files(GLIBC, glibcLoader), '/usr/lib/x': xipFile(bytes) };
    expect(costOf(crooked, '/bin/p').started.missing).toMatchObject([
      { reason: 'ELF load command address/offset not page-aligned' },
    ]);
  });
});

describe.each([
  [32, true],
  [32, false],
  [64, true],
  [64, false],
] as const)('%i bits, little-endian %s', (elfClass, little) => {
  test('program, loader, library and relocations', () => {
    const kind = { elfClass, little, machine: elfClass === 32 ? EM_ARM : EM_PPC64 };
    const cost = costOf(
      {
        '/bin/p': object({ ...kind, interpreter: GLIBC, needed: ['x'] }),
        [GLIBC]: library('ld', { ...kind, strings: '\0/lib/\0/usr/lib/\0' }),
        '/usr/lib/x': library('x', { ...kind, data: 3 * PAGE, relocations: [2 * PAGE] }),
      },
      '/bin/p',
    );
    expect(cost.started.missing).toEqual([]);
    const x = cost.objects.at(-1)!;
    expect(x.object.dynamic?.soname).toBe('x');
    // The dynamic section, whose pointers are relocated, and the place two pages after it.
    expect(x.atStart.private).toBe(2);
    expect(x.atMost.private).toBe(4);
  });
});

/** An ld.so.cache of the new format, for a little-endian machine. */
function ldSoCache(entries: readonly (readonly [string, string])[]): Uint8Array {
  const header = 48;
  const strings = entries.map(([name, path]) => `${name}\0${path}\0`).join('');
  const stringsAt = header + entries.length * 24;
  const bytes = new Uint8Array(stringsAt + strings.length);
  const view = new DataView(bytes.buffer);
  const put = (at: number, text: string): void => {
    bytes.set(
      Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
      at,
    );
  };
  put(0, 'glibc-ld.so.cache1.1');
  view.setUint32(20, entries.length, true);
  view.setUint32(24, strings.length, true);
  bytes[28] = 2;
  let at = stringsAt;
  entries.forEach(([name, path], index) => {
    view.setUint32(header + index * 24 + 4, at, true);
    view.setUint32(header + index * 24 + 8, at + name.length + 1, true);
    at += name.length + path.length + 2;
  });
  put(stringsAt, strings);
  return bytes;
}

describe('LD_PRELOAD', () => {
  const files = {
    '/lib/abi/a': library('a', { needed: ['c'] }),
    '/lib/abi/b': library('b'),
    '/lib/abi/c': library('c'),
    [GLIBC]: glibcLoader,
    '/bin/p': object({ interpreter: GLIBC, needed: ['b'] }),
  };

  test('comes first, and what it needs comes after what the program needs', () => {
    expect(loaded(files, { envp: ['LD_PRELOAD=a'] })).toEqual([
      '/bin/p',
      GLIBC,
      '/lib/abi/a',
      '/lib/abi/b',
      '/lib/abi/c',
    ]);
  });

  test('names that cannot be loaded are passed over', () => {
    const { started } = costOf(files, '/bin/p', { envp: ['LD_PRELOAD=none:/etc/none'] });
    expect(started).toMatchObject({ missing: [], killed: undefined });
  });

  test('/etc/ld.so.preload is read by glibc alone', () => {
    const more = { '/etc/ld.so.preload': file(new TextEncoder().encode('/lib/abi/c # all\n')) };
    expect(loaded({ ...files, ...more })).toContain('/lib/abi/c');
    const musl = { [MUSL]: muslLoader, '/lib/c': files['/lib/abi/c'] };
    const program = { '/bin/p': object({ interpreter: MUSL }) };
    expect(loaded({ ...musl, ...more, ...program })).toEqual(['/bin/p', MUSL]);
    expect(loaded({ ...musl, ...program }, { envp: ['LD_PRELOAD=c'] })).toContain('/lib/c');
  });

  test('LD_LIBRARY_PATH of the environment counts unless directories are given', () => {
    const places = { ...files, '/env/b': library('b'), '/given/b': library('b') };
    const envp = ['LD_LIBRARY_PATH=/none:/env'];
    expect(loaded(places, { envp })).toContain('/env/b');
    expect(loaded(places, { envp, libraryPath: ['/given'] })).toContain('/given/b');
  });
});

describe("musl's loader", () => {
  const start = (options: ElfObjectOptions, machine = 243) =>
    costOf(
      {
        '/bin/p': object({ interpreter: MUSL, needed: ['x'], machine }),
        [MUSL]: library('libc.so', { machine, data: 2 * PAGE - 0x200, relro: PAGE }),
        '/lib/x': library('x', { machine, ...options }),
      },
      '/bin/p',
    );

  test('malloc has begun its heap, with a page that cannot be accessed', () => {
    const heap = start({}).areas.filter(({ line }) => line.endsWith('[heap]'));
    expect(heap.map((area) => areaText(area, heap[0]!.start))).toEqual([
      '0-1 ---p 0',
      '1-2 rw-p 0',
    ]);
    expect(heap[1]!.counts!.anonymous).toBe(PAGE);
  });

  test('text with relocations makes all of a library writable, for good', () => {
    const cost = start({
      textSize: 3 * PAGE,
      textRelocations: true,
      textPlaces: [PAGE + 8],
      bss: PAGE,
    });
    expect(objectAreas(cost, '/lib/x').map((area) => area.split(' ')[1])).toEqual([
      'rwxp',
      'rwxp',
      'rwxp',
    ]);
  });

  test.each([
    [243, 'rw-p'],
    [62, 'r--p'],
  ])('its own RELRO on machine %d', (machine, permissions) => {
    const [, second] = objectAreas(start({}, machine), MUSL);
    expect(second!.split(' ')[1]).toBe(permissions);
  });
});
