import { openImage } from 'cramfs-reader';
import { expect, test } from 'vitest';
import {
  mapAnonymous,
  mapFile,
  mmOf,
  mountOverlay,
  romMachine,
} from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { buildRawImage, directory, file } from '../../../../test/helpers/raw-image.js';
import { execNommu } from '../exec/nommu-program.js';
import { Machine } from '../machine.js';
import { MAP_SHARED, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import { NommuMemory } from '../nommu/nommu-memory.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { mapsText } from './maps.js';
import {
  PM_FILE,
  PM_MMAP_EXCLUSIVE,
  PM_PFRAME_MASK,
  PM_PRESENT,
  pagemapEntries,
} from './pagemap.js';
import { smapsText } from './smaps-text.js';

const basic = kernelImage('basic');
const BASE = 0x40000000;
const VDSO = `3ff7ffd000-3ff7fff000 r--p 00000000 00:00 0                              [vvar]
3ff7fff000-3ff8000000 r-xp 00000000 00:00 0                              [vdso]
`;

test('full and mixed maps, page cache, tmpfs, shared and private anonymous memory', () => {
  const machine = romMachine(basic);
  mountOverlay(machine);
  machine.mountCramfs('/disk', openImage(basic));
  const process = machine.spawn();
  const text = PROT_READ | PROT_EXEC;
  mapFile(process, '/rom/direct-7p-zerotail', 7, text, { address: BASE });
  mapFile(process, '/rom/direct-7p-zerotail', 8, text, { address: BASE + 0x10000 });
  mapFile(process, '/rom/gap-6p', 2, PROT_READ | PROT_WRITE, { address: BASE + 0x20000, pgoff: 1 });
  mapFile(process, '/ovl/gap-6p', 3, PROT_READ, { address: BASE + 0x30000 });
  mapFile(process, '/disk/gap-6p', 3, PROT_READ, { address: BASE + 0x40000, flags: MAP_SHARED });
  mapAnonymous(process, 1, PROT_READ | PROT_WRITE, { address: BASE + 0x50000 });
  mapAnonymous(process, 1, PROT_READ | PROT_WRITE, { address: BASE + 0x60000, flags: MAP_SHARED });
  expect(mapsText(process.mm)).toBe(
    `40000000-40007000 r-xp 2200a000 1f:00 36864                              /rom/direct-7p-zerotail
40010000-40018000 r-xp 00000000 1f:00 36864                              /rom/direct-7p-zerotail
40020000-40022000 rw-p 00001000 1f:00 157696                             /rom/gap-6p
40030000-40033000 r--p 22027000 00:03 157696                             /ovl/gap-6p
40040000-40043000 r--s 00000000 fe:00 157696                             /disk/gap-6p
40050000-40051000 rw-p 00000000 00:00 0 
40060000-40061000 rw-s 00000000 00:01 2                                  /dev/zero (deleted)
${VDSO}`,
  );
});

test('the shape of a board: ROM of the second MTD, 32-bit addresses', () => {
  const page = PAGE_SIZE;
  const build = (filler: number) =>
    buildRawImage({
      bin: directory({
        afiller: file(new Uint8Array(filler).fill(1), { blocks: 'UUUUU' }),
        busybox: file(new Uint8Array(0x9a * page).fill(7), {
          blocks: [
            ...Array.from({ length: 0x99 }, (_, index) => ({
              kind: 'D' as const,
              at: 0x5000 + index * page,
            })),
            'C',
          ],
        }),
      }),
    });
  const shift = 18192 - build(4 * page + 4).placed.get('/bin/busybox')!.offset;
  const { bytes, placed } = build(4 * page + 4 + (shift < 0 ? 0 : shift));
  expect(placed.get('/bin/busybox')!.offset).toBe(18192);
  const size = Math.ceil(bytes.length / page) * page;
  const machine = new Machine({
    roms: [
      { address: 0x1a000000, size: page, bytes: new Uint8Array(page) },
      { address: 0x1b000000, size, bytes },
    ],
  });
  machine.mountCramfs('/', openImage(bytes), 0x1b000000);
  const process = machine.spawn();
  mapFile(process, '/bin/busybox', 0x99, PROT_READ | PROT_EXEC, { address: 0x8000 });
  mapFile(process, '/bin/busybox', 1, PROT_READ | PROT_WRITE, { address: 0xa9000, pgoff: 0x99 });
  expect(mapsText(process.mm, { pointerSize: 4 }).split('\n').slice(0, 2)).toEqual([
    '00008000-000a1000 r-xp 1b005000 1f:01 18192      /bin/busybox',
    '000a9000-000aa000 rw-p 00099000 1f:01 18192      /bin/busybox',
  ]);
});

test('no MMU: addresses are places, and the stack is named', () => {
  const machine = romMachine(basic, { mmu: false });
  const process = machine.spawn();
  const { mm } = process;
  mapFile(process, '/rom/direct-7p-zerotail', 2, PROT_READ, { flags: MAP_SHARED });
  mapFile(process, '/rom/unaligned8-4p', 1, PROT_READ | PROT_EXEC);
  mapFile(process, '/rom/allcomp-9p', 1, PROT_READ | PROT_WRITE);
  expect(mapsText(mm)).toBe(
    `2200a000-2200c000 r--S 00000000 1f:00 36864                              /rom/direct-7p-zerotail
2201f008-22020008 r-xp 00000000 1f:00 122880                             /rom/unaligned8-4p
80001000-80002000 rw-p 00000000 1f:00 307220                             /rom/allcomp-9p
`,
  );

  const program = machine.spawn();
  if (!(program.mm instanceof NommuMemory)) throw new Error('a machine with an MMU');
  execNommu(program, program.mm, '/rom/bin/nflat-flt', { argv: ['nflat'], envp: [] });
  expect(mapsText(program.mm)).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{8} r-xp 00000000 1f:00 1808684 {27} \/rom\/bin\/nflat-flt\n[0-9a-f]{8}-[0-9a-f]{8} rwxp 00000000 00:00 0 {34}\[stack\]\n$/,
  );
});

