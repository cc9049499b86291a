import { describe, expect, test } from 'vitest';
import { elfObject, type ElfObjectOptions } from '../../bench/src/emulator/elf-object.js';
import { file, text, type RawNode } from '../helpers/raw-image.js';
import { areaText, costOf, objectAreas, xipFile } from '../helpers/programs.js';

const PAGE = 4096;
const LOADER = '/lib/ld-linux-test.so.1';
const EM_ARM = 40;
const ARM_FDPIC = { elfClass: 32, machine: EM_ARM, osAbi: 65 } as const;

function object(options: ElfObjectOptions): RawNode {
  return xipFile(elfObject(options));
}

const loader = object({ soname: 'ld', strings: '\0/lib/\0/usr/lib/\0' });

describe('the log of an RZ/A1 board with cramfs in flash', () => {
  // linux-fsdevel, October 2017: /proc/PID/maps of busybox with glibc 2.18 on a Cortex-A9.
  const busybox = elfObject({
    elfClass: 32,
    machine: EM_ARM,
    type: 'exec',
    base: 0x8000,
    textSize: 0x99000,
    gap: 8,
    data: 0x800,
    interpreter: LOADER,
    needed: ['libc.so.6'],
  });
  const libc = elfObject({
    elfClass: 32,
    machine: EM_ARM,
    soname: 'libc.so.6',
    needed: ['ld-linux.so.3'],
    textSize: 0xd9000,
    gap: 8,
    data: 2 * PAGE + 0x800,
    relro: 2 * PAGE,
    bss: 3 * PAGE,
  });
  // Text and data meet in a page of the file.
  const ld = elfObject({
    elfClass: 32,
    machine: EM_ARM,
    soname: 'ld-linux.so.3',
    textSize: 0x16a00,
    gap: 8,
    data: PAGE,
    relro: 0x600,
    strings: '\0/lib/\0/usr/lib/\0',
  });
  const cost = costOf(
    { '/bin/busybox': xipFile(busybox), '/lib/libc.so.6': xipFile(libc), [LOADER]: xipFile(ld) },
    '/bin/busybox',
  );

  test('the program: at its address, text wholly from ROM, with the physical offset', () => {
    const [program] = cost.objects;
    expect(program!.object.segments[0]!.address).toBe(0x8000);
    expect(objectAreas(cost, '/bin/busybox')).toEqual(['0-153 r-xp rom', '161-162 rw-p 153']);
  });

  test('the library: text from ROM in a mixed map, which keeps the offset; hole, RELRO, data', () => {
    expect(objectAreas(cost, '/lib/libc.so.6')).toEqual([
      '0-217 r-xp 0',
      '217-225 ---p 217',
      '225-227 r--p 217',
      '227-228 rw-p 219',
      '228-231 rw-p 0',
    ]);
    expect(cost.objects.at(-1)!.segments[0]).toMatchObject({ pages: 217, romPages: 217 });
  });

  test('the loader: mapped by the kernel, which leaves nothing in the hole', () => {
    const base = cost.areas.find(({ path }) => path === LOADER)!.start;
    const own = cost.areas.filter(({ path }) => path === LOADER);
    expect(own.map((area) => areaText(area, base))).toEqual([
      '0-23 r-xp 0',
      '30-31 r--p 22',
      '31-32 rw-p 23',
    ]);
  });
});

