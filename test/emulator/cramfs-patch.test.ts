/** What the cramfs patch says that must happen: docs/seeds.md has the statements. */
import { describe, expect, test } from 'vitest';
import type { MachineOptions } from '#xip-emu/machine.js';
import { MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '#xip-emu/memory-map.js';
import type { Process } from '#xip-emu/process.js';
import { areasIn } from '#xip-emu/report/areas.js';
import { pagesIn } from '#xip-emu/report/pages.js';
import { openImage } from 'cramfs-reader';
import { Machine } from '#xip-emu/machine.js';
import { errnoOf, mapFile, mmOf, romMachine } from '../helpers/emulator.js';
import { ROM_ADDRESS } from '../helpers/kernel-images.js';
import { buildRawImage, file, noise, type RawBlock, type RawNode } from '../helpers/raw-image.js';

const PAGE = 4096;
const BASE = 0x40000000;
const D: RawBlock = { kind: 'D', align: PAGE };

function direct(pages: number, last: RawBlock = D, size = pages * PAGE - 8): RawNode {
  return file(noise(size, pages), { blocks: [...new Array<RawBlock>(pages - 1).fill(D), last] });
}

const { bytes, placed } = buildRawImage({
  aligned: direct(3, { ...D, tail: 'zero' }),
  compressed: file(noise(3 * PAGE - 8), { blocks: [D, 'C', D] }),
  first: file(noise(2 * PAGE), { blocks: ['C', D] }),
  gap: file(noise(3 * PAGE - 8), { blocks: [D, D, { ...D, gap: PAGE }] }),
  odd: file(noise(PAGE), { blocks: [{ kind: 'D', align: PAGE, phase: 4 }] }),
  one: file(noise(100), { blocks: [{ ...D, tail: 'junk' }] }),
  shared: direct(3, { ...D, tail: 'junk' }),
});

describe.each(['linux-6.12', 'linux-6.12-v3-vmasplit'] as const)('%s', (policy) => {
  const start = (options: MachineOptions = {}): Process =>
    romMachine(bytes, { policy, faultAround: PAGE, ...options }).spawn();

  /** Where the pages of a map at BASE come from, one letter each. */
  function backings(process: Process, pages: number): string {
    const letters = { rom: 'R', 'page-cache': 'c', anonymous: 'a', zero: 'z', none: '-' } as const;
    const reports = pagesIn(process.mm, BASE, pages * PAGE);
    return reports.map(({ backing }) => letters[backing as keyof typeof letters]).join('');
  }

  function mapped(name: string, pages: number, options: { pgoff?: number; prot?: number } = {}) {
    const { pgoff = 0, prot = PROT_READ } = options;
    const process = start();
    mapFile(process, `/rom/${name}`, pages, prot, { address: BASE, pgoff });
    return { process, from: backings(process, pages) };
  }

  const areaCount = (process: Process, pages: number): number =>
    areasIn(process.mm, BASE, BASE + pages * PAGE).length;

  test('pages come from ROM, and take no RAM', () => {
    const process = start();
    const { phys } = mmOf(process);
    const before = phys.used;
    mapFile(process, '/rom/aligned', 3, PROT_READ, { address: BASE });
    process.load(BASE + 2 * PAGE);
    expect(backings(process, 3)).toBe('RRR');
    expect(phys.used).toBe(before);
  });

  test.each([
    ['a compressed block', 'compressed', 'R--'],
    ['a compressed first block', 'first', '--'],
    ['a block elsewhere', 'gap', 'RR-'],
  ])('%s: unsuitable block layout', (_why, name, expected) => {
    expect(mapped(name, expected.length).from).toBe(expected);
  });

  test('not page aligned: normal paging', () => {
    expect(mapped('odd', 1).from).toBe('-');
  });

  test('an area that reaches beyond the file is mapped as far as the file goes', () => {
    const { process, from } = mapped('aligned', 5);
    expect(from).toBe('RRR--');
    expect(() => process.load(BASE + 3 * PAGE)).toThrow('SIGBUS');
  });

  test('a last page that holds other data is given up', () => {
    const { process, from } = mapped('shared', 3);
    expect(from).toBe('RR-');
    // From the page cache, with zeros after the end of the file.
    expect(process.load(BASE + 3 * PAGE - 1)).toBe(0);
    expect(backings(process, 3)).toBe('RRc');
  });

  test('the rest is read on demand, and v3 splits the area for it', () => {
    const { process } = mapped('shared', 3);
    process.load(BASE + 2 * PAGE);
    expect(backings(process, 3)).toBe('RRc');
    expect(areaCount(process, 3)).toBe(policy === 'linux-6.12' ? 1 : 2);
  });

  test('no split without an access', () => {
    const { process } = mapped('shared', 3);
    process.load(BASE + PAGE);
    expect(areaCount(process, 3)).toBe(1);
    process.munmap(BASE + 2 * PAGE, PAGE);
    expect(backings(process, 2)).toBe('RR');
  });

  test('writable, beyond the file, nothing left: normal paging', () => {
    expect(mapped('aligned', 3, { prot: PROT_READ | PROT_WRITE }).from).toBe('---');
    expect(mapped('aligned', 2, { pgoff: 3 }).from).toBe('--');
    const { process, from } = mapped('one', 1);
    expect(from).toBe('-');
    process.load(BASE);
    expect(backings(process, 1)).toBe('c');
  });

  test('a shared writable map is refused', () => {
    const process = start();
    const prot = PROT_READ | PROT_WRITE;
    expect(errnoOf(() => mapFile(process, '/rom/aligned', 3, prot, { flags: MAP_SHARED }))).toBe(
      'EACCES',
    );
    expect(errnoOf(() => process.open('/rom/aligned', { write: true }))).toBe('EROFS');
  });

  test('without an MMU: the address of the data, EINVAL beyond the file, a copy of what is not contiguous', () => {
    const process = start({ mmu: false });
    const at = (name: string, pages: number, flags = MAP_PRIVATE): number =>
      mapFile(process, `/rom/${name}`, pages, PROT_READ, { flags });
    expect(at('aligned', 3)).toBe(ROM_ADDRESS + placed.get('/aligned')!.blocks[0]!.start);
    expect(at('odd', 1)).toBe(ROM_ADDRESS + placed.get('/odd')!.blocks[0]!.start);
    expect(errnoOf(() => at('shared', 4))).toBe('EINVAL');
    expect(at('compressed', 3)).toBeGreaterThanOrEqual(0x80000000);
    expect(errnoOf(() => at('gap', 3, MAP_SHARED))).toBe('ENODEV');
  });

  test('without an MMU files can be copied, mapped, read and executed, not written', () => {
    const process = start({ mmu: false });
    const opened = process.open('/rom/aligned');
    expect(opened.fops.mmapCapabilities?.(opened)).toEqual({
      copy: true,
      direct: true,
      read: true,
      write: false,
      exec: true,
    });
  });

  test('a block device, or an image without direct pointers, has normal paging alone', () => {
    const disk = new Machine({ policy });
    disk.mountCramfs('/rom', openImage(bytes));
    const onDisk = disk.spawn();
    mapFile(onDisk, '/rom/aligned', 3, PROT_READ, { address: BASE });
    expect(backings(onDisk, 3)).toBe('---');
    onDisk.exit();

    const old = buildRawImage({ f: file(noise(PAGE), { blocks: 'U' }) });
    const process = romMachine(old.bytes, { policy }).spawn();
    mapFile(process, '/rom/f', 1, PROT_READ, { address: BASE });
    expect(backings(process, 1)).toBe('-');
  });
});
