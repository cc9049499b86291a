import { S_IFREG } from 'cramfs-format';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AccessFault, SyscallError } from '#xip-emu/errno.js';
import { FuseSuperBlock } from '#xip-emu/fs/fuse/super.js';
import { OverlaySuperBlock } from '#xip-emu/fs/overlay/super.js';
import { TmpfsSuperBlock } from '#xip-emu/fs/tmpfs/super.js';
import type { Machine } from '#xip-emu/machine.js';
import { MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '#xip-emu/memory-map.js';
import { validateMm } from '#xip-emu/mm/validate.js';
import type { Process } from '#xip-emu/process.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '#xip-emu/units.js';
import { MirrorServer } from '#xip-emu/userland/mirror-server.js';
import type { OpenFile } from '#xip-emu/vfs/file.js';
import { mmOf, romMachine } from '../helpers/emulator.js';
import { kernelImage } from '../helpers/kernel-images.js';
import { randomPrograms, randomProgramsTimeout } from '../helpers/random-programs.js';
import { noise } from '../helpers/raw-image.js';

/*
 * Random programs over an overlay of cramfs and tmpfs, FUSE passthrough to the overlay and to a
 * tmpfs, and FUSE with a page cache, against a model that knows bytes of files and of maps alone.
 */

const image = kernelImage('basic');
const LOWER = ['direct-5p-sharedtail', 'allcomp-9p'];
const PRIVATE_FILES = ['tmp', 'cached'];
const FIRST_CONTENT = noise(3 * PAGE_SIZE + 1000);
const MAX_SIZE = 10 * PAGE_SIZE;

/** Where files are seen; the names of the first two are LOWER, of the others one file each. */
const PATHS = [
  ...LOWER.map((name) => ({ path: `/ovl/${name}`, file: name })),
  ...LOWER.map((name) => ({ path: `/pass/${name}`, file: name })),
  { path: '/tmp/tmp', file: 'tmp' },
  { path: '/direct/tmp', file: 'tmp' },
  ...Array.from({ length: 4 }, () => ({ path: '/cached/cached', file: 'cached' })),
];

/** The content of one file in one layer. */
interface Content {
  bytes: Uint8Array;
  /** Truncations, for maps: pages past the end lose their private copies. */
  readonly maps: Set<NaiveMap>;
}

interface NaiveFile {
  readonly name: string;
  /** What stands in ROM; the file itself from the first open for writing on. */
  readonly lower: Content | undefined;
  upper: Content | undefined;
}

interface NaiveOpen {
  readonly file: OpenFile;
  readonly naive: NaiveFile;
  /** What the file was when it was opened: maps stay with it. */
  readonly opened: Content;
  readonly writable: boolean;
}

/** A map; pages that are unmapped are gone. */
interface NaiveMap {
  readonly address: number;
  readonly content: Content;
  readonly shared: boolean;
  readonly writes: boolean;
  /** By page of the map: undefined if unmapped, else its private copy or null. */
  readonly pages: (Uint8Array | null | undefined)[];
  readonly pgoff: number;
}

interface Step {
  readonly op: (typeof OPERATIONS)[number];
  readonly path: number;
  readonly slot: number;
  readonly other: number;
  readonly offset: number;
  readonly length: number;
  readonly pages: number;
  readonly flag: boolean;
  readonly write: boolean;
  readonly child: boolean;
}

const OPERATIONS = [
  ...['open', 'open', 'open', 'close', 'read', 'read', 'write', 'write', 'truncate'],
  ...['mmap', 'mmap', 'mmap', 'munmap', 'load', 'load', 'load', 'store', 'store', 'store'],
  ...['msync', 'fsync', 'sendfile', 'stat', 'remount', 'drop', 'fork'],
] as const;

const step: fc.Arbitrary<Step> = fc.record({
  op: fc.constantFrom(...OPERATIONS),
  path: fc.nat(PATHS.length - 1),
  slot: fc.nat(5),
  other: fc.nat(5),
  offset: fc.oneof(
    fc.nat(MAX_SIZE - 1),
    fc.nat(9).map((page) => page * PAGE_SIZE),
  ),
  length: fc.oneof(fc.nat(3 * PAGE_SIZE), fc.nat(50), fc.constant(PAGE_SIZE)),
  pages: fc.integer({ min: 1, max: 8 }),
  flag: fc.constantFrom(true, true, false),
  write: fc.constantFrom(true, true, true, false),
  child: fc.boolean(),
});

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
  } catch (error) {
    if (error instanceof SyscallError) return error.code;
    throw error;
  }
  return undefined;
}

/** expect() is slow for many bytes. */
function expectBytes(bytes: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(bytes, expected) !== 0) expect(bytes).toEqual(expected);
}

