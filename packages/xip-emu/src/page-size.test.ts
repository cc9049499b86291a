import { openImage } from 'cramfs-reader';
import { afterEach, expect, test } from 'vitest';
import { buildRawImage, file, noise } from '../../../test/helpers/raw-image.js';
import { Machine } from './machine.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from './memory-map.js';
import type { Process } from './process.js';
import { pagesIn } from './report/pages.js';

const ROM = 0x22000000;
const started: Process[] = [];

function start(machine: Machine): Process {
  const process = machine.spawn();
  started.push(process);
  return process;
}

/** A process of a machine that has an image in ROM, on /. */
function startOn(bytes: Uint8Array, pageSize: number): Process {
  const size = Math.ceil(bytes.length / pageSize) * pageSize;
  const machine = new Machine({ pageSize, roms: [{ address: ROM, size, bytes }] });
  machine.mountCramfs('/', openImage(bytes), ROM);
  return start(machine);
}

afterEach(() => {
  for (const process of started.splice(0)) process.exit();
});

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

test('the page size stays while there are processes', () => {
  const machine = new Machine();
  start(machine);
  expect(() => new Machine({ pageSize: 16384 })).toThrow(/1 processes have pages of 4096 bytes/);
  machine.halt();
  const other = new Machine({ pageSize: 16384 });
  expect(start(other).mmap(1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS) % 16384).toBe(0);
  expect(() => machine.spawn()).toThrow(TypeError);
  expect(() => new Machine({ pageSize: 5000 })).toThrow('not a page size: 5000');
});
