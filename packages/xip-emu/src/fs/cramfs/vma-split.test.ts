import { describe, expect, test } from 'vitest';
import { mapFile, romMachine } from '../../../../../test/helpers/emulator.js';
import { buildRawImage, file, noise } from '../../../../../test/helpers/raw-image.js';
import { KernelCorruption } from '../../kernel-corruption.js';
import { PROT_READ, PROT_WRITE } from '../../memory-map.js';
import type { Process } from '../../process.js';
import { areasIn } from '../../report/areas.js';
import { pagesIn } from '../../report/pages.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../../units.js';

/* The defects of the v3 patch, by their names in docs/emulator.md. Mainline has none of them. */

const BASE = 0x40000000;
const V3 = { policy: 'linux-6.12-v3-vmasplit', faultAround: PAGE_SIZE } as const;
const D = { kind: 'D', align: PAGE_SIZE } as const;

/** A file whose pages are direct, the last one of 100 bytes. */
function tailed(pages: number, tail: 'zero' | 'junk') {
  const blocks = Array.from({ length: pages }, () => D);
  return file(noise((pages - 1) * PAGE_SIZE + 100, pages), {
    blocks: [...blocks.slice(1), { ...D, tail }],
  });
}

function backings(process: Process, pages: number): string {
  const reports = pagesIn(process.mm, BASE, pages * PAGE_SIZE);
  return reports.map(({ backing }) => backing).join(' ');
}

function flagsOf(process: Process, page: number): string | undefined {
  const at = BASE + page * PAGE_SIZE;
  return areasIn(process.mm, at, at + 1)[0]?.vmFlags;
}

test('the fault after the direct pages splits the area, once', () => {
  const content = noise(3 * PAGE_SIZE);
  const { bytes } = buildRawImage({ f: file(content, { blocks: [D, D, 'U'] }) });
  const process = romMachine(bytes, V3).spawn();
  mapFile(process, '/rom/f', 3, PROT_READ, { address: BASE });
  expect(flagsOf(process, 2)).toBe('rd mr mw me pf io de dd');
  expect(backings(process, 3)).toBe('rom rom none');
  process.load(BASE + PAGE_SIZE);
  expect(flagsOf(process, 2)).toBe('rd mr mw me pf io de dd');
  expect(process.load(BASE + 2 * PAGE_SIZE)).toBe(content[2 * PAGE_SIZE]);
  expect(flagsOf(process, 1)).toBe('rd mr mw me pf io de dd');
  expect(flagsOf(process, 2)).toBe('rd mr mw me dd');
  expect(backings(process, 3)).toBe('rom rom page-cache');
});

describe('V1: the look at the last page is the offset of the mapping too far', () => {
  const lastPage = (path: string, policy: typeof V3 | undefined): string => {
    const { bytes } = buildRawImage({
      'a-zero': tailed(3, 'zero'),
      'b-data': file(noise(2 * PAGE_SIZE), { blocks: 'UU' }),
      'c-junk': tailed(3, 'junk'),
      'd-zeros': file(new Uint8Array(4 * PAGE_SIZE), { blocks: [D, D, D, D] }),
    });
    const process = romMachine(bytes, policy ?? {}).spawn();
    mapFile(process, `/rom/${path}`, 2, PROT_READ, { address: BASE, pgoff: 1 });
    return backings(process, 2);
  };

  test('from page 0 on it is right', () => {
    const { bytes } = buildRawImage({ zero: tailed(3, 'zero'), junk: tailed(3, 'junk') });
    for (const [path, backing] of [
      ['zero', 'rom rom rom'],
      ['junk', 'rom rom none'],
    ] as const) {
      const process = romMachine(bytes, V3).spawn();
      mapFile(process, `/rom/${path}`, 3, PROT_READ, { address: BASE });
      expect(backings(process, 3)).toBe(backing);
    }
  });

  test('a page that could be direct is RAM', () => {
    expect(lastPage('a-zero', undefined)).toBe('rom rom');
    expect(lastPage('a-zero', V3)).toBe('rom none');
  });

  test('a shared page is mapped, with the data of another file', () => {
    expect(lastPage('c-junk', undefined)).toBe('rom none');
    expect(lastPage('c-junk', V3)).toBe('rom rom');
  });
});

