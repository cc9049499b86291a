import { describe, expect, test } from 'vitest';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { FRAME_ANON, FRAME_PAGE_CACHE, ROM_FRAMES } from './frame.js';
import { PhysicalMemory } from './physical-memory.js';

const ROMS = [
  { address: 0x1000_0000, size: 2 * PAGE_SIZE, bytes: Uint8Array.of(1, 2, 3) },
  { address: 0x2000_0000, size: PAGE_SIZE, bytes: new Uint8Array(PAGE_SIZE).fill(9) },
];

function memory(ramSize = 1 << 20): PhysicalMemory {
  return new PhysicalMemory({ ramSize, ramAddress: 0x8000_0000, roms: ROMS });
}

describe('addresses that are not RAM', () => {
  test('a window has frames, and zeros after what was burnt', () => {
    const { rom } = memory();
    const frame = rom.frameOf(0x1000_0000 / PAGE_SIZE + 1)!;
    expect(rom.offsetOf(frame)).toBe(PAGE_SIZE);
    expect(rom.pfnOf(frame)).toBe(0x1000_0000 / PAGE_SIZE + 1);
    expect(rom.readByte(frame, 0)).toBe(0);
    expect(rom.borrow(frame - 1).subarray(0, 4)).toEqual(Uint8Array.of(1, 2, 3, 0));
    expect(rom.frameOf(0x1000_0000 / PAGE_SIZE + 2)).toBeUndefined();
    expect(rom.readByte(rom.frameOf(0x2000_0000 / PAGE_SIZE)!, 5)).toBe(9);
  });

  test('an address where there is nothing has one frame, however often it is mapped', () => {
    const { rom } = memory();
    const frame = rom.absentFrame(77);
    expect([rom.absentFrame(77), rom.absentFrame(78)]).toEqual([frame, frame + 1]);
    expect([rom.isAbsent(frame), rom.isAbsent(rom.frameOf(0x2000_0000 / PAGE_SIZE)!)]).toEqual([
      true,
      false,
    ]);
    expect(rom.pfnOf(frame)).toBe(77);
  });
});

test('a page takes memory when it is written to; until then it is its owner’s', () => {
  const phys = memory();
  const store = new Uint8Array(3 * PAGE_SIZE).map((_, at) => at % 251);
  const owner = { store, folioContent: (page: number) => store.subarray(page * PAGE_SIZE) };
  const frame = phys.allocate(FRAME_PAGE_CACHE, owner, 2);
  const at = (offset: number): number => (2 * PAGE_SIZE + offset) % 251;
  expect([phys.readByte(frame, 0), phys.readByte(frame, 99)]).toEqual([at(0), at(99)]);
  phys.writeByte(frame, 0, 200);
  expect([phys.readByte(frame, 0), phys.readByte(frame, 99)]).toEqual([200, at(99)]);
  expect(store[2 * PAGE_SIZE], 'the store stays').toBe(at(0));

  const copy = phys.allocate(FRAME_ANON);
  phys.copy(copy, frame);
  phys.copy(frame, phys.rom.frameOf(0x1000_0000 / PAGE_SIZE)!);
  expect([phys.readByte(copy, 0), phys.readByte(frame, 0), phys.readByte(frame, 3)]).toEqual([
    200, 1, 0,
  ]);
});

test('a frame lives until its last reference, and its next life is another page', () => {
  const phys = memory();
  const { frames } = phys;
  const frame = phys.allocate(FRAME_ANON);
  frames.adoptMap(frame);
  frames.addMap(frame);
  expect([frames.refCount(frame), frames.mapCount(frame), phys.used]).toEqual([2, 2, 1]);
  phys.removeMap(frame);
  const identity = frames.identity(frame);
  phys.removeMap(frame);
  expect(phys.used).toBe(0);
  expect(() => {
    phys.put(frame);
  }).toThrow('more often than taken');
  expect(phys.allocate(FRAME_ANON)).toBe(frame);
  expect(frames.identity(frame)).not.toBe(identity);
  expect(phys.readByte(frame, 0)).toBe(0);
});

test('a frame that is mapped cannot be freed, and ROM cannot be written to', () => {
  const phys = memory();
  const frame = phys.allocate(FRAME_ANON);
  phys.frames.adoptMap(frame);
  expect(() => {
    phys.put(frame);
  }).toThrow('freed while mapped');
  expect(() => {
    phys.writeByte(ROM_FRAMES, 0, 1);
  }).toThrow('cannot be written to');
});

test('frames are found by their pfn once they have been used', () => {
  const phys = memory(8 * PAGE_SIZE);
  const frame = phys.allocate(FRAME_ANON);
  const pfn = phys.pfnOf(frame);
  expect(pfn).toBe(0x8000_0000 / PAGE_SIZE + frame);
  expect([phys.frameOf(pfn), phys.frameOf(pfn + 1)]).toEqual([frame, undefined]);
  expect([phys.isRamPfn(pfn + 1), phys.isRamPfn(pfn + 8)]).toEqual([true, false]);
  expect(phys.allocateRun(8, FRAME_ANON)).toBeUndefined();
});