/** A process with its maps, as the model has them. */
interface NaiveProcess {
  readonly process: Process;
  readonly maps: NaiveMap[];
}

class World {
  readonly machine: Machine;
  readonly parent: NaiveProcess;
  child: NaiveProcess | undefined = undefined;
  private readonly files = new Map<string, NaiveFile>();
  private readonly opens: NaiveOpen[] = [];
  private seed = 1;

  constructor() {
    const machine = romMachine(image, { faultAround: 4 * PAGE_SIZE });
    this.machine = machine;
    const up = machine.mount('/up', new TmpfsSuperBlock(machine.phys));
    const rom = machine.mounts.at('/rom')!.sb;
    machine.mount('/ovl', new OverlaySuperBlock(rom.root, up.root));
    for (const name of PRIVATE_FILES) {
      const { root } = machine.mount(`/${name}`, new TmpfsSuperBlock(machine.phys));
      root.create(name, S_IFREG | 0o644);
      const process = machine.spawn();
      const file = process.open(`/${name}/${name}`, { write: true });
      process.pwrite(file, 0, FIRST_CONTENT);
      process.close(file);
      process.exit();
    }
    this.fuse('/pass', '/ovl', true, 2);
    this.fuse('/direct', '/tmp', true, 1);
    // The server sees the tmpfs below its own mount.
    this.fuse('/cached', '/cached', false, 1);
    this.parent = { process: machine.spawn(), maps: [] };
    for (const name of LOWER) {
      this.files.set(name, {
        name,
        lower: content(this.readAll(`/rom/${name}`)),
        upper: undefined,
      });
    }
    for (const name of PRIVATE_FILES) {
      this.files.set(name, { name, lower: undefined, upper: content(FIRST_CONTENT.slice()) });
    }
  }

  private fuse(path: string, root: string, passthrough: boolean, maxStackDepth: number): void {
    const { machine } = this;
    let shown = root;
    if (path === root) {
      shown = `/below${root}`;
      machine.mount(shown, machine.mounts.at(root)!.sb);
    }
    const server = new MirrorServer(machine.spawn(), shown, { passthrough, maxStackDepth });
    machine.mount(path, new FuseSuperBlock(machine.phys, server));
  }

  private readAll(path: string): Uint8Array {
    const { process } = this.parent;
    const file = process.open(path);
    const bytes = new Uint8Array(process.fstat(file).size);
    expect(process.pread(file, 0, bytes)).toBe(bytes.length);
    process.close(file);
    return bytes;
  }

  private bytes(length: number): Uint8Array {
    this.seed += 1;
    return noise(length + 1)
      .map((byte) => (byte + this.seed) & 255)
      .subarray(1);
  }

  perform(step: Step): void {
    const { process } = this.parent;
    const open = this.opens[step.slot % Math.max(this.opens.length, 1)];
    const owner = step.child && this.child !== undefined ? this.child : this.parent;
    const map = owner.maps[step.other % Math.max(owner.maps.length, 1)];
    switch (step.op) {
      case 'open':
        this.open(PATHS[step.path]!, step.write);
        return;
      case 'close':
        if (open === undefined) return;
        this.opens.splice(this.opens.indexOf(open), 1);
        process.close(open.file);
        return;
      case 'read':
        if (open !== undefined) this.read(open, step.offset, step.length);
        return;
      case 'write':
        if (open !== undefined) this.write(open, step.offset, this.bytes(step.length));
        return;
      case 'truncate':
        if (open !== undefined) this.truncate(open, step);
        return;
      case 'mmap':
        if (open !== undefined) this.map(open, step);
        return;
      case 'munmap':
        if (map !== undefined) munmap(owner, map, step);
        return;
      case 'load':
        if (map !== undefined) load(owner, map, step);
        return;
      case 'store':
        if (map !== undefined) this.store(owner, map, step);
        return;
      case 'msync':
        if (map?.pages.every((page) => page !== undefined) !== true) return;
        owner.process.msync(map.address, map.pages.length * PAGE_SIZE);
        return;
      case 'fsync':
        if (open?.writable !== true) return;
        process.fsync(open.file);
        if (open.naive.name === 'cached') {
          expectBytes(this.readAll('/below/cached/cached'), open.naive.upper!.bytes);
        }
        return;
      case 'sendfile':
        this.sendfile(open, this.opens[step.other % Math.max(this.opens.length, 1)], step);
        return;
      case 'stat':
        if (open === undefined) return;
        expect(process.fstat(open.file).size).toBe(present(open.naive).bytes.length);
        return;
      case 'remount':
        this.remount();
        return;
      case 'drop':
        for (const { sb } of this.machine.mounts) sb.dropCaches();
        return;
      case 'fork':
        this.fork();
    }
  }

