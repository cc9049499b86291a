import { S_IFDIR } from 'cramfs-format';
import { openImage } from 'cramfs-reader';
import { expect, test } from 'vitest';
import { CowfsSuperBlock } from '#xip-emu/fs/cowfs/super.js';
import { OverlaySuperBlock } from '#xip-emu/fs/overlay/super.js';
import { TmpfsSuperBlock } from '#xip-emu/fs/tmpfs/super.js';
import { MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '#xip-emu/memory-map.js';
import { Machine } from '#xip-emu/machine.js';
import { pteFrame } from '#xip-emu/mm/pte.js';
import { validateMm } from '#xip-emu/mm/validate.js';
import type { PolicyName } from '#xip-emu/policy.js';
import type { Process } from '#xip-emu/process.js';
import { accountMachine } from '#xip-emu/report/accounting.js';
import { pagesIn } from '#xip-emu/report/pages.js';
import { parseScenario } from '#xip-emu/scenario/parse.js';
import { runScenario } from '#xip-emu/scenario/run.js';
import { createWorld } from '#xip-emu/scenario/world.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '#xip-emu/units.js';
import type { OpenFile } from '#xip-emu/vfs/file.js';
import { mapFile, mmOf, mountOverlay, romMachine } from '../helpers/emulator.js';
import { expectBytes } from '../helpers/expect-bytes.js';
import { kernelImage } from '../helpers/kernel-images.js';
import { recordedScenarios } from '../helpers/kernel-records.js';
import { buildRawImage, file, text } from '../helpers/raw-image.js';

/*
 * "Re: sharing page cache pages between multiple mappings", Dave Chinner and Miklos Szeredi, 2016.
 * The title of each test is what the mail says; docs/seeds.md has the list.
 */

const P = PAGE_SIZE;
const SHARING = 'linux-6.12-shared-page-cache';
const three = text(3 * P);

function cowMachine(policy: PolicyName = SHARING): { machine: Machine; sb: CowfsSuperBlock } {
  const machine = new Machine({ policy, faultAround: P });
  return { machine, sb: machine.mount('/cow', new CowfsSuperBlock(machine.phys)) };
}

function write(process: Process, path: string, bytes: Uint8Array, at = 0): void {
  const open = process.open(path, { write: true, create: true });
  expect(process.pwrite(open, at, bytes)).toBe(bytes.length);
  process.close(open);
}

function clone(process: Process, source: string, target: string): void {
  const from = process.open(source);
  const to = process.open(target, { write: true, create: true });
  process.ficlone(from, to);
  process.close(from);
  process.close(to);
}

function readAt(process: Process, open: OpenFile, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  expect(process.pread(open, position, bytes)).toBe(length);
  return bytes;
}

function readAll(process: Process, path: string): Uint8Array {
  const open = process.open(path);
  const bytes = readAt(process, open, 0, process.fstat(open).size);
  process.close(open);
  return bytes;
}

function bytesAt(process: Process, address: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  expect(process.loadRange(address, bytes)).toEqual({ loaded: length });
  return bytes;
}

/** The frame of a page, which is loaded if it has to be. */
function frameAt(process: Process, address: number): number {
  process.load(address);
  return pteFrame(mmOf(process).pageTable.get(address / PAGE_SIZE));
}

function framesOf(process: Process, path: string, pages: number): number[] {
  const address = mapFile(process, path, pages, PROT_READ);
  const frames = Array.from({ length: pages }, (_, page) => frameAt(process, address + page * P));
  process.munmap(address, pages * P);
  return frames;
}

test('logically distinct files that physically share data share the cache as well', () => {
  const { machine, sb } = cowMachine();
  const process = machine.spawn();
  write(process, '/cow/a', three);
  for (const name of ['b', 'c', 'd']) clone(process, '/cow/a', `/cow/${name}`);
  const [a, ...clones] = ['a', 'b', 'c', 'd'].map((name) => framesOf(process, `/cow/${name}`, 3));
  for (const frames of clones) expect(frames).toEqual(a);
  expect(accountMachine(machine)).toMatchObject({
    ramBytes: 3 * P,
    sharingSavedBytes: 9 * P,
  });
  sb.sharedPages!.validate();
});

test('sharing is only attempted where blocks are known to be shared, by reflink or deduplication', () => {
  const { machine, sb } = cowMachine();
  const process = machine.spawn();
  // Equal content in blocks of their own.
  write(process, '/cow/a', three);
  write(process, '/cow/b', three);
  sb.sync();
  sb.dropCaches();
  expect(framesOf(process, '/cow/a', 3)).not.toEqual(framesOf(process, '/cow/b', 3));
  const [a, b] = ['a', 'b'].map((name) => sb.root.lookup(name)!.mapping!);
  expect(sb.sharedPages!.usersOf(a!.find(0))).toBe(0);
  expect(sb.sharedPages!.usersOf(b!.find(0))).toBe(0);
  expect(accountMachine(machine).sharingSavedBytes).toBe(0);

  // A cramfs image whose builder stored equal blocks once.
  const { bytes } = buildRawImage([
    ['x', file(three, { blocks: 'ZZZ' })],
    ['y', file(three, { blocks: ['Z', { kind: 'Z', sameAs: ['/x', 1] }, 'Z'] })],
  ]);
  machine.mountCramfs('/disk', openImage(bytes));
  const x = framesOf(process, '/disk/x', 3);
  const y = framesOf(process, '/disk/y', 3);
  expect([0, 1, 2].map((page) => x[page] === y[page])).toEqual([false, true, false]);
});

test('breaking a reflink by copy on write unshares the page of that file', () => {
  const { machine, sb } = cowMachine();
  const process = machine.spawn();
  write(process, '/cow/a', three);
  clone(process, '/cow/a', '/cow/b');
  const a = framesOf(process, '/cow/a', 3);
  expect(framesOf(process, '/cow/b', 3)).toEqual(a);
  expect(sb.store.used).toBe(3);

  write(process, '/cow/b', Uint8Array.of(1), P);
  expect(sb.store.used).toBe(4);
  expect(framesOf(process, '/cow/a', 3)).toEqual(a);
  expectBytes(readAll(process, '/cow/a'), three);

  const open = process.open('/cow/b', { write: true });
  const map = process.mmap(3 * P, PROT_READ | PROT_WRITE, MAP_SHARED, { file: open });
  expect(frameAt(process, map)).toBe(a[0]);
  process.store(map, 2);
  expect(sb.store.used).toBe(5);
  expect(frameAt(process, map)).not.toBe(a[0]);
  expectBytes(readAll(process, '/cow/a'), three);
  expectBytes(readAt(process, open, 0, 1), Uint8Array.of(2));
  process.close(open);
  sb.validate();
  sb.sharedPages!.validate();
});

test('files have a mix of private and shared pages: pages are shared, not mappings', () => {
  const { machine, sb } = cowMachine();
  const process = machine.spawn();
  write(process, '/cow/a', three);
  clone(process, '/cow/a', '/cow/b');
  write(process, '/cow/b', text(P, 9), P);
  const a = framesOf(process, '/cow/a', 3);
  const b = framesOf(process, '/cow/b', 3);
  expect([0, 1, 2].map((page) => a[page] === b[page])).toEqual([true, false, true]);
  expect(sb.root.lookup('a')!.mapping).not.toBe(sb.root.lookup('b')!.mapping);
  expect(accountMachine(machine).files).toMatchObject([
    { pageCachePages: 3, sharedCachePages: 2 },
    { pageCachePages: 3, sharedCachePages: 2 },
  ]);
});

test('sharing is linked to changes of the physical layout, inside the file system', () => {
  const { machine, sb } = cowMachine();
  const process = machine.spawn();
  write(process, '/cow/a', three);
  clone(process, '/cow/a', '/cow/b');
  framesOf(process, '/cow/a', 3);
  framesOf(process, '/cow/b', 3);
  const saved = (): number => accountMachine(machine).sharingSavedBytes / P;
  expect(saved()).toBe(3);
  process.truncate('/cow/b', 2 * P);
  expect(saved()).toBe(2);
  process.truncate('/cow/b', P + 1);
  expect(saved()).toBe(1);
  clone(process, '/cow/a', '/cow/b');
  framesOf(process, '/cow/b', 3);
  expect(saved()).toBe(3);
  process.unlink('/cow/a');
  expect(saved()).toBe(0);
  expectBytes(readAll(process, '/cow/b'), three);
  sb.validate();
  sb.sharedPages!.validate();
});

/** An overlay whose layers are directories of one cowfs, with `/low/foo`. */
function overlayOnCowfs(policy: PolicyName = SHARING): {
  machine: Machine;
  sb: CowfsSuperBlock;
  process: Process;
} {
  const { machine, sb } = cowMachine(policy);
  const process = machine.spawn();
  const lower = sb.root.create('low', S_IFDIR | 0o755);
  const upper = sb.root.create('up', S_IFDIR | 0o755);
  write(process, '/cow/low/foo', three);
  machine.mount('/ovl', new OverlaySuperBlock(lower, upper));
  return { machine, sb, process };
}

test('shared pages propagate upwards in overlay if it uses reflink for copy-up', () => {
  const { machine, sb, process } = overlayOnCowfs();
  const lower = framesOf(process, '/cow/low/foo', 3);
  process.close(process.open('/ovl/foo', { write: true }));
  expect(sb.store.used).toBe(3);
  expect(framesOf(process, '/cow/up/foo', 3)).toEqual(lower);
  expect(framesOf(process, '/ovl/foo', 3)).toEqual(lower);
  expect(accountMachine(machine).sharingSavedBytes).toBe(3 * P);
});

test('writes break the sharing with the source without overlay doing anything special', () => {
  for (const policy of [SHARING, 'linux-6.12'] as const) {
    const { sb, process } = overlayOnCowfs(policy);
    const lower = framesOf(process, '/cow/low/foo', 3);
    write(process, '/ovl/foo', Uint8Array.of(7), 2 * P);
    expectBytes(readAll(process, '/cow/low/foo'), three);
    expect(readAll(process, '/ovl/foo')[2 * P]).toBe(7);
    const upper = framesOf(process, '/ovl/foo', 3);
    const same = policy === SHARING;
    expect([0, 1, 2].map((page) => lower[page] === upper[page])).toEqual([same, same, false]);
    expect(sb.store.used).toBe(4);
    sb.validate();
  }
});

/** The program of the mail. @returns what read(fr) gives, and what was written. */
function programOfTheMail(policy: PolicyName): { buf: Uint8Array; data: Uint8Array } {
  const machine = romMachine(kernelImage('basic'), { policy });
  mountOverlay(machine);
  const process = machine.spawn();
  const data = text(100, 42);
  const fr = process.open('/ovl/direct-5p-sharedtail');
  const fw = process.open('/ovl/direct-5p-sharedtail', { write: true });
  process.pwrite(fw, 0, data);
  const buf = readAt(process, fr, 0, data.length);
  process.close(fr);
  process.close(fw);
  return { buf, data };
}

test('the program of the mail: "buf" may not match "data" (overlayfs until 4.18)', () => {
  const { buf, data } = programOfTheMail('linux-6.12-overlay-4.18');
  expect(buf).not.toEqual(data);
});

test('the program of the mail since 4.19: read(fr) gives what write(fw) wrote', () => {
  const { buf, data } = programOfTheMail('linux-6.12');
  expect(buf).toEqual(data);
});

test('the old, read-only open still refers to the unmodified file (until 4.18)', () => {
  const machine = romMachine(kernelImage('basic'), { policy: 'linux-6.12-overlay-4.18' });
  mountOverlay(machine);
  const process = machine.spawn();
  const path = 'direct-5p-sharedtail';
  const before = readAll(process, `/rom/${path}`);
  const fr = process.open(`/ovl/${path}`);
  write(process, `/ovl/${path}`, text(9000, 42));
  expectBytes(readAt(process, fr, 0, before.length), before);
  expect(readAll(process, `/ovl/${path}`)).not.toEqual(before);
});

test('recorded of 6.12: descriptors are coherent, maps of the old descriptor stale (m42)', () => {
  const recorded = recordedScenarios('mmu-basic').find(
    ({ name }) => name === 'm42-overlay-copy-up',
  )!;
  const crc = (records: readonly Readonly<Record<string, unknown>>[], line: number): unknown =>
    records.find(({ n }) => n === line)!['crc'];
  const run = (policy: PolicyName) =>
    runScenario(
      parseScenario(recorded.scenario),
      createWorld(kernelImage('basic'), { mmu: true, policy }),
    );
  const { records } = recorded;
  // Line 11 reads before the write, lines 14 and 15 read through both descriptors after it.
  const [old, written] = [crc(records, 11), crc(records, 15)];
  expect(crc(records, 14)).toBe(written);
  // Maps made before the copy-up, and one (line 26) made afterwards of the old descriptor.
  const lines = [16, 17, 18, 26];
  expect(lines.map((line) => crc(records, line))).toEqual(lines.map(() => old));
  expect(lines.map((line) => crc(run('linux-6.12'), line))).toEqual(lines.map(() => old));
  // Under the mail's proposal the same mappings are coherent, and none has private copies.
  const shared = run(SHARING);
  expect(lines.map((line) => crc(shared, line))).toEqual(lines.map(() => written));
  expect(crc(shared, 14)).toBe(written);
});

test.each([
  ['mmu-basic', 'basic'],
  ['mmu-fuzz-a', 'fuzz-a'],
] as const)('%s: sharing changes which page it is, and no byte that was recorded', (set, image) => {
  const world = createWorld(kernelImage(image), { mmu: true, policy: SHARING });
  const seen = (records: readonly Readonly<Record<string, unknown>>[]): unknown[] =>
    records
      .filter(({ op }) => typeof op === 'string' && !op.startsWith('x-'))
      .map(({ n, ret, val, crc, got, code }) => ({ n, ret, val, crc, got, code }));
  for (const { name, scenario, records } of recordedScenarios(set)) {
    // Overlays have other bytes: the point of the policy.
    if (/^mount overlay/m.test(scenario)) continue;
    expect(seen(runScenario(parseScenario(scenario), world)), name).toEqual(seen(records));
  }
});

test('until the copy-up, pages of the underlying file are shared', () => {
  const machine = romMachine(kernelImage('basic'), { policy: SHARING, faultAround: P });
  mountOverlay(machine);
  const process = machine.spawn();
  for (const path of ['allcomp-9p', 'direct-5p-sharedtail']) {
    expect(framesOf(process, `/ovl/${path}`, 5)).toEqual(framesOf(process, `/rom/${path}`, 5));
  }
  // A mapping from ROM of the lower layer stays in ROM.
  const map = mapFile(process, '/ovl/direct-5p-sharedtail', 5, PROT_READ);
  expect(pagesIn(process.mm, map, 4 * P).map(({ backing }) => backing)).toEqual(
    Array.from({ length: 4 }, () => 'rom'),
  );
});

test.each([
  ['allcomp-9p', 9],
  ['direct-5p-sharedtail', 5],
  ['direct-7p-zerotail', 7],
  ['gap-6p', 6],
])('then pages of the read-write copy are: maps of %s switch', (path, pages) => {
  const machine = romMachine(kernelImage('basic'), { policy: SHARING, faultAround: P });
  mountOverlay(machine);
  const process = machine.spawn();
  const content = readAll(process, `/rom/${path}`);
  const fr = process.open(`/ovl/${path}`);
  const map = (prot: number, flags: number): number =>
    process.mmap(pages * P, prot, flags, { file: fr });
  const shared = map(PROT_READ, MAP_SHARED);
  const privat = map(PROT_READ, MAP_PRIVATE);
  const copied = map(PROT_READ | PROT_WRITE, MAP_PRIVATE);
  const below = mapFile(process, `/rom/${path}`, pages, PROT_READ);
  const child = machine.fork(process);
  for (const address of [shared, privat, copied]) {
    expectBytes(bytesAt(process, address, content.length), content);
  }
  // Private copies, of a page that is written below and of one that is not.
  process.store(copied + 1, 0xaa);
  process.mprotect(privat + 2 * P, P, PROT_READ | PROT_WRITE);
  process.store(privat + 2 * P, 0xbb);

  write(process, `/ovl/${path}`, text(P + 50, 42), 0);
  const changed = content.slice();
  changed.set(text(P + 50, 42));
  for (const each of [process, child]) validateMm(mmOf(each));

  expectBytes(bytesAt(process, shared, content.length), changed);
  expectBytes(bytesAt(child, shared, content.length), changed);
  expectBytes(bytesAt(child, copied, content.length), changed);
  const withCopy = changed.slice();
  withCopy[2 * P] = 0xbb;
  expectBytes(bytesAt(process, privat, content.length), withCopy);
  const ownPage = changed.slice();
  ownPage.set(content.subarray(0, P));
  ownPage[1] = 0xaa;
  expectBytes(bytesAt(process, copied, content.length), ownPage);
  // A mapping of the lower file itself shows the lower file.
  expectBytes(bytesAt(process, below, content.length), content);
  expectBytes(readAt(process, fr, 0, content.length), changed);

  // From now on every write is visible at once, through file operations and mappings.
  const fw = process.open(`/ovl/${path}`, { write: true });
  const writable = process.mmap(P, PROT_READ | PROT_WRITE, MAP_SHARED, { file: fw });
  process.store(writable + 7, 0xcc);
  expect([process.load(shared + 7), child.load(privat + 7)]).toEqual([0xcc, 0xcc]);
  expectBytes(readAt(process, fr, 7, 1), Uint8Array.of(0xcc));
  const late = map(PROT_READ, MAP_SHARED);
  expect(frameAt(process, late)).toBe(frameAt(process, writable));
  expect(frameAt(process, shared)).toBe(frameAt(process, writable));
  process.truncate(`/ovl/${path}`, P);
  expect(() => process.load(shared + P)).toThrow('SIGBUS');
  for (const open of [fr, fw]) process.close(open);
  for (const each of [process, child]) validateMm(mmOf(each));
  for (const each of [child, process]) each.exit();
  for (const at of ['/ovl', '/up', '/rom']) machine.umount(at);
  expect(machine.phys.used).toBe(0);
});

test('pages of multiple overlay inodes are shared with a single underlying read-only inode', () => {
  const machine = romMachine(kernelImage('basic'), { policy: SHARING, faultAround: P });
  const { root } = machine.mounts.at('/rom')!.sb;
  for (const name of ['one', 'two']) {
    const up = machine.mount(`/up-${name}`, new TmpfsSuperBlock(machine.phys));
    machine.mount(`/${name}`, new OverlaySuperBlock(root, up.root));
  }
  const process = machine.spawn();
  const path = 'allcomp-9p';
  const content = readAll(process, `/rom/${path}`);
  const [one, two, rom] = ['one', 'two', 'rom'].map((name) =>
    mapFile(process, `/${name}/${path}`, 9, PROT_READ),
  ) as [number, number, number];
  const frames = [one, two, rom].map((address) => frameAt(process, address));
  expect(new Set(frames).size).toBe(1);
  expect(accountMachine(machine).pageCachePages).toBe(9);
  write(process, `/one/${path}`, Uint8Array.of(1));
  expect(process.load(one)).toBe(1);
  expect([process.load(two), process.load(rom)]).toEqual([content[0], content[0]]);
  expect(frameAt(process, two)).toBe(frames[2]);
});

test.each(['/top', '/ovl'])('maps through two overlays switch when %s copies up', (writer) => {
  const machine = romMachine(kernelImage('basic'), { policy: SHARING, faultAround: P });
  mountOverlay(machine);
  const up = machine.mount('/up-top', new TmpfsSuperBlock(machine.phys));
  machine.mount('/top', new OverlaySuperBlock(machine.mounts.at('/ovl')!.sb.root, up.root));
  const process = machine.spawn();
  const path = 'direct-5p-sharedtail';
  const [first] = readAll(process, `/rom/${path}`);
  const [top, ovl] = ['/top', '/ovl'].map((root) =>
    mapFile(process, `${root}/${path}`, 5, PROT_READ),
  ) as [number, number];
  expect([process.load(top), process.load(ovl)]).toEqual([first, first]);
  write(process, `${writer}/${path}`, Uint8Array.of(first! ^ 1));
  const changed = first! ^ 1;
  expect([process.load(top), process.load(ovl)]).toEqual([
    changed,
    writer === '/ovl' ? changed : first,
  ]);
  // Write once more.
  write(process, `/top/${path}`, Uint8Array.of(first! ^ 2));
  expect(process.load(top)).toBe(first! ^ 2);
  validateMm(mmOf(process));
  process.exit();
  for (const at of ['/top', '/up-top', '/ovl', '/up', '/rom']) machine.umount(at);
  expect(machine.phys.used).toBe(0);
});

test('the upper layer may be reflinked again: a write to the overlay reaches its maps alone', () => {
  const { machine, sb, process } = overlayOnCowfs();
  const fr = process.open('/ovl/foo');
  const map = process.mmap(3 * P, PROT_READ, MAP_SHARED, { file: fr });
  const before = frameAt(process, map);
  process.close(process.open('/ovl/foo', { write: true }));
  // Copied up, and still the same page.
  expect(frameAt(process, map)).toBe(before);
  clone(process, '/cow/up/foo', '/cow/snapshot');
  write(process, '/ovl/foo', Uint8Array.of(5));
  expect(process.load(map)).toBe(5);
  expectBytes(readAll(process, '/cow/snapshot'), three);
  expectBytes(readAll(process, '/cow/low/foo'), three);
  sb.validate();
  sb.sharedPages!.validate();
  process.close(fr);
  process.exit();
  expect(machine.processes.size).toBe(0);
});
