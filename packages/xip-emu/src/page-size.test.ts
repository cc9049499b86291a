import { openImage } from 'cramfs-reader';
import { expect, test } from 'vitest';
import { buildRawImage, file, noise } from '../../../test/helpers/raw-image.js';
import { PageSizeError } from './errno.js';
import { TmpfsSuperBlock } from './fs/tmpfs/super.js';
import { Machine } from './machine.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from './memory-map.js';
import type { Process } from './process.js';
import { pagesIn } from './report/pages.js';

const ROM = 0x22000000;

/** A process of a machine that has an image in ROM, on /. */
function startOn(bytes: Uint8Array, pageSize: number): Process {
  const size = Math.ceil(bytes.length / pageSize) * pageSize;
  const machine = new Machine({ pageSize, roms: [{ address: ROM, size, bytes }] });
  machine.mountCramfs('/', openImage(bytes), ROM);
  return machine.spawn();
}

test.each([8192, 16384, 32768, 65536] as const)('pages of %i bytes', (pageSize) => {
  const content = noise(4 * pageSize + 100);
  const blocks = [{ kind: 'D', align: pageSize } as const, ...(['D', 'D', 'C', 'C'] as const)];
  const { bytes } = buildRawImage(
    { a: file(content, { blocks }) },
    { flags: 0x803, blockSize: pageSize },
  );
  const process = startOn(bytes, pageSize);
  const opened = process.open('/a');
  const address = process.mmap(content.length, PROT_READ | PROT_WRITE, MAP_PRIVATE, {
    file: opened,
  });
  process.close(opened);
  expect(address % pageSize).toBe(0);
  const all = new Uint8Array(content.length);
  expect(process.loadRange(address, all)).toEqual({ loaded: content.length });
  expect(all.findIndex((byte, index) => byte !== content[index])).toBe(-1);
  process.store(address + pageSize, 7);
  const backings = pagesIn(process.mm, address, content.length).map(({ backing }) => backing);
  expect(backings).toEqual(['page-cache', 'anonymous', 'page-cache', 'page-cache', 'page-cache']);
});

test('an image in place has pages of its blocks, the last one apart', () => {
  const pageSize = 16384;
  const blocks = [{ kind: 'D', align: pageSize } as const, 'D' as const, 'D' as const];
  const content = noise(2 * pageSize + 5);
  const { bytes } = buildRawImage(
    {
      a: file(content, {
        blocks: blocks.map((block, i) => (i < 2 ? block : { kind: 'D', tail: 'junk' })),
      }),
    },
    { flags: 0x803, blockSize: pageSize },
  );
  const process = startOn(bytes, pageSize);
  const opened = process.open('/a');
  const address = process.mmap(content.length, PROT_READ, MAP_PRIVATE, { file: opened });
  process.load(address + 2 * pageSize);
  const pages = pagesIn(process.mm, address, content.length);
  expect(pages.map(({ backing }) => backing)).toEqual(['rom', 'rom', 'page-cache']);
  expect(pages[1]!.physical! - pages[0]!.physical!).toBe(pageSize);
});

test('a machine has its page size, whatever others have', () => {
  const small = new Machine();
  const process = small.spawn();
  const large = new Machine({ pageSize: 16384 });
  const other = large.spawn();
  expect([small.pageSize, large.pageSize]).toEqual([4096, 16384]);
  const distances = [process, other].map((each) => {
    const [above, below] = [1, 2].map(() => each.mmap(1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS));
    return above! - below!;
  });
  expect(distances).toEqual([4096, 16384]);
  expect(small.spawn().geometry.size).toBe(4096);
});

test.each([5000, 2048, 131072, 0, NaN])('%d bytes are not a page', (pageSize) => {
  const error = thrownBy(() => new Machine({ pageSize }));
  expect(error).toBeInstanceOf(PageSizeError);
  expect(error).toMatchObject({ code: 'BAD_PAGE_SIZE', message: `not a page size: ${pageSize}` });
});

test('a file system of a machine with other pages is not mounted', () => {
  const large = new Machine({ pageSize: 65536 });
  const tmpfs = new TmpfsSuperBlock(new Machine().phys);
  expect(() => large.mount('/', tmpfs)).toThrow('pages of 4096 bytes');
});

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}