  private open({ path, file: name }: (typeof PATHS)[number], writable: boolean): void {
    if (this.opens.length > 6) return;
    const naive = this.files.get(name)!;
    const file = this.parent.process.open(path, { write: writable });
    if (writable) naive.upper ??= content(naive.lower!.bytes.slice());
    this.opens.push({ file, naive, opened: present(naive), writable });
  }

  private read({ file, naive }: NaiveOpen, offset: number, length: number): void {
    const { bytes } = present(naive);
    const into = new Uint8Array(length);
    const got = this.parent.process.pread(file, offset, into);
    expectBytes(into.subarray(0, got), bytes.slice(offset, offset + length));
  }

  private write({ file, naive, writable }: NaiveOpen, offset: number, bytes: Uint8Array): void {
    const call = () => this.parent.process.pwrite(file, offset, bytes);
    expect(codeOf(call)).toBe(writable ? undefined : 'EBADF');
    if (writable) put(present(naive), offset, bytes);
  }

  private truncate({ file, naive, writable }: NaiveOpen, { offset, flag, path }: Step): void {
    const { process } = this.parent;
    if (flag) {
      const call = (): void => {
        process.ftruncate(file, offset);
      };
      expect(codeOf(call)).toBe(writable ? undefined : 'EINVAL');
      if (!writable) return;
    } else {
      const paths = PATHS.filter((at) => at.file === naive.name);
      process.truncate(paths[path % paths.length]!.path, offset);
      naive.upper ??= content(naive.lower!.bytes.slice());
    }
    const target = present(naive);
    const old = target.bytes;
    target.bytes = new Uint8Array(offset);
    target.bytes.set(old.subarray(0, offset));
    for (const { pages, pgoff } of target.maps) {
      for (const [index, page] of pages.entries()) {
        if (page && (pgoff + index) * PAGE_SIZE >= offset) pages[index] = null;
      }
    }
  }

  private map({ file, opened, writable }: NaiveOpen, step: Step): void {
    if (this.parent.maps.length > 5) return;
    const { flag: shared, write, pages, offset } = step;
    const pgoff = Math.floor(offset / PAGE_SIZE) % 4;
    const prot = PROT_READ | (write ? PROT_WRITE : 0);
    const flags = shared ? MAP_SHARED : MAP_PRIVATE;
    let address = 0;
    const { process } = this.parent;
    const options = { file, offset: pgoff * PAGE_SIZE };
    const refused = codeOf(() => (address = process.mmap(pages * PAGE_SIZE, prot, flags, options)));
    if (shared && write && !writable) {
      expect(refused).toBe('EACCES');
      return;
    }
    expect(refused).toBeUndefined();
    const map = {
      address,
      content: opened,
      shared,
      writes: writable,
      pgoff,
      pages: Array.from({ length: pages }, () => null),
      prot,
    };
    opened.maps.add(map);
    this.parent.maps.push(map);
  }

  private store({ process }: NaiveProcess, map: NaiveMap, { offset, length }: Step): void {
    const { index, at, inside } = place(map, offset);
    // The bytes after the end of a file, in its last page, are undefined.
    if (inside === 'unmapped' || inside === 'rest of the last page') return;
    const value = length & 255;
    let stored = true;
    try {
      process.store(map.address + (offset % (map.pages.length * PAGE_SIZE)), value);
    } catch (error) {
      if (!(error instanceof AccessFault)) throw error;
      stored = false;
    }
    const { prot } = map as NaiveMap & { prot: number };
    expect(stored).toBe(inside === 'file' && (prot & PROT_WRITE) !== 0);
    if (!stored) return;
    if (map.shared) {
      map.content.bytes[at] = value;
      return;
    }
    map.pages[index] ??= pageOf(map.content, map.pgoff + index);
    map.pages[index][at % PAGE_SIZE] = value;
  }

  private sendfile(from: NaiveOpen | undefined, to: NaiveOpen | undefined, step: Step): void {
    if (from === undefined || to?.writable !== true || from.naive === to.naive) return;
    const { offset, length, pages } = step;
    const source = present(from.naive).bytes.slice(offset, offset + length);
    const target = { file: to.file, position: pages * 500 };
    const got = this.parent.process.sendfile({ file: from.file, position: offset }, target, length);
    expect(got).toBe(source.length);
    put(present(to.naive), pages * 500, source);
  }

  /** Nobody may have a file of the overlay open, or mapped by one, for writing. */
  private remount(): void {
    const lower = (name: string): boolean => LOWER.includes(name);
    const contents = new Set(LOWER.map((name) => this.files.get(name)!.upper));
    const maps = [...this.parent.maps, ...(this.child?.maps ?? [])];
    const busy =
      this.opens.some(({ writable, naive }) => writable && lower(naive.name)) ||
      maps.some(({ writes, content, pages }) => writes && contents.has(content) && isThere(pages));
    const call = (): void => {
      this.machine.remount('/up', { readOnly: true });
    };
    expect(codeOf(call)).toBe(busy ? 'EBUSY' : undefined);
    this.machine.remount('/up', { readOnly: false });
  }

