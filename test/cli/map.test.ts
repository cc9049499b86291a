import { beforeEach, describe, expect, test } from 'vitest';
import { elfFile } from '../helpers/elf-builder.js';
import { kernelImage, ROM_ADDRESS } from '../helpers/kernel-images.js';
import { fdpicFile, flatFile } from '../helpers/nommu-programs.js';
import { buildRawImage, directory, file, noise, symlink, text } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';

const ALIGNED = { kind: 'D', align: 4096 } as const;
const READ_EXECUTE = 5;
const READ_WRITE = 6;

/** Two pages of text that can run in place, one of data that is compressed. */
const program = elfFile(
  32,
  true,
  [
    { flags: READ_EXECUTE, offset: 0, filesz: 8000 },
    { flags: READ_WRITE, offset: 8192, filesz: 1000 },
  ],
  noise(9192, 3),
);

const folder = new Folder();
let image: string;
const raw = buildRawImage(
  {
    bin: directory({
      compressed: file(program),
      link: symlink('prog'),
      prog: file(program, { blocks: [ALIGNED, 'D', 'C'] }),
    }),
    'odd\n': file('x'),
    lib: directory({
      padded: file(noise(5000, 4), { blocks: [ALIGNED, { kind: 'D', tail: 'zero' }] }),
      shared: file(noise(5000, 5), { blocks: [ALIGNED, { kind: 'D', tail: 'junk' }] }),
      unaligned: file(noise(5000, 6), {
        blocks: [
          { kind: 'D', align: 4096, phase: 8 },
          { kind: 'D', tail: 'zero' },
        ],
      }),
    }),
    empty: file(''),
  },
  { flags: 0x803 },
);

beforeEach(() => {
  image = folder.write('map.img', raw.bytes);
});

function rom(path: string, pages: number): { romStart: number; romEnd: number } {
  const romStart = ROM_ADDRESS + raw.placed.get(path)!.blocks[0]!.start;
  return { romStart, romEnd: romStart + pages * 4096 };
}

/** Cells of the table's line for a file. */
function line(stdout: string, name: string): string[] {
  const found = stdout.split('\n').find((candidate) => candidate.startsWith(`${name} `));
  return found!.split(/ {2,}/);
}

describe('the table', () => {
  test('pages, what is direct, the tail, the range in ROM and the reason', async () => {
    const { code, stdout } = await cramfs(['map', image]);
    expect(code).toBe(0);
    const { romStart, romEnd } = rom('/lib/padded', 2);
    const range = `0x${romStart.toString(16)}-0x${romEnd.toString(16)}`;
    expect(line(stdout, '/lib/padded')).toEqual([
      '/lib/padded',
      '2',
      '2',
      '0',
      '2',
      'zero-padded',
      range,
    ]);
    expect(line(stdout, '/lib/shared').slice(1, 6)).toEqual(['2', '1', '1', '2', 'shared']);
    expect(line(stdout, '/lib/unaligned').at(-1)).toBe('data is not page aligned');
    expect(line(stdout, '/bin/compressed')).toEqual([
      '/bin/compressed',
      '3',
      '0',
      '3',
      '0',
      'unsuitable block layout',
    ]);
    const segments = await cramfs(['map', image, '/bin/prog']);
    expect(line(segments.stdout, '  r-x 0x0+0x1f40').slice(2, 6)).toEqual(['2', '2', '0', '0']);
    expect(line(segments.stdout, '  rw- 0x2000+0x3e8').slice(2)).toEqual([
      '1',
      '0',
      '1',
      '0',
      'vma is writable',
    ]);
    expect(stdout).toContain(String.raw`/odd\x0a`);
  });

  test('--no-segments, one kernel, paths, directories and patterns', async () => {
    const { stdout } = await cramfs([
      'map',
      image,
      '--nommu',
      '--no-segments',
      '/lib',
      '/bin/link',
    ]);
    const [head, , ...lines] = stdout.trimEnd().split('\n');
    expect(head).toContain('without an MMU');
    expect(lines.map((text) => text.split(' ', 1)[0])).toEqual([
      '/lib/padded',
      '/lib/shared',
      '/lib/unaligned',
      '/bin/link',
      'without',
    ]);
    const globbed = await cramfs(['map', image, '--no-segments', 'p*']);
    expect(globbed.stdout.match(/^\/\S+/gm)).toEqual(['/bin/prog', '/lib/padded']);
    expect(await cramfs(['map', image, '/none*'])).toMatchObject({
      code: 8,
      stderr: expect.stringMatching(/matches this pattern \(\/none\*\)\n$/) as string,
    });
  });
});

