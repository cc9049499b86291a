import { beforeEach, describe, expect, test } from 'vitest';
import { ROM_ADDRESS, kernelImage } from '../helpers/kernel-images.js';
import { buildRawImage, concat, file, noise, text } from '../helpers/raw-image.js';
import { Folder } from './folder.js';
import { cramfs, cramfsJson } from './run-cli.js';

/** Five pages, four of them direct: other data follows the end of the file. */
const FILE = '/direct-5p-sharedtail';
const ROM_OFFSET = 73728;

const folder = new Folder();
let image: string;
beforeEach(() => {
  image = folder.write('basic.img', kernelImage('basic'));
});

interface MmapJson {
  readonly address: string | null;
  readonly failure: unknown;
  readonly areas: readonly { readonly vmFlags: string | null }[];
  readonly pages: readonly { readonly backing: string; readonly physical: string | null }[];
  readonly events: readonly unknown[];
  readonly touches: readonly unknown[];
  readonly ram: unknown;
  readonly rom: unknown;
  readonly reason: string | null;
}

async function mmap(...more: string[]): Promise<MmapJson> {
  return (await cramfsJson(['mmap', image, FILE, ...more])) as MmapJson;
}

function backings({ pages }: MmapJson): string {
  return pages.map(({ backing }) => backing).join(' ');
}

function rom(page: number): string {
  return `0x${(ROM_ADDRESS + ROM_OFFSET + page * 4096).toString(16)}`;
}