  private fork(): void {
    if (this.child !== undefined) return;
    const process = this.machine.fork(this.parent.process);
    const maps = this.parent.maps.map((map) => {
      const copy = { ...map, pages: map.pages.map((page) => (page ? page.slice() : page)) };
      map.content.maps.add(copy);
      return copy;
    });
    this.child = { process, maps };
  }

  validate(): void {
    validateMm(mmOf(this.parent.process));
    if (this.child !== undefined) validateMm(mmOf(this.child.process));
  }

  /** All bytes by all ways; then everything away. */
  end(): void {
    const { machine, parent, child } = this;
    for (const { path, file } of PATHS) {
      expectBytes(this.readAll(path), present(this.files.get(file)!).bytes);
    }
    for (const owner of [parent, child]) {
      for (const map of owner?.maps ?? []) {
        for (let offset = 0; offset < map.pages.length * PAGE_SIZE; offset += 1000) {
          load(owner!, map, { offset });
        }
      }
    }
    for (const { file } of this.opens) parent.process.close(file);
    child?.process.exit();
    parent.process.exit();
    expectBytes(this.readAll('/below/cached/cached'), this.files.get('cached')!.upper!.bytes);
    for (const mount of machine.mounts) expect(mount.writers).toBe(0);
    for (const path of ['/pass', '/direct', '/cached', '/ovl']) machine.umount(path);
    for (const { path } of [...machine.mounts]) machine.umount(path);
    for (const { path } of [...machine.mounts]) machine.umount(path);
    expect(machine.phys.used).toBe(0);
  }
}

function content(bytes: Uint8Array): Content {
  return { bytes, maps: new Set() };
}

function present({ lower, upper }: NaiveFile): Content {
  return upper ?? lower!;
}

function isThere(pages: NaiveMap['pages']): boolean {
  return pages.some((page) => page !== undefined);
}

function put(target: Content, offset: number, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const { bytes: old } = target;
  target.bytes = new Uint8Array(Math.max(old.length, offset + bytes.length));
  target.bytes.set(old);
  target.bytes.set(bytes, offset);
}

/** A whole page of a file. */
function pageOf({ bytes }: Content, index: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  page.set(bytes.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE));
  return page;
}

type Inside = 'file' | 'rest of the last page' | 'past the end' | 'unmapped';

/** A byte of a map: which page, where in the file, and what is there. */
function place(
  { pages, pgoff, content: { bytes } }: NaiveMap,
  offset: number,
): { index: number; at: number; inside: Inside } {
  const within = offset % (pages.length * PAGE_SIZE);
  const index = Math.floor(within / PAGE_SIZE);
  const at = pgoff * PAGE_SIZE + within;
  if (pages[index] === undefined) return { index, at, inside: 'unmapped' };
  if (at < bytes.length) return { index, at, inside: 'file' };
  const rest = Math.floor(at / PAGE_SIZE) * PAGE_SIZE < bytes.length;
  return { index, at, inside: rest ? 'rest of the last page' : 'past the end' };
}

function load({ process }: NaiveProcess, map: NaiveMap, { offset }: { offset: number }): void {
  const { index, at, inside } = place(map, offset);
  // Another mapping may be there by now.
  if (inside === 'unmapped') return;
  let value: number | undefined;
  try {
    value = process.load(map.address + (offset % (map.pages.length * PAGE_SIZE)));
  } catch (error) {
    if (!(error instanceof AccessFault)) throw error;
  }
  const page = map.pages[index];
  if (inside === 'past the end') expect(value).toBeUndefined();
  else if (page) expect(value).toBe(page[at % PAGE_SIZE]);
  else expect(value).toBe(map.content.bytes[at] ?? 0);
}

function munmap({ process, maps }: NaiveProcess, map: NaiveMap, { offset, pages }: Step): void {
  const first = Math.floor(offset / PAGE_SIZE) % map.pages.length;
  const last = Math.min(first + pages, map.pages.length);
  process.munmap(map.address + first * PAGE_SIZE, (last - first) * PAGE_SIZE);
  map.pages.fill(undefined, first, last);
  if (isThere(map.pages)) return;
  maps.splice(maps.indexOf(map), 1);
  map.content.maps.delete(map);
}

const QUICK = 100;

test(
  'random programs over overlayfs, FUSE and tmpfs: the bytes of a model, and no leak',
  () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const world = new World();
        for (const next of steps) {
          world.perform(next);
          world.validate();
        }
        world.end();
      }),
      { numRuns: randomPrograms(QUICK) },
    );
  },
  randomProgramsTimeout(QUICK),
);