test('V2: a look past the ROM kills the kernel in mmap', () => {
  const { bytes, placed } = buildRawImage({ last: tailed(4, 'zero') });
  expect(placed.get('/last')!.blocks.at(-1)!.start + PAGE_SIZE).toBe(bytes.length);
  const process = romMachine(bytes, V3).spawn();
  mapFile(process, '/rom/last', 4, PROT_READ, { address: BASE });
  let died: unknown;
  try {
    mapFile(process, '/rom/last', 2, PROT_READ, { pgoff: 2 });
  } catch (error) {
    died = error;
  }
  expect(died).toBeInstanceOf(KernelCorruption);
  expect(died).toMatchObject({
    kind: 'oops',
    kernelFunction: 'fs/cramfs/inode.c:cramfs_physmem_mmap()',
  });
  mapFile(romMachine(bytes).spawn(), '/rom/last', 2, PROT_READ, { pgoff: 2 });
});

test('V3: the direct part has no operations after a split, as if it were anonymous', () => {
  const { bytes } = buildRawImage({ f: file(noise(2 * PAGE_SIZE), { blocks: [D, 'U'] }) });
  const accounted = (split: boolean): string | undefined => {
    const process = romMachine(bytes, V3).spawn();
    mapFile(process, '/rom/f', 2, PROT_READ, { address: BASE });
    if (split) process.load(BASE + PAGE_SIZE);
    process.mprotect(BASE, PAGE_SIZE, PROT_READ | PROT_WRITE);
    process.mprotect(BASE, PAGE_SIZE, PROT_READ);
    return flagsOf(process, 0);
  };
  // What was promised for copies is taken back, as for memory without a file.
  expect(accounted(false)).toBe('rd mr mw me pf io de ac dd');
  expect(accounted(true)).toBe('rd mr mw me pf io de dd');
});

describe('V4: page 4096 does not fit into 12 bits of the split point', () => {
  // The largest file there is, all of it direct: the split is after its last page.
  const pages = 4096;
  const content = noise(pages * PAGE_SIZE - 1);
  const blocks = Array.from({ length: pages - 1 }, () => D);
  const { bytes } = buildRawImage({
    f: file(content, { blocks: [...blocks, { ...D, tail: 'zero' }] }),
  });
  const afterFile = (first: number): Process => {
    const process = romMachine(bytes, V3).spawn();
    mapFile(process, '/rom/f', pages + 2, PROT_READ, { address: first });
    return process;
  };

  test('mainline: SIGBUS past the end of the file', () => {
    const process = romMachine(bytes).spawn();
    mapFile(process, '/rom/f', pages + 2, PROT_READ, { address: BASE });
    expect(() => process.load(BASE + pages * PAGE_SIZE)).toThrow('SIGBUS (ADRERR)');
  });

  test('at an odd page the first pages of the file follow its last', () => {
    const process = afterFile(BASE + PAGE_SIZE);
    const end = BASE + PAGE_SIZE + pages * PAGE_SIZE;
    expect(process.load(end)).toBe(content[0]);
    expect(process.load(end + PAGE_SIZE)).toBe(content[PAGE_SIZE]);
  });

  test('at an even page the split is a page late: SIGSEGV, then a page of zeros', () => {
    const process = afterFile(BASE);
    const end = BASE + pages * PAGE_SIZE;
    expect(() => process.load(end)).toThrow('SIGSEGV (MAPERR)');
    expect(process.load(end + PAGE_SIZE)).toBe(content[0]);
    expect(process.load(end)).toBe(0);
  });
});