test('--json: files, segments and totals for both kernels', async () => {
  const result = await cramfsJson(['map', image, '/bin/prog', '/lib/shared', '/empty']);
  const range = rom('/bin/prog', 2);
  const inRam = { directPages: 0, romStart: null, romEnd: null };
  const none = { outsidePages: 0, reason: null, hazard: null };
  const writable = { ...inRam, ramPages: 1, ...none, reason: 'vma is writable' };
  const ordinary = 'ordinary ELF, linked to fixed addresses: not executable without an MMU';
  expect(result).toEqual({
    offset: 0,
    pageSize: 4096,
    blockSize: 4096,
    physAddr: ROM_ADDRESS,
    arch: null,
    files: [
      {
        path: '/bin/prog',
        size: 9192,
        pages: 3,
        tail: 'none',
        format: 'elf',
        mmu: {
          directPages: 2,
          ...range,
          ramPages: 1,
          ...none,
          reason: 'block 2 is compressed or a hole',
        },
        nommu: { ...inRam, ramPages: 3, ...none, reason: ordinary },
        segments: [
          {
            name: null,
            flags: 'r-x',
            offset: 0,
            filesz: 8000,
            vaddr: 0,
            pgoff: 0,
            pages: 2,
            mmu: { directPages: 2, ...range, ramPages: 0, ...none },
            nommu: { ...inRam, ramPages: 2, ...none, reason: ordinary },
          },
          {
            name: null,
            flags: 'rw-',
            offset: 8192,
            filesz: 1000,
            vaddr: 0,
            pgoff: 2,
            pages: 1,
            mmu: writable,
            nommu: { ...writable, reason: ordinary },
          },
        ],
      },
      {
        path: '/lib/shared',
        size: 5000,
        pages: 2,
        tail: 'shared',
        format: null,
        mmu: {
          directPages: 1,
          ...rom('/lib/shared', 1),
          ramPages: 1,
          ...none,
          reason: 'last page is shared',
        },
        nommu: {
          directPages: 2,
          ...rom('/lib/shared', 2),
          ramPages: 0,
          ...none,
        },
        segments: null,
      },
      {
        path: '/empty',
        size: 0,
        pages: 0,
        tail: 'none',
        format: null,
        mmu: { ...inRam, ramPages: 0, ...none },
        nommu: { ...inRam, ramPages: 0, ...none },
        segments: null,
      },
    ],
    totals: {
      mmu: { files: 3, pages: 5, directPages: 3, ramPages: 2, outsidePages: 0 },
      nommu: { files: 3, pages: 5, directPages: 2, ramPages: 3, outsidePages: 0 },
    },
    required: null,
    simulation: null,
  });
});

