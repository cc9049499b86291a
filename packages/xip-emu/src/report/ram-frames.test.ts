import { expect, test } from 'vitest';
import { mapAnonymous, mapFile, romMachine } from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { MAP_SHARED, PROT_READ, PROT_WRITE } from '../memory-map.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { ramFrames } from './ram-frames.js';

const basic = kernelImage('basic');
const RW = PROT_READ | PROT_WRITE;

test('entries of the page table, and the frames of RAM behind them', () => {
  const machine = romMachine(basic, { faultAround: PAGE_SIZE });
  const parent = machine.spawn();
  const mixed = mapFile(parent, '/rom/direct-5p-sharedtail', 5, PROT_READ);
  const heap = mapAnonymous(parent, 3, RW);
  const shared = mapAnonymous(parent, 1, RW, { flags: MAP_SHARED });
  parent.store(heap, 1);
  parent.load(heap + PAGE_SIZE);
  parent.store(shared, 1);
  parent.load(mixed + 4 * PAGE_SIZE);
  const child = machine.fork(parent);

  const entries = [...parent.mm.entriesIn(heap, heap + 3 * PAGE_SIZE)];
  expect(entries).toMatchObject([
    { address: heap, backing: 'anonymous', permissions: 'r--', dirty: true, mapCount: 2 },
    { address: heap + PAGE_SIZE, backing: 'zero', special: true, mapCount: 0 },
  ]);
  const rom = [...parent.mm.entriesIn(mixed, mixed + 5 * PAGE_SIZE)];
  expect(rom.map(({ backing }) => backing)).toEqual(['rom', 'rom', 'rom', 'rom', 'page-cache']);
  expect(rom[0]).toMatchObject({ physical: 0x22012000, permissions: 'r--', special: true });

  const frames = ramFrames(machine);
  const users = (address: number) => [
    { pid: parent.pid, address },
    { pid: child.pid, address },
  ];
  const cached = frames.find(({ file }) => file?.fs === 'cramfs')!;
  expect(cached).toMatchObject({ holds: 'page-cache', file: { index: 4 }, dirty: false });
  expect(cached.users[0]).toEqual({ pid: parent.pid, address: mixed + 4 * PAGE_SIZE });
  expect(frames.find(({ holds }) => holds === 'anonymous')).toEqual({
    physical: entries[0]!.physical,
    holds: 'anonymous',
    file: undefined,
    dirty: true,
    users: users(heap),
  });
  expect(frames.filter(({ users: [first] }) => first?.address === shared)).toMatchObject([
    { holds: 'page-cache', file: undefined, dirty: true },
  ]);
  expect(frames).toHaveLength(3);
  child.exit();
  parent.exit();
  expect(ramFrames(machine)).toMatchObject([{ holds: 'page-cache', users: [] }]);
});

test('without an MMU: the regions, and what was read to fill them', () => {
  const machine = romMachine(basic, { mmu: false });
  const process = machine.spawn();
  const copy = mapFile(process, '/rom/direct-5p-sharedtail', 5, RW);
  const direct = mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ);
  expect(direct).toBeLessThan(copy);
  const frames = ramFrames(machine);
  expect(frames.filter(({ holds }) => holds === 'region')).toHaveLength(5);
  expect(frames.find(({ physical }) => physical === copy)).toMatchObject({
    holds: 'region',
    users: [{ pid: process.pid, address: copy }],
  });
  expect(frames.filter(({ holds }) => holds === 'page-cache')).toHaveLength(5);
  expect([...process.mm.entriesIn(0, Infinity)]).toEqual([]);
});

test('what a mount has read through its block device', () => {
  const machine = romMachine(basic);
  machine.devices.attachDisk(basic);
  machine.mount('cramfs', '/dev/vda', '/disk');
  const process = machine.spawn();
  const file = process.open('/disk/direct-5p-sharedtail');
  process.pread(file, 0, new Uint8Array(1));
  process.close(file);
  const kinds = new Set(ramFrames(machine).map((frame) => frame.file?.fs));
  expect(kinds).toEqual(new Set(['bdev', 'cramfs']));
});