describe('RAM', () => {
  const start = (options: ElfObjectOptions, place: (bytes: Uint8Array) => RawNode = xipFile) => {
    const cost = costOf(
      {
        '/bin/p': object({ interpreter: LOADER, needed: ['x'] }),
        [LOADER]: loader,
        '/lib/x': place(elfObject({ soname: 'x', ...options })),
      },
      '/bin/p',
    );
    return { ...cost.objects.at(-1)!, cost };
  };

  test('at start: the pages that relocation writes to; at most: all that can be written to', () => {
    // Two of six pages are relocated, and the last one is cleared after the data.
    const x = start({
      data: 6 * PAGE - 0x200,
      bss: 2 * PAGE,
      relocations: [2 * PAGE, 2 * PAGE + 8, 4 * PAGE + 16],
    });
    expect(x.romPages).toBe(2);
    // The file's header and the dynamic section are only read.
    expect(x.atStart).toEqual({ private: 3, cache: 5 });
    expect(x.atMost).toEqual({ private: 8, cache: 7 });
  });

  test('glibc relocates the dynamic section in place, but not on RISC-V', () => {
    const pages = (machine: number): number => {
      const kind = { machine };
      const cost = costOf(
        {
          '/bin/p': object({ ...kind, interpreter: LOADER, needed: ['x'] }),
          [LOADER]: object({ ...kind, soname: 'ld', strings: '\0/lib/\0/usr/lib/\0' }),
          '/lib/x': object({ ...kind, soname: 'x' }),
        },
        '/bin/p',
      );
      return cost.objects.at(-1)!.atStart.private;
    };
    expect([62, 243].map(pages)).toEqual([1, 0]);
  });

  test('a word that crosses a page takes both', () => {
    const x = start({ data: 3 * PAGE, relocations: [2 * PAGE - 4] });
    expect(x.atStart.private).toBe(2);
  });

  test('RELRO pages that nothing was written to stay in the page cache', () => {
    const x = start({ data: 4 * PAGE, relro: 3 * PAGE });
    expect(x.atStart.private).toBe(0);
    expect(x.atMost).toEqual({ private: 2, cache: 6 });
  });

  test('relocations in the text make copies of what was in ROM', () => {
    const x = start({ textSize: 4 * PAGE, textRelocations: true, textPlaces: [3 * PAGE + 8] });
    expect(x.segments[0]).toMatchObject({ pages: 4, romPages: 3 });
    expect(x.atStart.private).toBe(1);
    expect(objectAreas(x.cost, '/lib/x')[0]).toBe('0-4 r-xp rom');
  });

  test('relocations in text that is not writable kill the program', () => {
    const { cost } = start({ textPlaces: [PAGE + 8] });
    expect(cost.started.killed).toMatch(/^SIGSEGV \(ACCERR\)/);
  });

  test('a compressed library is in the page cache, as far as it is used', () => {
    const compressed = (bytes: Uint8Array): RawNode => file(bytes, { mode: 0o755 });
    const x = start({ textSize: 8 * PAGE }, compressed);
    expect(x.romPages).toBe(0);
    expect(x.atStart).toEqual({ private: 0, cache: 2 });
    expect(x.atMost).toEqual({ private: 1, cache: 9 });
  });

  test('totals are all the RAM there is', () => {
    const { cost } = start({ bss: PAGE });
    const sum = (of: 'private' | 'cache'): number =>
      cost.objects.reduce((total, { atMost }) => total + atMost[of], 0);
    expect(cost.atMost.private).toBe(
      sum('private') + cost.loaderMemory.atMost + cost.stack.private,
    );
    expect(cost.atMost.cache).toBe(sum('cache') + cost.otherCache);
    expect(cost.pageTablePages).toBeGreaterThan(0);
  });

  test('long arguments take pages of the stack', () => {
    const files = { '/bin/p': object({ textSize: PAGE }) };
    const few = costOf(files, '/bin/p');
    const many = costOf(files, '/bin/p', { argv: ['p', 'x'.repeat(3 * PAGE)] });
    expect(many.stack.private - few.stack.private).toBe(3);
  });
});

test('where files share pages of the page cache, the total counts them once', () => {
  const content = elfObject({ textSize: 4 * PAGE });
  const blocks = Array.from({ length: 5 }, (_, index) => index);
  const cost = costOf(
    {
      '/bin/p': object({ interpreter: LOADER, needed: ['x', 'y'] }),
      [LOADER]: loader,
      '/lib/x': file(content, { mode: 0o755, blocks: 'ZZZZZ' }),
      '/lib/y': file(content, {
        mode: 0o755,
        blocks: blocks.map((index) => ({ kind: 'Z', sameAs: ['/lib/x', index] })),
      }),
    },
    '/bin/p',
    {},
    { policy: 'linux-6.12-shared-page-cache' },
  );
  const sum = cost.objects.reduce((pages, { atMost }) => pages + atMost.cache, 0);
  expect(cost.otherCache).toBe(0);
  expect(sum - cost.atMost.cache).toBe(5);
});

