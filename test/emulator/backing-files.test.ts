import { S_IFDIR } from 'cramfs-format';
import { describe, expect, test } from 'vitest';
import { FuseSuperBlock } from '#xip-emu/fs/fuse/super.js';
import { OverlaySuperBlock } from '#xip-emu/fs/overlay/super.js';
import type { TmpfsInode } from '#xip-emu/fs/tmpfs/inode.js';
import { TmpfsSuperBlock } from '#xip-emu/fs/tmpfs/super.js';
import type { Machine, MachineOptions } from '#xip-emu/machine.js';
import { MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '#xip-emu/memory-map.js';
import { validateMm } from '#xip-emu/mm/validate.js';
import type { PolicyName } from '#xip-emu/policy.js';
import type { Process } from '#xip-emu/process.js';
import { accountMachine } from '#xip-emu/report/accounting.js';
import { mapsText } from '#xip-emu/report/maps.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '#xip-emu/units.js';
import { MirrorServer, type MirrorServerOptions } from '#xip-emu/userland/mirror-server.js';
import { backingFileRead, backingFileSpliceRead } from '#xip-emu/vfs/backing-file.js';
import { OpenFile } from '#xip-emu/vfs/file.js';
import { VM_MIXEDMAP, VM_PFNMAP } from '#xip-emu/vfs/vm-area.js';
import { mmOf, romMachine } from '../helpers/emulator.js';
import { kernelImage } from '../helpers/kernel-images.js';
import { noise } from '../helpers/raw-image.js';

/*
 * What the mails about "ovl: factor out some common helpers for backing files io" say, and what
 * Linux made of it. One test is one statement; docs/seeds.md lists them.
 */

const image = kernelImage('basic');
/** Five pages, the last of which is not mapped from ROM. */
const FILE = 'direct-5p-sharedtail';
const SIZE = 16484;
const RW = PROT_READ | PROT_WRITE;

const code = (error: string): unknown => expect.objectContaining({ code: error });

function tmpfs(machine: Machine, path: string): TmpfsInode {
  return machine.mount(path, new TmpfsSuperBlock(machine.phys)).root;
}

/** /ovl over /rom and /up. */
function mountOverlay(machine: Machine): void {
  const lower = machine.mounts.at('/rom')!.sb.root;
  machine.mount('/ovl', new OverlaySuperBlock(lower, tmpfs(machine, '/up')));
}

function mountFuse(machine: Machine, root: string, options: MirrorServerOptions): void {
  const server = new MirrorServer(machine.spawn(), root, options);
  machine.mount('/fuse', new FuseSuperBlock(machine.phys, server));
}

interface Stacked {
  readonly machine: Machine;
  readonly process: Process;
  /** A file of noise in the stacked file system, where it really is, and its bytes. */
  readonly path: string;
  readonly real: string;
  readonly content: Uint8Array;
}

type Kind = 'overlayfs' | 'FUSE passthrough';

/** A file of `SIZE` bytes that can be written to, in a tmpfs. */
function stacked(kind: Kind, options?: MachineOptions): Stacked {
  const machine = romMachine(image, options);
  const process = machine.spawn();
  const content = noise(SIZE);
  mountOverlay(machine);
  write(process, '/up/file', content);
  if (kind === 'overlayfs')
    return { machine, process, path: '/ovl/file', real: '/up/file', content };
  mountFuse(machine, '/up', { passthrough: true });
  return { machine, process, path: '/fuse/file', real: '/up/file', content };
}

const KINDS: readonly Kind[] = ['overlayfs', 'FUSE passthrough'];

function write(process: Process, path: string, bytes: Uint8Array, position = 0): void {
  const file = process.open(path, { write: true, create: true });
  expect(process.pwrite(file, position, bytes)).toBe(bytes.length);
  process.close(file);
}

function read(process: Process, path: string): Uint8Array {
  const file = process.open(path);
  const bytes = new Uint8Array(process.fstat(file).size + 1);
  const got = process.pread(file, 0, bytes);
  process.close(file);
  return bytes.subarray(0, got);
}

/** Maps a file whole and closes it. */
function map(process: Process, path: string, prot: number, flags: number): number {
  const file = process.open(path, { write: flags === MAP_SHARED && (prot & PROT_WRITE) !== 0 });
  try {
    return process.mmap(process.fstat(file).size, prot, flags, { file });
  } finally {
    process.close(file);
  }
}

function fuseRequests(machine: Machine): string[] {
  const requests: string[] = [];
  machine.trace.sink = (event) => {
    if (event.type === 'fuse-request') requests.push(event.request);
  };
  return requests;
}

/** Ends all processes and unmounts everything: nothing may be left. */
function teardown(machine: Machine): void {
  for (const process of [...machine.processes]) process.exit();
  for (const { path } of [...machine.mounts].reverse()) machine.umount(path);
  expect(machine.phys.used).toBe(0);
}

describe.each(KINDS)('%s forwards I/O to a backing file on another file system', (kind) => {
  test('read, write and splice give and take the bytes of the backing file', () => {
    const { machine, process, path, real, content } = stacked(kind);
    expect(read(process, path)).toEqual(content);
    write(process, path, Uint8Array.of(1, 2, 3), 5000);
    content.set([1, 2, 3], 5000);
    expect(read(process, real)).toEqual(content);

    const file = process.open(path, { write: true });
    const target = process.open('/up/copy', { write: true, create: true });
    const whole = { from: { file, position: 0 }, to: { file: target, position: 0 } };
    expect(process.sendfile(whole.from, whole.to, 2 * SIZE)).toBe(SIZE);
    expect(read(process, '/up/copy')).toEqual(content);
    // Splice into the file too, through a pipe.
    const pipe = process.pipe();
    pipe.write(Uint8Array.of(9, 8, 7));
    expect(process.splice(pipe, { file, position: 100 }, 10)).toBe(3);
    content.set([9, 8, 7], 100);
    expect(read(process, real)).toEqual(content);
    process.close(file);
    process.close(target);
    teardown(machine);
  });

  test('the file has no pages of its own: splice moves pages of the backing inode', () => {
    const { machine, process, path, real } = stacked(kind);
    const file = process.open(path);
    const backing = process.open(real, { write: true });
    const pipe = process.pipe();
    expect(process.splice({ file, position: 0 }, pipe, 2 * PAGE_SIZE)).toBe(2 * PAGE_SIZE);
    expect(file.mapping?.pages ?? 0).toBe(0);
    // The pipe has no copy: a write to the file shows in what is still in it.
    process.pwrite(backing, 10, Uint8Array.of(77));
    const bytes = new Uint8Array(11);
    expect(pipe.read(bytes)).toBe(11);
    expect(bytes[10]).toBe(77);
    pipe.close();
    process.close(file);
    process.close(backing);
    teardown(machine);
  });

  test('file->f_inode == real_inode != file->f_path->dentry->d_inode', () => {
    const { machine, process, path, real } = stacked(kind);
    const address = map(process, path, RW, MAP_SHARED);
    const { file } = mmOf(process).vmas.vmaAt(address / PAGE_SIZE)!;
    const opened = process.open(path);
    const realFile = process.open(real);
    expect(file!.inode).toBe(realFile.inode);
    expect(file!.userInode).toBe(opened.inode);
    expect(file!.inode).not.toBe(file!.userInode);
    expect(file!.path).toBe(path);
    process.close(opened);
    process.close(realFile);
    teardown(machine);
  });

  test('/proc/PID/maps shows the path, device and inode that the user opened', () => {
    const { machine, process, path } = stacked(kind);
    map(process, path, PROT_READ, MAP_PRIVATE);
    // As in Linux, stat(2) gives files of an overlay the device of their layer, maps that of the
    // overlay.
    const { ino } = process.stat(path);
    const { dev } = process.stat(path.slice(0, path.lastIndexOf('/')));
    const minor = dev.minor.toString(16).padStart(2, '0');
    expect(mapsText(process.mm)).toMatch(new RegExp(`r--p 00000000 00:${minor} ${ino} +${path}\n`));
    teardown(machine);
  });

  test('attributes and size after writes follow the backing file', () => {
    const { machine, process, path, real } = stacked(kind);
    const file = process.open(path, { write: true });
    process.pwrite(file, SIZE + 100, Uint8Array.of(1));
    expect(file.inode.size).toBe(SIZE + 101);
    expect(process.fstat(file).size).toBe(SIZE + 101);
    // Changed below the overlay: the next lookup shows it.
    process.truncate(real, 10);
    expect(process.fstat(file).size).toBe(10);
    process.ftruncate(file, 20);
    expect(process.stat(real).size).toBe(20);
    const { mode, size, links } = process.stat(real);
    expect(process.stat(path)).toMatchObject({ mode, size, links });
    // Also through splice.
    const pipe = process.pipe();
    pipe.write(new Uint8Array(50));
    process.splice(pipe, { file, position: 0 }, 50);
    expect(file.inode.size).toBe(50);
    process.close(file);
    teardown(machine);
  });

  test('a store through a shared map is seen by read, a write through the map', () => {
    const { machine, process, path, real } = stacked(kind);
    const address = map(process, path, RW, MAP_SHARED);
    process.store(address + PAGE_SIZE, 42);
    expect(read(process, path)[PAGE_SIZE]).toBe(42);
    expect(read(process, real)[PAGE_SIZE]).toBe(42);
    write(process, path, Uint8Array.of(43), PAGE_SIZE + 1);
    expect(process.load(address + PAGE_SIZE + 1)).toBe(43);
    validateMm(mmOf(process));
    teardown(machine);
  });

  test('a truncated file sends SIGBUS to its maps', () => {
    const { machine, process, path } = stacked(kind);
    const address = map(process, path, RW, MAP_SHARED);
    process.load(address + PAGE_SIZE);
    process.truncate(path, PAGE_SIZE);
    expect(() => process.load(address + PAGE_SIZE)).toThrow('SIGBUS');
    process.load(address);
    teardown(machine);
  });
});

test('iterators do not need the path: reading and splicing work on any file of the real inode', () => {
  const { machine, process, path, real, content } = stacked('overlayfs');
  const { mount, inode } = process.open(real);
  const file = OpenFile.open({ mount: mount!, inode, path: '' });
  const bytes = new Uint8Array(SIZE);
  expect(backingFileRead(file, 0, bytes)).toBe(SIZE);
  expect(bytes).toEqual(content);
  const pipe = process.pipe();
  expect(backingFileSpliceRead(file, 0, pipe, SIZE)).toBe(SIZE);
  expect(pipe.read(bytes)).toBe(SIZE);
  expect(bytes).toEqual(content);
  // The pages belong to the real inode: the file of the overlay reads no others.
  const { used } = machine.phys;
  expect(read(process, path)).toEqual(content);
  expect(machine.phys.used).toBe(used);
});

describe('the count of writers of the upper mount', () => {
  /** A writable shared map of an overlay file, its descriptor closed. */
  function mapped(policy?: PolicyName): Stacked & { readonly address: number } {
    const world = stacked('overlayfs', { policy });
    return { ...world, address: map(world.process, world.path, RW, MAP_SHARED) };
  }

  test('a writable shared map holds it: EBUSY until munmap', () => {
    const { machine, process, address } = mapped();
    expect(() => {
      machine.remount('/up', { readOnly: true });
    }).toThrow(code('EBUSY'));
    process.munmap(address, PAGE_SIZE);
    expect(() => {
      machine.remount('/up', { readOnly: true });
    }).toThrow(code('EBUSY'));
    process.munmap(address, SIZE);
    machine.remount('/up', { readOnly: true });
    expect(() => process.open('/up/file', { write: true })).toThrow(code('EROFS'));
    expect(() => process.open('/ovl/file', { write: true })).toThrow(code('EROFS'));
    machine.remount('/up', { readOnly: false });
    process.close(process.open('/ovl/file', { write: true }));
    teardown(machine);
  });

  test('and until the last of the processes that share it exits', () => {
    const { machine, process } = mapped();
    const child = machine.fork(process);
    process.exit();
    expect(() => {
      machine.remount('/up', { readOnly: true });
    }).toThrow(code('EBUSY'));
    child.exit();
    machine.remount('/up', { readOnly: true });
    teardown(machine);
  });

  test('so does an open file, and a private map of one, and not a file open for reading', () => {
    const { machine, process } = stacked('overlayfs');
    const file = process.open('/ovl/file', { write: true });
    const address = process.mmap(SIZE, PROT_READ, MAP_PRIVATE, { file });
    expect(() => {
      machine.remount('/up', { readOnly: true });
    }).toThrow(code('EBUSY'));
    process.close(file);
    expect(() => {
      machine.remount('/up', { readOnly: true });
    }).toThrow(code('EBUSY'));
    process.munmap(address, SIZE);
    const reader = process.open('/ovl/file');
    machine.remount('/up', { readOnly: true });
    process.close(reader);
    teardown(machine);
  });

  test('the overlay mount counts too: a file that is mapped writable keeps it writable', () => {
    const { machine, process, address } = mapped();
    expect(() => {
      machine.remount('/ovl', { readOnly: true });
    }).toThrow(code('EBUSY'));
    expect(() => {
      machine.umount('/ovl');
    }).toThrow(code('EBUSY'));
    process.munmap(address, SIZE);
    machine.remount('/ovl', { readOnly: true });
    expect(() => process.open('/ovl/file', { write: true })).toThrow(code('EROFS'));
    teardown(machine);
  });

  test('an overlay that nobody writes to holds nothing', () => {
    const machine = romMachine(image);
    mountOverlay(machine);
    machine.remount('/up', { readOnly: true });
    const process = machine.spawn();
    expect(() => process.open(`/ovl/${FILE}`, { write: true })).toThrow(code('EROFS'));
    expect(read(process, `/ovl/${FILE}`)).toHaveLength(SIZE);
    teardown(machine);
  });

  test('the overlay has a mount of its own: making only the place read-only stops nobody', () => {
    const { machine, process, address } = mapped();
    machine.remount('/up', { readOnly: true, bind: true });
    expect(() => process.open('/up/file', { write: true })).toThrow(code('EROFS'));
    process.store(address, 7);
    write(process, '/ovl/file', Uint8Array.of(8), 1);
    expect(read(process, '/up/file').subarray(0, 2)).toEqual(Uint8Array.of(7, 8));
    teardown(machine);
  });

  test('without it (fake-path files) the map writes to a read-only file system', () => {
    const { machine, process, address } = mapped('linux-6.12-fake-path');
    machine.remount('/up', { readOnly: true });
    expect(machine.mounts.at('/up')!.sb.readOnly).toBe(true);
    expect(() => process.open('/up/file', { write: true })).toThrow(code('EROFS'));
    process.store(address, 99);
    expect(read(process, '/up/file')[0]).toBe(99);
    // The overlay's own mount is counted as usual.
    expect(() => {
      machine.remount('/ovl', { readOnly: true });
    }).toThrow(code('EBUSY'));
    teardown(machine);
  });

  test('FUSE passthrough holds the mount of its backing file in the same way', () => {
    const { machine, process, path } = stacked('FUSE passthrough');
    const address = map(process, path, RW, MAP_SHARED);
    expect(() => {
      machine.remount('/up', { readOnly: true });
    }).toThrow(code('EBUSY'));
    expect(() => {
      machine.remount('/fuse', { readOnly: true });
    }).toThrow(code('EBUSY'));
    process.munmap(address, SIZE);
    machine.remount('/up', { readOnly: true });
    // The server can no longer open it for writing.
    expect(() => process.open(path, { write: true })).toThrow(code('EROFS'));
    teardown(machine);
  });
});

describe('s_stack_depth: file systems on file systems, two at most', () => {
  const machine = romMachine(image);
  mountOverlay(machine);
  const rootOf = (path: string) => machine.mounts.at(path)!.sb.root;
  const upper = (): TmpfsInode => new TmpfsSuperBlock(machine.phys).root;

  test('an overlay on an overlay is the second level; a third does not mount: EINVAL', () => {
    expect(rootOf('/rom').sb.stackDepth).toBe(0);
    expect(rootOf('/ovl').sb.stackDepth).toBe(1);
    machine.mount('/two', new OverlaySuperBlock(rootOf('/ovl'), upper()));
    expect(rootOf('/two').sb.stackDepth).toBe(2);
    expect(() => new OverlaySuperBlock(rootOf('/two'), upper())).toThrow(code('EINVAL'));
  });

  function fuse(root: string, maxStackDepth: number): { path: string; requests: string[] } {
    const path = `/fuse${maxStackDepth}${root}`;
    const server = new MirrorServer(machine.spawn(), root, { passthrough: true, maxStackDepth });
    machine.mount(path, new FuseSuperBlock(machine.phys, server));
    return { path: `${path}/${FILE}`, requests: fuseRequests(machine) };
  }

  test('passthrough with depth 1: to cramfs, not to an overlay: ELOOP', () => {
    const process = machine.spawn();
    expect(read(process, fuse('/rom', 1).path)).toHaveLength(SIZE);
    expect(() => process.open(fuse('/ovl', 1).path)).toThrow(code('ELOOP'));
  });

  test('passthrough with depth 2: to an overlay, not to a file system of depth 2: ELOOP', () => {
    const process = machine.spawn();
    expect(read(process, fuse('/ovl', 2).path)).toHaveLength(SIZE);
    expect(() => process.open(fuse('/two', 2).path)).toThrow(code('ELOOP'));
  });

  test('a FUSE file system has the depth that it was promised, also as a layer', () => {
    expect(rootOf('/fuse1/rom').sb.stackDepth).toBe(1);
    expect(new OverlaySuperBlock(rootOf('/fuse1/rom'), upper()).stackDepth).toBe(2);
    expect(() => new OverlaySuperBlock(rootOf('/fuse2/ovl'), upper())).toThrow(code('EINVAL'));
    const plain = new FuseSuperBlock(machine.phys, new MirrorServer(machine.spawn(), '/rom'));
    expect(plain.stackDepth).toBe(0);
  });

  test('a depth out of range is not passed through: EPERM', () => {
    const process = machine.spawn();
    expect(() => process.open(fuse('/rom', 3).path)).toThrow(code('EPERM'));
  });
});

describe('FUSE passthrough to cramfs in ROM', () => {
  test('keeps XIP with an MMU, all areas as on cramfs', () => {
    const machine = romMachine(image);
    mountFuse(machine, '/rom', { passthrough: true });
    const process = machine.spawn();
    for (const prot of [PROT_READ, RW]) {
      const direct = map(process, `/rom/${FILE}`, prot, MAP_PRIVATE);
      const passed = map(process, `/fuse/${FILE}`, prot, MAP_PRIVATE);
      const flagsAt = (address: number) => mmOf(process).vmas.vmaAt(address / PAGE_SIZE)!.flags;
      expect(flagsAt(passed)).toBe(flagsAt(direct));
      expect(flagsAt(passed) & (VM_MIXEDMAP | VM_PFNMAP)).toBe(
        prot === PROT_READ ? VM_MIXEDMAP : 0,
      );
    }
    const { savedBytes } = accountMachine(machine);
    expect(savedBytes).toBe(4 * PAGE_SIZE);
    teardown(machine);
  });

  test('gives copies without an MMU, and no shared map', () => {
    const machine = romMachine(image, { mmu: false });
    mountFuse(machine, '/rom', { passthrough: true });
    const process = machine.spawn();
    const address = map(process, `/fuse/${FILE}`, PROT_READ, MAP_PRIVATE);
    expect(machine.phys.rom.frameOf(address / PAGE_SIZE)).toBeUndefined();
    expect(process.load(address)).toBe(read(process, `/rom/${FILE}`)[0]);
    expect(mapsText(process.mm)).toContain(` /fuse/${FILE}\n`);
    expect(() => map(process, `/fuse/${FILE}`, PROT_READ, MAP_SHARED)).toThrow(code('ENODEV'));
    // On cramfs itself it is the ROM.
    const direct = map(process, `/rom/${FILE}`, PROT_READ, MAP_SHARED);
    expect(machine.phys.rom.frameOf(direct / PAGE_SIZE)).toBeDefined();
    teardown(machine);
  });

  test('reads, splices and maps use the page cache and ROM of cramfs; the server sees none of it', () => {
    const machine = romMachine(image);
    mountFuse(machine, '/rom', { passthrough: true });
    const process = machine.spawn();
    const requests = fuseRequests(machine);
    const file = process.open(`/fuse/${FILE}`);
    process.pread(file, 0, new Uint8Array(SIZE));
    const pipe = process.pipe();
    process.splice({ file, position: 0 }, pipe, SIZE);
    const address = process.mmap(SIZE, PROT_READ, MAP_PRIVATE, { file });
    pipe.close();
    // The area holds the backing file, not the user's file: this is the last close.
    process.close(file);
    process.load(address);
    expect(requests).toEqual(['lookup', 'open', 'flush', 'release']);
    const [account] = accountMachine(machine).files;
    expect(account).toMatchObject({ fs: 'cramfs', pageCachePages: 5, romPages: 4 });
    teardown(machine);
  });

  test('a file of ROM cannot be opened for writing: the server gets EROFS', () => {
    const machine = romMachine(image);
    mountFuse(machine, '/rom', { passthrough: true });
    const process = machine.spawn();
    expect(() => process.open(`/fuse/${FILE}`, { write: true })).toThrow(code('EROFS'));
    teardown(machine);
  });

  test('behind FUSE and an overlay: maps show the outermost path', () => {
    const machine = romMachine(image);
    mountOverlay(machine);
    mountFuse(machine, '/ovl', { passthrough: true, maxStackDepth: 2 });
    const process = machine.spawn();
    map(process, `/fuse/${FILE}`, PROT_READ, MAP_PRIVATE);
    expect(mapsText(process.mm)).toContain(` /fuse/${FILE}\n`);
    expect(accountMachine(machine).savedBytes).toBe(4 * PAGE_SIZE);
    write(process, `/fuse/${FILE}`, Uint8Array.of(1));
    expect(read(process, `/up/${FILE}`)[0]).toBe(1);
    teardown(machine);
  });
});

test('the root of an overlay may be a directory of a file system', () => {
  const machine = romMachine(image);
  const directory = tmpfs(machine, '/up').create('u', S_IFDIR | 0o755);
  const lower = machine.mounts.at('/rom')!.sb.root;
  machine.mount('/ovl', new OverlaySuperBlock(lower, directory));
  const process = machine.spawn();
  write(process, `/ovl/${FILE}`, Uint8Array.of(5));
  expect(read(process, `/up/u/${FILE}`)[0]).toBe(5);
  // The overlay has mounts of its own for its layers: the others can be unmounted first.
  machine.umount('/up');
  expect(read(process, `/ovl/${FILE}`)[0]).toBe(5);
  teardown(machine);
});
