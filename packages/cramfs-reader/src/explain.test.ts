import { isCramfsError } from 'cramfs-format';
import { describe, expect, test } from 'vitest';
import {
  buildRawImage,
  concat,
  directory,
  file,
  noise,
  type RawBlock,
  type RawImageOptions,
} from '../../../test/helpers/raw-image.js';
import { explainFile, type FileExplanation } from './explain.js';
import type { ExplainOptions } from './explain-range.js';
import { openImage } from './image.js';

const PAGE = 4096;
const ROM = 0x0800_0000;

interface Phdr {
  readonly flags: number;
  readonly offset: number;
  readonly filesz: number;
  readonly vaddr: number;
  readonly type?: number;
}

/** An ELF32 shared object of `length` bytes with these program headers, at `phoff`. */
function elf(length: number, phdrs: readonly Phdr[], phoff = 52): Uint8Array {
  const bytes = noise(length);
  const view = new DataView(bytes.buffer);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1, 0]);
  const u16 = (at: number, value: number): void => {
    view.setUint16(at, value, true);
  };
  u16(16, 3);
  u16(18, 40);
  view.setUint32(28, phoff, true);
  u16(42, 32);
  u16(44, phdrs.length);
  phdrs.forEach(({ type = 1, offset, vaddr, filesz, flags }, index) => {
    [type, offset, vaddr, vaddr, filesz, filesz, flags, PAGE].forEach((value, word) => {
      view.setUint32(phoff + 32 * index + 4 * word, value, true);
    });
  });
  return bytes;
}

function explain(
  content: Uint8Array,
  blocks: readonly (RawBlock | RawBlock['kind'])[] | string,
  options: Partial<ExplainOptions> = {},
  imageOptions: RawImageOptions = {},
): FileExplanation {
  const { bytes } = buildRawImage({ f: file(content, { blocks }) }, imageOptions);
  const image = openImage(bytes, { blockSize: PAGE });
  const defaults = { pageSize: PAGE, physAddr: ROM, mmu: true };
  return explainFile(image, image.lookup('/f'), { ...defaults, ...options });
}

const ALIGNED: RawBlock = { kind: 'D', align: PAGE };

describe('explainFile', () => {
  test('addresses, and the room left for RAM', () => {
    expect(explain(noise(3 * PAGE), [ALIGNED, 'D', 'C'])).toEqual({
      pgoff: 0,
      pages: 3,
      directPages: 2,
      romStart: ROM + PAGE,
      romEnd: ROM + 3 * PAGE,
      ramPages: 1,
      outsidePages: 0,
      reason: 'block 2 is compressed or a hole',
      tail: 'none',
      segments: undefined,
    });
  });

  test('in an image of ordinary blocks, or at address 0, no file maps', () => {
    const flagless = explain(noise(PAGE), [ALIGNED], {}, { flags: 3 });
    expect(flagless).toMatchObject({ directPages: 0, ramPages: 1, tail: 'none' });
    expect(flagless.reason).toBe(
      'the superblock does not announce extended block pointers (flag 0x800)',
    );
    expect(explain(noise(PAGE), [ALIGNED], { physAddr: 0 }).reason).toBe(
      'the kernel maps nothing directly from bus address 0',
    );
  });

  test('a kernel with other pages misreads the image', () => {
    const found = explain(noise(5 * PAGE), 'DDDDD', { pageSize: 16384 });
    expect(found).toMatchObject({ pages: 2, directPages: 0, ramPages: 2, tail: 'none' });
    expect(found.reason).toBe(
      'the image has blocks of 4096 bytes: a kernel with pages of 16384 bytes misreads it',
    );
  });

  test('anything but a regular file has no explanation', () => {
    const image = openImage(buildRawImage({ d: directory() }).bytes);
    let thrown: unknown;
    try {
      explainFile(image, image.lookup('/d'), { pageSize: PAGE, physAddr: ROM, mmu: true });
    } catch (error) {
      thrown = error;
    }
    expect(isCramfsError(thrown, 'WRONG_TYPE')).toBe(true);
  });
});

describe('ELF segments', () => {
  const program = elf(4 * PAGE + 100, [
    { flags: 4, offset: 0, filesz: 0x200, vaddr: 0 },
    { flags: 5, offset: PAGE, filesz: 2 * PAGE, vaddr: PAGE },
    { flags: 6, offset: 3 * PAGE + 0x80, filesz: 0x1000, vaddr: 0x4080 },
    { flags: 4, offset: 0x40, filesz: 0x10, vaddr: 0x40, type: 3 },
  ]);

  test('each is mapped by its own pages', () => {
    const { segments } = explain(program, ['C', ALIGNED, 'D', 'C', 'C']);
    expect(segments).toEqual([
      {
        flags: 4,
        offset: 0,
        filesz: 0x200,
        vaddr: 0,
        pgoff: 0,
        pages: 1,
        directPages: 0,
        romStart: undefined,
        romEnd: undefined,
        ramPages: 1,
        outsidePages: 0,
        reason: 'unsuitable block layout',
      },
      {
        flags: 5,
        offset: PAGE,
        filesz: 2 * PAGE,
        vaddr: PAGE,
        pgoff: 1,
        pages: 2,
        directPages: 2,
        romStart: ROM + 2 * PAGE,
        romEnd: ROM + 4 * PAGE,
        ramPages: 0,
        outsidePages: 0,
        reason: undefined,
      },
      {
        flags: 6,
        offset: 3 * PAGE + 0x80,
        filesz: 0x1000,
        vaddr: 0x4080,
        pgoff: 3,
        pages: 2,
        directPages: 0,
        romStart: undefined,
        romEnd: undefined,
        ramPages: 2,
        outsidePages: 0,
        reason: 'vma is writable',
      },
    ]);
  });

  test('program headers after the first block are found', () => {
    const late = elf(3 * PAGE, [{ flags: 5, offset: 0, filesz: 3 * PAGE, vaddr: 0 }], 2 * PAGE);
    expect(explain(late, 'CCC').segments).toHaveLength(1);
  });

  test('a segment that the file does not hold', () => {
    const cut = elf(PAGE, [
      { flags: 5, offset: 0, filesz: 3 * PAGE, vaddr: 0 },
      { flags: 4, offset: 0xfffff000, filesz: 0xffffffff, vaddr: 0 },
    ]);
    expect(explain(cut, [ALIGNED]).segments).toMatchObject([
      { pages: 3, directPages: 1, ramPages: 0, reason: 'the mapping is longer than the file' },
      { directPages: 0, ramPages: 0, reason: 'beyond file limit' },
    ]);
  });

  test('damage hides the segments, not the pages', () => {
    const found = explain(program, [{ kind: 'C', stored: noise(99) }, 'C', 'C', 'C', 'C']);
    expect(found).toMatchObject({ pages: 5, directPages: 0, segments: undefined });
  });

  test('other files have none', () => {
    const relocatable = concat(program);
    relocatable[16] = 1;
    expect(explain(relocatable, 'CCCCC').segments).toBeUndefined();
    expect(explain(noise(100), 'C').segments).toBeUndefined();
    expect(explain(new Uint8Array(0), '').segments).toBeUndefined();
  });
});