describe('with an MMU', () => {
  test('a mixed mapping: ROM at once, the page cache on demand', async () => {
    const untouched = await mmap('--prot', 'rx');
    expect(backings(untouched)).toBe('rom rom rom rom none');
    expect(untouched).toMatchObject({ failure: null, reason: 'last page is shared' });
    expect(untouched.ram).toEqual({ bytes: 0, pageCachePages: 0, anonymousPages: 0 });
    expect(untouched.rom).toEqual({ pages: 4, savedBytes: 4 * 4096 });
    expect(untouched.events).toMatchObject([
      { type: 'mmap', path: FILE, romPages: 4, bailout: null, lastPageShared: true },
    ]);

    const { address, pages, touches, ram } = await mmap('--touch', '4', '--touch=3:w');
    expect(pages.map(({ physical }) => physical).slice(0, 4)).toEqual([0, 1, 2, 3].map(rom));
    expect(ram).toEqual({ bytes: 4096, pageCachePages: 1, anonymousPages: 0 });
    expect(touches).toEqual([
      {
        page: 4,
        write: false,
        value: expect.any(Number) as number,
        signal: null,
        unknown: null,
        events: [
          { type: 'read-folio', fs: 'cramfs', ino: 69632, index: 4 },
          {
            type: 'fault',
            pid: 1,
            kind: 'read',
            address: Number(address) + 4 * 4096,
            why: 'demand',
            frame: { kind: 'page-cache', pfn: expect.any(Number) as number },
          },
        ],
      },
      expect.objectContaining({ page: 3, signal: { name: 'SIGSEGV', code: 'ACCERR' } }),
    ]);
  });

  test('a part of the file: --offset and --len', async () => {
    const part = await mmap('--offset', '4096', '--len=8192');
    expect(part.pages).toEqual([
      { page: 0, backing: 'rom', physical: rom(1) },
      { page: 1, backing: 'rom', physical: rom(2) },
    ]);
    expect(part.areas).toMatchObject([{ vmFlags: 'rd mr mw me pf io de dd' }]);
    expect(part.reason).toBeNull();
  });

  test('an access past the end of the file is SIGBUS', async () => {
    const { touches, reason } = await mmap('--len', '0x6000', '--touch', '5');
    expect(touches).toMatchObject([{ signal: { name: 'SIGBUS', code: 'ADRERR' } }]);
    expect(reason).toBe('last page is shared');
  });

  test('a writable mapping is the page cache, and copies', async () => {
    const { reason, ...rest } = await mmap('--prot=rw', '--touch=0', '--touch=1:w');
    expect(backings({ reason, ...rest })).toBe('page-cache anonymous none none none');
    expect(reason).toBe('vma is writable');
  });

  test('what the kernel refuses, and why', async () => {
    expect(await mmap('--shared', '--prot=rw')).toMatchObject({
      address: null,
      failure: { code: 'EACCES', reason: 'the file is not open for writing' },
      pages: [],
    });
    const { code, stdout } = await cramfs(['mmap', image, FILE, '--len=0']);
    expect([code, stdout.split('\n')[1]]).toEqual([0, 'fails: EINVAL: no length']);
  });

  test('the v3 patch splits the area in the fault handler', async () => {
    const v3 = ['--policy', 'linux-6.12-v3-vmasplit'];
    expect((await mmap(...v3)).areas.map(({ vmFlags }) => vmFlags)).toEqual([
      'rd mr mw me pf io de dd',
    ]);
    const { areas, touches } = await mmap(...v3, '--touch=4');
    expect(areas.map(({ vmFlags }) => vmFlags)).toEqual([
      'rd mr mw me pf io de dd',
      'rd mr mw me dd',
    ]);
    expect(JSON.stringify(touches)).toContain('"why":"split"');
  });

  test('pages of one block are one page, if the policy shares them', async () => {
    const page = text(4096);
    const same = { kind: 'Z', sameAs: ['/e', 0] } as const;
    const { bytes } = buildRawImage({
      e: file(page, { blocks: 'Z' }),
      f: file(concat(page, page, page), { blocks: [same, same, same] }),
    });
    const repeated = folder.write('repeated.img', bytes);
    const question = ['mmap', repeated, '/f', '--touch=0', '--touch=1', '--touch=2'];
    const sharing = [...question, '--policy=linux-6.12-shared-page-cache'];
    expect(await cramfsJson(question)).toMatchObject({
      ram: { bytes: 3 * 4096 },
      sharing: { savedBytes: 0 },
    });
    expect(await cramfsJson(sharing)).toMatchObject({
      ram: { bytes: 4096 },
      sharing: { savedBytes: 2 * 4096 },
    });
    const { stdout } = await cramfs(sharing);
    expect(stdout).toMatch(/^Shared pages: +8192 bytes of RAM saved$/m);
    expect(stdout).toContain('page 1 of the file is in the page cache, read for another place');
  });
});

describe('without an MMU', () => {
  test('a read-only mapping is where the file is', async () => {
    const direct = await mmap('--nommu');
    expect(direct.address).toBe(rom(0));
    expect(backings(direct)).toBe('rom rom rom rom rom');
    expect(direct.areas).toMatchObject([{ vmFlags: null }]);
  });

  test('a writable one is a copy', async () => {
    const copy = await mmap('--nommu', '--prot=rw', '--touch=1:w');
    expect(backings(copy)).toBe('copy copy copy copy copy');
    // The copy is made through the page cache.
    expect(copy.ram).toEqual({ bytes: 40960, pageCachePages: 5, anonymousPages: 5 });
    expect(copy.reason).toBe('vma is writable');
  });

  test('what the emulator cannot know it says', async () => {
    const { touches } = await mmap('--nommu', '--touch=0:w');
    expect(touches).toMatchObject([
      { value: null, unknown: 'not emulated: a store to ROM at 0x22012000' },
    ]);
  });
});

test('--phys moves everything; if it is not a whole page, nothing is direct', async () => {
  const { pages } = await mmap('--phys=0x80000000');
  expect(pages[1]).toMatchObject({
    backing: 'rom',
    physical: `0x${(0x80000000 + ROM_OFFSET + 4096).toString(16)}`,
  });
  expect(await mmap('--phys=0x80000004')).toMatchObject({ reason: 'data is not page aligned' });
});

