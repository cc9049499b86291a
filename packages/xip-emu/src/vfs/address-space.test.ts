import { expect, test } from 'vitest';
import { mapFile, romMachine } from '../../../../test/helpers/emulator.js';
import { buildRawImage, file, text } from '../../../../test/helpers/raw-image.js';
import { PROT_READ, PROT_WRITE } from '../memory-map.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';

const PAGES = 1030;
const CONTENT = text(PAGES * PAGE_SIZE);
const { bytes } = buildRawImage({ large: file(CONTENT) });

function open() {
  const machine = romMachine(bytes, { faultAround: PAGE_SIZE });
  const process = machine.spawn();
  const opened = process.open('/rom/large');
  return { machine, process, opened, cache: opened.mapping! };
}

test('pages are found by their index, over the whole file, and read once', () => {
  const { machine, opened, process, cache } = open();
  const reads: number[] = [];
  machine.trace.sink = (event) => {
    if (event.type === 'read-folio') reads.push(event.index);
  };
  const indexes = [1029, 0, 511, 512, 1023, 1024];
  for (const index of [...indexes, ...indexes]) {
    const into = new Uint8Array(2);
    expect(process.pread(opened, index * PAGE_SIZE + 7, into)).toBe(2);
    expect(into).toEqual(CONTENT.slice(index * PAGE_SIZE + 7, index * PAGE_SIZE + 9));
  }
  expect(reads).toEqual(indexes);
  expect([...cache.indexes()]).toEqual([0, 511, 512, 1023, 1024, 1029]);
  expect(cache.pages).toBe(6);
  expect([1, 510, 5000].map((index) => cache.find(index))).toEqual([-1, -1, -1]);
});

test('drop_caches keeps mapped pages; the others free their frames', () => {
  const { machine, process, opened, cache } = open();
  const { phys } = machine;
  const at = mapFile(process, '/rom/large', 600, PROT_READ | PROT_WRITE);
  process.load(at + 3 * PAGE_SIZE);
  process.store(at + 520 * PAGE_SIZE, 1);
  process.pread(opened, 0, new Uint8Array(1));
  expect([...cache.indexes()]).toEqual([0, 3, 520]);
  const used = phys.used;
  machine.mounts.at('/rom')!.sb.dropCaches();
  // The private copy of page 520 no longer needs its original.
  expect([...cache.indexes()]).toEqual([3]);
  expect(phys.used).toBe(used - 2);
  process.munmap(at, 600 * PAGE_SIZE);
  machine.mounts.at('/rom')!.sb.dropCaches();
  expect(cache.pages).toBe(0);
  expect(phys.used).toBe(0);
  expect(process.pread(opened, 3 * PAGE_SIZE, new Uint8Array(1))).toBe(1);
  cache.evict();
  expect([cache.pages, phys.used]).toEqual([0, 0]);
});