describe('what is not in the image', () => {
  const D = { kind: 'D', align: 4096 } as const;
  const outside = { kind: 'D', pointer: 0xc0400000 } as const;
  const after = { kind: 'D', pointer: 0xc0400400 } as const;
  const cases = {
    whole: file(noise(4096), { blocks: [outside] }),
    tail: file(noise(5000), { blocks: [outside, after] }),
    wraps: file(noise(6), { blocks: [{ kind: 'D', pointer: 0xfffffff0 }] }),
    top: file(noise(4096), { blocks: [{ kind: 'D', pointer: 0xff000000 }] }),
    table: file(noise(5000), { blocks: [D, D], inode: { offset: 0x1000000 } }),
  };

  test.each(Object.entries(cases))('%s: exit code 8, and 1 of --require', async (name, node) => {
    const bad = folder.write('bad.img', buildRawImage({ [name]: node }).bytes);
    const { code, stdout, stderr } = await cramfs(['map', bad]);
    expect(code).toBe(8);
    expect(stderr).toMatch(new RegExp(`^cramfs: .*not in the image.* [(]/${name}[)]\n$`));
    expect(stdout).toMatch(/without an MMU.*; 0 direct from ROM, .* not in the image\n/);
    const required = await cramfs(['map', bad, '--require', name]);
    expect(required).toMatchObject({ code: 1, stderr: '' });
    expect(await cramfs(['map', bad, '--simulate'])).toMatchObject({ code: 8 });
    const { totals } = JSON.parse((await cramfs(['map', bad, '--json'])).stdout) as {
      totals: { nommu: unknown };
    };
    expect(totals.nommu).toMatchObject({
      directPages: 0,
      outsidePages: node === cases.tail || node === cases.table ? 2 : 1,
    });
    expect(await cramfs(['mmap', bad, name, '--touch', '0'])).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  test('pages that are in the image count', async () => {
    const { bytes } = buildRawImage({ f: file(noise(8192), { blocks: [D, D] }) });
    // The superblock ends the image between the two pages.
    new DataView(bytes.buffer).setUint32(4, 8192, true);
    const bad = folder.write('bad.img', bytes);
    const { code, stdout } = await cramfs(['map', bad, '--mmu']);
    expect(code).toBe(8);
    expect(line(stdout, '/f').slice(1)).toEqual([
      '2',
      '1',
      '0',
      '0x22001000-0x22002000',
      'block 1 is not in the image (K24)',
    ]);
    expect((await cramfs(['map', bad, '--simulate'])).stdout).toContain('all match');
  });

  test('a file that is required and in the image is not blamed for others', async () => {
    const { bytes } = buildRawImage({
      bad: cases.whole,
      good: file(noise(4096), { blocks: [D] }),
    });
    const image = folder.write('two.img', bytes);
    expect(await cramfs(['map', image, '--require', 'good'])).toMatchObject({ code: 8 });
    expect(await cramfs(['map', image, '/good', '--require', 'good'])).toMatchObject({ code: 0 });
  });
});

test('--phys decides about alignment, --page-size about everything', async () => {
  const shifted = await cramfs(['map', image, '--phys', '0x1000008', '--no-segments']);
  expect(line(shifted.stdout, '/lib/padded').at(-1)).toBe('data is not page aligned');
  expect(line(shifted.stdout, '/lib/unaligned')[2]).toBe('0');
  const bigPages = await cramfs(['map', image, '--page-size=64K', '/lib/padded']);
  expect(bigPages.stdout).toContain('a kernel with pages of 65536 bytes misreads it');
});

describe('--require', () => {
  test('is content with programs whose read-only segments map, and with whole files', async () => {
    for (const pattern of ['/bin/prog', '/lib/padded', 'padded']) {
      expect(await cramfs(['map', image, '--require', pattern])).toMatchObject({
        code: 0,
        stdout: '',
        stderr: '',
      });
    }
  });

  test('prints a line per file that is not fully mappable, and per pattern without files', async () => {
    const { code, stdout, stderr } = await cramfs([
      'map',
      image,
      '--require',
      '/bin/*',
      '--require',
      '/lib/*',
      '--require',
      '*.ko',
    ]);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout.trimEnd().split('\n')).toEqual([
      '/bin/compressed: r-x segment at 0x0: 0 of 2 pages map directly with MMU: ' +
        'unsuitable block layout',
      '/lib/shared: file: 1 of 2 pages map directly with MMU: last page is shared',
      '/lib/unaligned: file: 0 of 2 pages map directly with MMU: data is not page aligned',
      '*.ko: no file matches',
    ]);
  });

  describe('follows symbolic links', () => {
    const D = { kind: 'D', align: 4096 } as const;
    const good = file(noise(4096), { blocks: [D] });
    const tree = {
      bin: directory({ busybox: good, zip: file(noise(5000)) }),
      lib: symlink('usr/lib'),
      loop: symlink('loop'),
      mtab: symlink('/proc/mounts'),
      sbin: directory({
        init: symlink('/bin/busybox'),
        unzip: symlink('../bin/zip'),
        dir: symlink('../bin'),
        chain: symlink('init'),
      }),
      usr: directory({
        lib: directory({ 'libz.so.1': symlink('libz.so.1.3'), 'libz.so.1.3': good }),
      }),
    };
    const failures = async (...patterns: string[]): Promise<string[]> => {
      const linked = folder.write('links.img', buildRawImage(tree).bytes);
      const args = patterns.flatMap((pattern) => ['--require', pattern]);
      const { code, stdout, stderr } = await cramfs(['map', linked, '--mmu', ...args]);
      expect([code, stderr]).toEqual([stdout === '' ? 0 : 1, '']);
      return stdout.split('\n').slice(0, -1);
    };

    test('absolute, relative, chained, in the middle of a path, by name and by pattern', async () => {
      const patterns = [
        '/sbin/init',
        'sbin/chain',
        '/lib/libz.so.1',
        'libz.so.1',
        '/sbin/{init,dir}',
      ];
      for (const pattern of patterns) expect(await failures(pattern)).toEqual([]);
    });

    test('a target that is not mappable is reported under the name that was asked for', async () => {
      const reason = 'file: 0 of 2 pages map directly with MMU: unsuitable block layout';
      expect(await failures('/sbin/unzip')).toEqual([`/sbin/unzip: ${reason}`]);
      expect(await failures('/sbin/*')).toEqual([`/sbin/unzip: ${reason}`]);
      expect(await failures('unzip')).toEqual([`/sbin/unzip: ${reason}`]);
    });

    test('links to nowhere, to a directory, to themselves', async () => {
      expect(await failures('/mtab', 'mtab')).toEqual([
        '/mtab: no such file or directory: a symbolic link to /proc/mounts',
      ]);
      expect(await failures('/loop')).toEqual([
        '/loop: too many symbolic links: a symbolic link to loop',
      ]);
      expect(await failures('/sbin/dir')).toEqual([
        '/sbin/dir: not a regular file: a symbolic link to ../bin',
      ]);
      expect(await failures('/none')).toEqual(['/none: no such file or directory']);
      expect(await failures('/m*')).toEqual(['/m*: no file matches']);
    });
  });

  test('knows that a kernel without MMU looks at neither alignment nor tail', async () => {
    expect((await cramfs(['map', image, '--nommu', '--require', '/lib/*'])).code).toBe(0);
    expect((await cramfs(['map', image, '--mmu', '--require', '/lib/*'])).code).toBe(1);
  });

  test('--json', async () => {
    const { code, stdout } = await cramfs(['map', image, '--json', '--require', '/lib/s*']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      required: {
        ok: false,
        failures: [
          {
            path: '/lib/shared',
            reason: 'file: 1 of 2 pages map directly with MMU: last page is shared',
          },
        ],
      },
    });
  });

  test('nothing is promised of an image that is cut off', async () => {
    const end = raw.placed.get('/lib/unaligned')!.blocks[0]!.start;
    const cut = folder.write('cut.img', raw.bytes.subarray(0, end));
    const { code, stderr } = await cramfs(['map', cut, '--require', '/bin/prog']);
    expect(code).toBe(8);
    expect(stderr).toMatch(
      /cut\.img: offset 0x0: the image is cut off: it has \d+ bytes, of which/,
    );
  });

  test('a bad pattern is a usage error', async () => {
    const { code, stderr } = await cramfs(['map', image, '--require', '/bin/[']);
    expect([code, stderr]).toEqual([16, expect.stringContaining("bad glob '/bin/['")]);
  });
});