test('the text', async () => {
  const { code, stdout } = await cramfs(['mmap', image, FILE, '--touch=4', '--touch', '0:w']);
  expect(code).toBe(0);
  expect(stdout).toBe(`\
/direct-5p-sharedtail: 5 pages from byte 0, r-- private; linux-6.12 with an MMU on riscv64

3ff7ff8000-3ff7ffd000 r--p 00000000 1f:00 69632                          /direct-5p-sharedtail
  VmFlags: rd mr mw me mm (VM_MIXEDMAP: ROM and pages of RAM)

CALL  WHAT HAPPENED
mmap  4 of 5 pages from ROM at once: last page is shared

PAGES  BACKED BY   PHYSICAL
  0-3  ROM         0x22012000-0x22016000
    4  page cache  0x80001000-0x80002000

TOUCH  RESULT            WHAT HAPPENED
4:r    0xf3              page 4 of the file is read into the page cache
                         read fault, demand, page 4: page cache at 0x80001000
0:w    SIGSEGV (ACCERR)

ROM:               4 pages mapped; 16384 bytes of RAM saved
RAM:               4096 bytes: 1 page of page cache, 0 of the process
Not all from ROM:  last page is shared
`);
});

describe('what cannot be used is one line', () => {
  test.each([
    [['--prot=q'], "--prot cannot be 'q': use letters of rwx, or -"],
    [['--touch=x'], "--touch cannot be 'x': use PAGE, PAGE:r or PAGE:w"],
    [['--touch=5'], '--touch 5: the mapping has 5 pages, from 0 on'],
    [['--page-size=8192', '--offset=4096'], '--offset cannot be 4096: use a multiple of 8192'],
    [['--offset=1'], '--offset cannot be 1: use a multiple of 4096'],
  ] as const)('%j', async (argv, message) => {
    const { code, stderr } = await cramfs(['mmap', image, FILE, ...argv]);
    expect([code, stderr]).toEqual([16, `cramfs mmap: ${message}\nTry 'cramfs mmap --help'.\n`]);
  });

  test('an image that Linux does not mount', async () => {
    const tree = { f: file(noise(4096), { blocks: 'D' }) };
    const large = folder.write('large.img', buildRawImage(tree, { size: 0x10001000 }).bytes);
    const { code, stderr } = await cramfs(['mmap', large, '/f']);
    expect([code, stderr]).toEqual([
      8,
      `cramfs: ${large}: Linux does not mount the image: EINVAL: no ROM has the image's 268439552 bytes at its address\n`,
    ]);
    // Without a size Linux maps 256 MiB, which exist here.
    const old = folder.write('old.img', buildRawImage(tree, { v1: true }).bytes);
    expect(await cramfsJson(['mmap', old, '/f'])).toMatchObject({ failure: null });
  });

  test('paths', async () => {
    const { code, stderr } = await cramfs(['mmap', image, '/none']);
    expect([code, stderr]).toEqual([8, expect.stringContaining('(/none)\n')]);
    expect((await cramfs(['mmap', image, '/bin'])).stderr).toBe(
      `cramfs: ${image}: not a regular file (/bin)\n`,
    );
  });
});

test('pages are as large as the blocks of the image, or as --page-size says', async () => {
  const pageSize = 16384;
  const blocks = [{ kind: 'D', align: pageSize } as const, 'D' as const];
  const tree = { f: file(noise(2 * pageSize - 100), { blocks }) };
  const { bytes } = buildRawImage(tree, { flags: 0x803, blockSize: pageSize });
  const path = folder.write('pages-of-16k.img', bytes);
  for (const argv of [[], ['--page-size=16K']]) {
    expect(await cramfsJson(['mmap', path, '/f', '--touch=1', ...argv])).toMatchObject({
      pageSize,
      pages: [{ backing: 'rom' }, { backing: 'rom' }],
      rom: { pages: 2, savedBytes: 2 * pageSize },
    });
  }
});