test('a program without a loader relocates itself', () => {
  const program = elfObject({ data: 3 * PAGE, relocations: [2 * PAGE] });
  const cost = costOf({ '/bin/p': xipFile(program) }, '/bin/p');
  expect(cost.started).toMatchObject({ loader: undefined, missing: [], killed: undefined });
  expect(cost.objects[0]!.atStart.private).toBe(1);
});

describe('scripts', () => {
  test('are run by their interpreters', () => {
    const files = {
      '/bin/p': object({}),
      '/s': file('#!/t -x y \n', { mode: 0o755 }),
      '/t': file('#! /bin/p\n', { mode: 0o755 }),
    };
    const cost = costOf(files, '/s', { argv: ['s', 'a'] });
    expect(cost.objects.map(({ object: { path } }) => path)).toEqual(['/bin/p']);
    expect(cost.otherCache).toBe(2);
  });

  test('without an end are refused', () => {
    const files = { '/s': file('#!/s\n', { mode: 0o755 }) };
    expect(() => costOf(files, '/s')).toThrow('ELOOP');
    expect(() => costOf({ '/s': file('#!\n', { mode: 0o755 }) }, '/s')).toThrow('ENOEXEC');
  });
});

describe('without an MMU', () => {
  const nommu = { mmu: false } as const;
  const program = (kind: ElfObjectOptions) => ({
    '/bin/p': object({ ...kind, interpreter: LOADER, needed: ['x'] }),
    [LOADER]: object({ ...kind, soname: 'ld', strings: '\0/lib/\0/usr/lib/\0' }),
    '/lib/x': object({ ...kind, soname: 'x', textSize: 5 * PAGE, bss: 3 * PAGE }),
  });

  test('FDPIC: text of program, loader and library is executed in place', () => {
    const cost = costOf(program(ARM_FDPIC), '/bin/p', {}, nommu);
    expect(cost.objects.map(({ romPages }) => romPages)).toEqual([2, 2, 5]);
    const x = cost.objects.at(-1)!;
    expect(x.segments.map(({ romPages }) => romPages)).toEqual([5, 0]);
    expect(x.atStart.private).toBe(4);
    expect(x.atMost).toEqual(x.atStart);
  });

  test('FDPIC executables have no address of their own', () => {
    const cost = costOf(
      { '/bin/p': object({ ...ARM_FDPIC, type: 'exec', base: 0x8000 }) },
      '/bin/p',
      {},
      nommu,
    );
    expect(cost.objects[0]!.segments[0]!.romPages).toBe(2);
  });

  test('other position-independent programs are read into RAM as a whole', () => {
    const cost = costOf(program({ elfClass: 32, machine: EM_ARM }), '/bin/p', {}, nommu);
    expect(cost.romPages).toBe(0);
    expect(cost.objects.at(-1)!.atStart.private).toBe(9);
  });

  test('bFLT: text in ROM, data, bss and stack in RAM', () => {
    const bytes = new Uint8Array(0x1800).fill(0x7e);
    const words = [0x62464c54, 4, 64, 0x1000, 0x1800, 0x2800, 0x1000, 0, 0, 0];
    const view = new DataView(bytes.buffer);
    bytes.fill(0, 0, 64);
    words.forEach((word, index) => {
      view.setUint32(index * 4, word);
    });
    const cost = costOf({ '/bin/p': xipFile(bytes) }, '/bin/p', {}, nommu);
    expect(cost.objects[0]!.segments.map(({ romPages }) => romPages)).toEqual([1, 0]);
    expect(cost.atStart.private).toBe(cost.atMost.private);
    expect(cost.atStart.private).toBeGreaterThanOrEqual(3);
  });
});

test('a file that is not a program', () => {
  expect(() => costOf({ '/bin/p': file(text(100), { mode: 0o755 }) }, '/bin/p')).toThrow('ENOEXEC');
  expect(() => costOf({ '/bin/p': file('') }, '/bin/p')).toThrow('EACCES');
  expect(() => costOf({ '/bin/p': object({ interpreter: LOADER }) }, '/bin/p')).toThrow('ENOENT');
});