test('a directory that cannot be read is reported, the others are mapped', async () => {
  const { bytes, placed } = buildRawImage({ bad: directory({ x: file('x') }), good: file('y') });
  // The only entry gets a name length of 0.
  bytes[placed.get('/bad')!.offset + 8]! &= 0xc0;
  const { code, stdout, stderr } = await cramfs(['map', folder.write('bad-dir.img', bytes)]);
  expect(code).toBe(8);
  expect(line(stdout, '/good')[1]).toBe('1');
  expect(stderr).toMatch(/bad-dir\.img: offset 0x.* \(\/bad\)\n$/);
});

test('an image that Linux has mapped', async () => {
  const path = folder.write('basic.img', kernelImage('basic'));
  const { stdout } = await cramfs(['map', path, '/direct-5p-sharedtail', '/bin/xpie-unaligned']);
  expect(line(stdout, '/direct-5p-sharedtail').slice(1, 6)).toEqual(['5', '4', '1', '5', 'shared']);
  expect(line(stdout, '/bin/xpie-unaligned').at(-1)).toBe('data is not page aligned');
});

describe('programs without an MMU', () => {
  const TEXT = { flags: READ_EXECUTE, offset: 0, filesz: 8000 };
  const DATA = { flags: READ_WRITE, offset: 8192, filesz: 1000, memsz: 5000, vaddr: 0x10000 };
  const fdpic = fdpicFile([TEXT, DATA], noise(9300, 3));
  const flat = flatFile(noise(8000), text(900));
  const lld = fdpicFile(
    [
      { flags: 4, offset: 0, filesz: 500 },
      { flags: READ_EXECUTE, offset: 500, filesz: 6000, vaddr: 0x10000 + 500 },
    ],
    noise(8100, 5),
  );
  const programs = buildRawImage(
    {
      elf: file(program, { blocks: ['D', 'D', 'C'] }),
      fdpic: file(fdpic, { mode: 0o755, blocks: ['D', 'D', 'C'] }),
      flat: file(flat, { mode: 0o755, blocks: ['D', 'D', 'C'] }),
      gzip: file(flatFile(noise(8000), text(900), { flags: 4 }), { blocks: 'DDC' }),
      lld: file(lld, { blocks: 'DD' }),
      twin: file(fdpic, {
        mode: 0o700,
        blocks: [{ kind: 'D', sameAs: ['/fdpic', 0] }, { kind: 'D', sameAs: ['/fdpic', 1] }, 'Z'],
      }),
    },
    { flags: 0x803 },
  );
  const map = (...args: string[]) => {
    image = folder.write('programs.img', programs.bytes);
    return cramfs(['map', image, ...args]);
  };

  test('lines for text and data, and what exec maps of the file', async () => {
    const { stdout } = await map('--nommu', '/flat');
    expect(line(stdout, '/flat').slice(0, 4)).toEqual(['/flat', '3', '2', '1']);
    expect(line(stdout, '  text 0x0+0x1f80').slice(2, 5)).toEqual(['2', '2', '0']);
    expect(line(stdout, '  data 0x1f80+0x384').slice(2)).toEqual(['2', '0', '2', 'read into RAM']);
    const gzip = await map('--nommu', '/gzip');
    expect(line(gzip.stdout, '/gzip').at(-1)).toMatch(/^bFLT with gzip'd text/);
    const mmu = await map('--mmu', '/flat', '--config', 'BINFMT_FLAT=y');
    expect(line(mmu.stdout, '  text 0x0+0x1f80').slice(3)).toEqual([
      '0',
      '2',
      'bFLT: a kernel with an MMU reads it into RAM',
    ]);
  });

  test('--require judges each program by the kernel that it is made for', async () => {
    const reasons = async (...args: string[]): Promise<string[]> =>
      (await map(...args)).stdout.trimEnd().split('\n');
    expect(await reasons('--require', '/flat')).toEqual(['']);
    expect(await reasons('--nommu', '--require', '/elf')).toEqual([
      expect.stringMatching(/^\/elf: r-x segment .*: 0 of 2 .* without MMU: ordinary ELF/),
    ]);
    expect(await reasons('--mmu', '--require', '/flat')).toEqual([
      expect.stringMatching(
        /^\/flat: text: 0 of 2 pages map directly with MMU: no loader for bFLT/,
      ),
    ]);
    expect(await reasons('--require', '/gzip')).toEqual([expect.stringMatching(/gzip'd/)]);
  });

  test('K22: pages of two files, and segments that start in one page', async () => {
    const { stdout } = await map('--nommu', '--no-segments');
    expect(line(stdout, '/fdpic').at(-1)).toBe(
      'has pages of /twin: Linux stops if both are mapped (K22)',
    );
    expect(line(stdout, '/twin').at(-1)).toMatch(/^has pages of \/fdpic: /);
    expect(line(stdout, '/lld').at(-1)).toMatch(/^starts where a shorter part does: Linux stops/);
    const required = await map('--require', '/lld', '--require', '/fdpic');
    expect(required.code).toBe(1);
    expect(required.stdout.match(/K22/g)).toHaveLength(2);
  });

  test('K22 of an image for kernels with an MMU: only if that kernel is the question', async () => {
    const shared = [0, 1].map((index) => ({ kind: 'D', sameAs: ['/one', index] }) as const);
    const files = {
      one: file(noise(8000), { mode: 0o644, blocks: 'DD' }),
      other: file(noise(8000), { mode: 0o600, blocks: shared }),
      elf: file(program, { blocks: ['D', 'D', 'C'] }),
    };
    const data = folder.write('data.img', buildRawImage(files, { flags: 0x803 }).bytes);
    for (const [options, count] of [
      [[], 0],
      [['--mmu'], 0],
      [['--nommu'], 2],
    ] as const) {
      const { stdout } = await cramfs(['map', data, ...options]);
      expect([options, stdout.match(/K22/g)?.length ?? 0]).toEqual([options, count]);
    }
    // The image is for a kernel without an MMU if it has a program that such a kernel runs in
    // place.
    expect((await map('--no-segments', '/fdpic')).stdout).toContain('K22');
    const both = { ...files, flat: file(flat, { mode: 0o755, blocks: ['D', 'D', 'C'] }) };
    const mixed = folder.write('mixed.img', buildRawImage(both, { flags: 0x803 }).bytes);
    expect((await cramfs(['map', mixed, '--json'])).stdout.match(/K22/g)).toHaveLength(2);
  });

  test('the emulator maps as much', async () => {
    const result = await map('--nommu', '--simulate', '/flat', '/fdpic', '/elf', '/gzip');
    expect(result.stdout).toContain('simulated: 3 mappings, all match');
    for (const [path, romPages] of [
      ['/flat', [2, 0]],
      ['/fdpic', [2, 0]],
    ] as const) {
      const { objects } = (await cramfsJson(['exec', image, path, '--nommu'])) as {
        objects: { segments: { romPages: number }[] }[];
      };
      expect(objects[0]!.segments.map((segment) => segment.romPages)).toEqual(romPages);
    }
  });
});