test('a newline in a path is escaped with an MMU', () => {
  const { bytes } = buildRawImage({ 'a\nb c': file('x') });
  const process = romMachine(bytes).spawn();
  mapFile(process, '/rom/a\nb c', 1, PROT_READ, { address: BASE });
  expect(mapsText(process.mm).split('\n')[0]).toMatch(/ \/rom\/a\\012b c$/);
});

test('smaps', () => {
  const process = romMachine(basic).spawn();
  mapFile(process, '/rom/direct-7p-zerotail', 8, PROT_READ | PROT_EXEC, { address: BASE });
  const heap = mapAnonymous(process, 3, PROT_READ | PROT_WRITE, { address: BASE + 0x10000 });
  process.mm.store(heap, 1);
  process.mm.load(heap + PAGE_SIZE);
  expect(smapsText(process.mm)).toContain(
    `40010000-40013000 rw-p 00000000 00:00 0 
Size:                 12 kB
KernelPageSize:        4 kB
MMUPageSize:           4 kB
Rss:                   4 kB
Pss:                   4 kB
Pss_Dirty:             4 kB
Shared_Clean:          0 kB
Shared_Dirty:          0 kB
Private_Clean:         0 kB
Private_Dirty:         4 kB
Referenced:            4 kB
Anonymous:             4 kB
KSM:                   0 kB
LazyFree:              0 kB
AnonHugePages:         0 kB
ShmemPmdMapped:        0 kB
FilePmdMapped:         0 kB
Shared_Hugetlb:        0 kB
Private_Hugetlb:       0 kB
Swap:                  0 kB
SwapPss:               0 kB
Locked:                0 kB
THPeligible:           0
VmFlags: rd wr mr mw me ac 
`,
  );
  expect(smapsText(process.mm).split('\n').slice(0, 5)).toEqual([
    '40000000-40008000 r-xp 00000000 1f:00 36864                              /rom/direct-7p-zerotail',
    'Size:                 32 kB',
    'KernelPageSize:        4 kB',
    'MMUPageSize:           4 kB',
    'Rss:                   0 kB',
  ]);
});

test('pagemap: hidden in a full map, ROM in a mixed one, file and exclusive bits', () => {
  const machine = romMachine(basic, { faultAround: PAGE_SIZE });
  const process = machine.spawn();
  const full = mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ);
  const mixed = mapFile(process, '/rom/gap-6p', 6, PROT_READ);
  const memory = mapAnonymous(process, 2, PROT_READ | PROT_WRITE);
  process.mm.load(mixed + 4 * PAGE_SIZE);
  process.mm.store(memory, 1);
  process.mm.load(memory + PAGE_SIZE);
  const mm = mmOf(process);
  expect([...pagemapEntries(mm, full, 7 * PAGE_SIZE)]).toEqual(Array<bigint>(7).fill(0n));
  const rom = BigInt((0x22000000 + 159744) / PAGE_SIZE);
  const [first, second, third, hole, cached] = pagemapEntries(mm, mixed, 5 * PAGE_SIZE);
  expect([first, second, third, hole]).toEqual([
    PM_PRESENT | rom,
    PM_PRESENT | (rom + 1n),
    PM_PRESENT | (rom + 2n),
    0n,
  ]);
  expect(cached! & ~PM_PFRAME_MASK).toBe(PM_PRESENT | PM_FILE | PM_MMAP_EXCLUSIVE);
  const [written, zero] = pagemapEntries(mm, memory, 2 * PAGE_SIZE);
  expect(written! & ~PM_PFRAME_MASK).toBe(PM_PRESENT | PM_MMAP_EXCLUSIVE);
  expect(zero! & ~PM_PFRAME_MASK).toBe(PM_PRESENT);

  const child = machine.fork(process);
  expect(pagemapEntries(mmOf(child), memory, PAGE_SIZE)[0]! & ~PM_PFRAME_MASK).toBe(PM_PRESENT);
});
