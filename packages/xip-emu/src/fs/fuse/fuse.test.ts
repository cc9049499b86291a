import { S_IFDIR, S_IFREG } from 'cramfs-format';
import { describe, expect, test } from 'vitest';
import { SyscallError } from '../../errno.js';
import { Machine } from '../../machine.js';
import { MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../../memory-map.js';
import type { Process } from '../../process.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../../units.js';
import { MirrorServer } from '../../userland/mirror-server.js';
import type { OpenFile } from '../../vfs/file.js';
import { TmpfsSuperBlock } from '../tmpfs/super.js';
import {
  FOPEN_DIRECT_IO,
  FOPEN_KEEP_CACHE,
  FOPEN_PASSTHROUGH,
  type FuseAttributes,
  type FuseDevice,
  type FuseEntry,
  type FuseInit,
  type FuseOpened,
  type FuseServer,
} from './protocol.js';
import { FuseSuperBlock } from './super.js';

const NODE = 2;
const RW = PROT_READ | PROT_WRITE;
const code = (error: string): unknown => expect.objectContaining({ code: error });

/** A server of one file, `/f`, which tests look into and change. */
class OneFile implements FuseServer {
  content = new Uint8Array(0);
  mode = S_IFREG | 0o644;
  opened: FuseOpened = { handle: 7, flags: FOPEN_KEEP_CACHE };
  init_: FuseInit = {};
  device!: FuseDevice;
  /** Instead of WRITE. */
  onWrite: ((offset: number, bytes: Uint8Array) => number) | undefined = undefined;
  readonly handles: number[] = [];

  init(device: FuseDevice): FuseInit {
    this.device = device;
    return this.init_;
  }

  lookup(_parent: number, name: string): FuseEntry {
    if (name !== 'f') throw new SyscallError('ENOENT');
    return { nodeId: NODE, attributes: this.getattr() };
  }

  getattr(): FuseAttributes {
    return { mode: this.mode, size: this.content.length };
  }

  setattr(_node: number, size: number): FuseAttributes {
    const old = this.content;
    this.content = new Uint8Array(size);
    this.content.set(old.subarray(0, size));
    return this.getattr();
  }

  open(): FuseOpened {
    return this.opened;
  }

  read(_node: number, handle: number, offset: number, size: number): Uint8Array {
    this.handles.push(handle);
    return this.content.subarray(offset, offset + size);
  }

  write(_node: number, handle: number, offset: number, bytes: Uint8Array): number {
    this.handles.push(handle);
    if (this.onWrite !== undefined) return this.onWrite(offset, bytes);
    if (offset + bytes.length > this.content.length) this.setattr(NODE, offset + bytes.length);
    this.content.set(bytes, offset);
    return bytes.length;
  }

  release(): void {
    return;
  }
}

class World {
  readonly machine: Machine;
  readonly process: Process;
  readonly server: OneFile;
  /** Requests since the last look. */
  private requests: string[] = [];

  constructor(prepare: (server: OneFile) => void = () => undefined, mmu = true) {
    this.machine = new Machine({ mmu, faultAround: PAGE_SIZE });
    this.server = new OneFile();
    prepare(this.server);
    this.machine.mount('/fuse', new FuseSuperBlock(this.machine.phys, this.server));
    this.process = this.machine.spawn();
    this.machine.trace.sink = (event) => {
      if (event.type === 'fuse-request') this.requests.push(event.request);
    };
  }

  open(write = false): OpenFile {
    return this.process.open('/fuse/f', { write });
  }

  read(file: OpenFile, length: number, position = 0): Uint8Array {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, this.process.pread(file, position, bytes));
  }

  takeRequests(): string[] {
    const taken = this.requests;
    this.requests = [];
    return taken;
  }

  end(): void {
    for (const process of [...this.machine.processes]) process.exit();
    for (const { path } of [...this.machine.mounts]) this.machine.umount(path);
    expect(this.machine.phys.used).toBe(0);
  }
}

const bytesOf = (length: number, first = 0): Uint8Array<ArrayBuffer> =>
  Uint8Array.from({ length }, (_, at) => (first + at * 7 + (at >> 8)) & 255);

describe('the page cache in front of the server', () => {
  test('a page is read once; the handle is that of the open file', () => {
    const world = new World((server) => (server.content = bytesOf(10000)));
    const file = world.open();
    expect(world.takeRequests()).toEqual(['lookup', 'open']);
    expect(world.read(file, 10000)).toEqual(world.server.content);
    expect(world.takeRequests()).toEqual(['read', 'read', 'read']);
    expect(world.read(file, 10000)).toEqual(world.server.content);
    expect(world.takeRequests()).toEqual([]);
    expect(world.server.handles).toEqual([7, 7, 7]);
    world.process.close(file);
    // The server does not implement FLUSH.
    expect(world.takeRequests()).toEqual(['flush', 'release']);
    world.process.close(world.open());
    expect(world.takeRequests()).toEqual(['lookup', 'open', 'release']);
    world.end();
  });

  test('pages outlive the open file with FOPEN_KEEP_CACHE only', () => {
    const world = new World((server) => (server.content = bytesOf(PAGE_SIZE)));
    for (const [flags, reads] of [
      [FOPEN_KEEP_CACHE, 1],
      [FOPEN_KEEP_CACHE, 0],
      [0, 1],
      [0, 1],
    ] as const) {
      world.server.opened = { handle: 1, flags };
      const file = world.open();
      world.read(file, PAGE_SIZE);
      world.process.close(file);
      const requests = world.takeRequests().filter((request) => request === 'read');
      expect(requests).toHaveLength(reads);
    }
    world.end();
  });

  test('the page keeps the server’s answer, whatever the server has now', () => {
    const world = new World((server) => (server.content = bytesOf(PAGE_SIZE)));
    const file = world.open();
    const first = world.read(file, 16);
    world.server.content.fill(9);
    expect(world.read(file, 16)).toEqual(first);
    world.process.close(file);
    world.end();
  });

  test('a read past the end asks for the size first; another size drops the pages', () => {
    const world = new World((server) => (server.content = bytesOf(100)));
    const file = world.open();
    expect(world.read(file, 100)).toHaveLength(100);
    const address = world.process.mmap(PAGE_SIZE, PROT_READ, MAP_PRIVATE, { file });
    expect(world.process.load(address)).toBe(world.server.content[0]);
    world.server.content = bytesOf(5000, 1);
    expect(world.read(file, 100)).toEqual(bytesOf(100));
    expect(world.read(file, 5001)).toEqual(world.server.content);
    expect(world.process.load(address)).toBe(1);
    world.process.close(file);
    world.end();
  });

  test('a short answer is the end of the file', () => {
    const world = new World((server) => (server.content = bytesOf(3 * PAGE_SIZE)));
    const file = world.open();
    world.server.content = bytesOf(PAGE_SIZE + 10);
    expect(world.read(file, 2 * PAGE_SIZE)).toHaveLength(PAGE_SIZE + 10);
    expect(file.inode.size).toBe(PAGE_SIZE + 10);
    world.process.close(file);
    world.end();
  });

  test('writes go through: whole pages stay cached, parts of others do not', () => {
    const world = new World((server) => (server.content = bytesOf(2 * PAGE_SIZE)));
    const file = world.open(true);
    world.takeRequests();
    const bytes = bytesOf(2 * PAGE_SIZE, 50);
    expect(world.process.pwrite(file, PAGE_SIZE - 10, bytes)).toBe(bytes.length);
    // After the part of page 0 come page 1 and part of page 2.
    expect(world.takeRequests()).toEqual(['write', 'write']);
    expect(world.server.content).toHaveLength(3 * PAGE_SIZE - 10);
    expect(world.server.content.subarray(PAGE_SIZE - 10)).toEqual(bytes);
    expect([...file.mapping!.indexes()]).toEqual([1]);
    expect(world.read(file, 3 * PAGE_SIZE - 10)).toEqual(world.server.content);
    world.process.close(file);
    world.end();
  });

  test('an error of the server ends the write; the pages are read again', () => {
    const world = new World((server) => (server.content = bytesOf(3 * PAGE_SIZE)));
    const file = world.open(true);
    world.read(file, 3 * PAGE_SIZE);
    const before = world.server.content.slice();
    world.server.onWrite = () => {
      throw new SyscallError('ENOSPC');
    };
    expect(() => world.process.pwrite(file, 0, bytesOf(10, 99))).toThrow(code('ENOSPC'));
    expect(world.read(file, 3 * PAGE_SIZE)).toEqual(before);
    world.server.onWrite = (_, bytes) => bytes.length - 1;
    expect(world.process.pwrite(file, 0, bytesOf(10, 99))).toBe(9);
    world.server.onWrite = (_, bytes) => bytes.length + 1;
    expect(() => world.process.pwrite(file, 0, bytesOf(10, 99))).toThrow(code('EIO'));
    expect(world.read(file, 3 * PAGE_SIZE)).toEqual(before);
    world.process.close(file);
    world.end();
  });

  test('stores through a shared map reach the server with msync, fsync, close and munmap', () => {
    const world = new World((server) => (server.content = bytesOf(PAGE_SIZE + 100)));
    const { process, server } = world;
    const file = world.open(true);
    const address = process.mmap(2 * PAGE_SIZE, RW, MAP_SHARED, { file });
    const syncs: (() => void)[] = [
      () => {
        process.msync(address, 2 * PAGE_SIZE);
      },
      () => {
        process.fsync(file);
      },
      () => {
        process.close(file);
      },
      () => {
        process.munmap(address, 2 * PAGE_SIZE);
      },
    ];
    for (const [round, sync] of syncs.entries()) {
      const at = PAGE_SIZE + round;
      process.store(address + at, 200 + round);
      expect(server.content[at]).not.toBe(200 + round);
      sync();
      expect(server.content[at]).toBe(200 + round);
    }
    // Never more than the file has.
    expect(server.content).toHaveLength(PAGE_SIZE + 100);
    expect(world.takeRequests().at(-1)).toBe('release');
    world.end();
  });

  test('truncation goes to the server, and its pages and maps with it', () => {
    const world = new World((server) => (server.content = bytesOf(3 * PAGE_SIZE)));
    const { process } = world;
    const file = world.open(true);
    const address = process.mmap(3 * PAGE_SIZE, RW, MAP_SHARED, { file });
    process.store(address + 2 * PAGE_SIZE, 1);
    process.ftruncate(file, PAGE_SIZE + 1);
    expect(world.server.content).toHaveLength(PAGE_SIZE + 1);
    expect(() => process.load(address + 2 * PAGE_SIZE)).toThrow('SIGBUS');
    expect(process.load(address + PAGE_SIZE + 1)).toBe(0);
    process.close(file);
    world.end();
  });

  test('a fault that the server cannot serve is SIGBUS', () => {
    const world = new World((server) => (server.content = bytesOf(PAGE_SIZE)));
    const file = world.open();
    const address = world.process.mmap(PAGE_SIZE, PROT_READ, MAP_PRIVATE, { file });
    world.server.read = () => new Uint8Array(PAGE_SIZE + 1);
    expect(() => world.process.load(address)).toThrow('SIGBUS');
    expect(() => world.read(file, 1)).toThrow(code('EIO'));
    world.process.close(file);
    world.end();
  });

  test('without an MMU a private map is a copy, read through the server', () => {
    const world = new World((server) => (server.content = bytesOf(5000)), false);
    const file = world.open();
    const address = world.process.mmap(5000, RW, MAP_PRIVATE, { file });
    expect(world.process.load(address + 4999)).toBe(world.server.content[4999]);
    expect(() => world.process.mmap(5000, PROT_READ, MAP_SHARED, { file })).toThrow(code('ENODEV'));
    world.process.close(file);
    world.end();
  });
});

describe('FOPEN_DIRECT_IO', () => {
  const direct = (server: OneFile): void => {
    server.content = bytesOf(2 * PAGE_SIZE);
    server.opened = { handle: 3, flags: FOPEN_DIRECT_IO };
  };

  test('each read and write is a request, in pieces of 128 KiB', () => {
    const world = new World(direct);
    const file = world.open(true);
    world.takeRequests();
    expect(world.read(file, 100)).toEqual(world.server.content.subarray(0, 100));
    world.server.content.fill(1);
    expect(world.read(file, 100)).toEqual(new Uint8Array(100).fill(1));
    expect(file.mapping!.pages).toBe(0);
    const bytes = bytesOf(300 << 10);
    expect(world.process.pwrite(file, 1, bytes)).toBe(bytes.length);
    expect(file.inode.size).toBe(bytes.length + 1);
    expect(world.takeRequests()).toEqual(['read', 'read', 'write', 'write', 'write']);
    world.process.close(file);
    world.end();
  });

  test('private maps use the page cache; shared ones are refused', () => {
    const world = new World(direct);
    const file = world.open(true);
    expect(() => world.process.mmap(PAGE_SIZE, RW, MAP_SHARED, { file })).toThrow(code('ENODEV'));
    const address = world.process.mmap(PAGE_SIZE, PROT_READ, MAP_PRIVATE, { file });
    expect(world.process.load(address + 1)).toBe(world.server.content[1]);
    expect(file.mapping!.pages).toBe(1);
    // A write drops the pages that it makes stale.
    world.process.pwrite(file, 1, Uint8Array.of(200));
    expect(world.process.load(address + 1)).toBe(200);
    world.process.close(file);
    world.end();
  });

  test('unless the server allows them: FUSE_DIRECT_IO_ALLOW_MMAP', () => {
    const world = new World((server) => {
      direct(server);
      server.init_ = { directIoAllowMmap: true };
    });
    const file = world.open(true);
    const address = world.process.mmap(PAGE_SIZE, RW, MAP_SHARED, { file });
    world.process.store(address, 123);
    expect(world.read(file, 1)[0]).toBe(123);
    world.process.close(file);
    world.end();
  });
});

describe('requests that servers do not know, and wrong answers', () => {
  test('without OPEN files are open all the same, and nothing is released', () => {
    const world = new World((server) => {
      server.content = bytesOf(10);
      Object.assign(server, { open: undefined });
    });
    const file = world.open();
    expect(world.read(file, 10)).toEqual(world.server.content);
    expect(world.server.handles).toEqual([0]);
    world.process.close(file);
    world.process.close(world.open());
    const requests = world.takeRequests();
    expect(requests.filter((request) => request === 'open')).toHaveLength(1);
    expect(requests).not.toContain('release');
    world.end();
  });

  test('a request without a handler fails with ENOSYS', () => {
    const world = new World();
    expect(() => {
      world.process.mkdir('/fuse/d');
    }).toThrow(code('ENOSYS'));
    expect(() => world.process.open('/fuse/g')).toThrow(code('ENOENT'));
    world.end();
  });

  test('attributes that cannot be, and a node of another type: EIO', () => {
    const world = new World();
    world.server.getattr = () => ({ mode: S_IFREG, size: -1 });
    expect(() => world.open()).toThrow(code('EIO'));
    world.server.getattr = () => ({ mode: 0, size: 1 });
    expect(() => world.open()).toThrow(code('EIO'));
    world.server.getattr = () => ({ mode: S_IFREG, size: 1 });
    const file = world.open();
    world.server.content = bytesOf(1);
    world.read(file, 1);
    world.server.getattr = () => ({ mode: S_IFDIR, size: 1 });
    expect(() => world.process.fstat(file)).toThrow(code('EIO'));
    // After a new lookup it is a directory; the file exists until it is closed.
    expect(world.process.stat('/fuse/f').mode).toBe(S_IFDIR);
    expect(file.mapping!.pages).toBe(1);
    world.process.close(file);
    expect(file.mapping!.pages).toBe(0);
    world.server.lookup = () => ({ nodeId: 0, attributes: { mode: S_IFREG, size: 1 } });
    expect(() => world.open()).toThrow(code('EIO'));
    world.end();
  });
});

describe('I/O modes: cached and passed through do not mix', () => {
  /** With two backing files; ids of them. */
  function passing(): World & { readonly ids: number[] } {
    const world = new World((server) => (server.init_ = { passthrough: true, maxStackDepth: 1 }));
    const { machine, server } = world;
    machine.mount('/tmp', new TmpfsSuperBlock(machine.phys));
    const owner = machine.spawn();
    const ids = ['a', 'b'].map((name, index) => {
      const file = owner.open(`/tmp/${name}`, { write: true, create: true });
      owner.pwrite(file, 0, bytesOf(5000, index));
      const id = server.device.backingOpen(file);
      owner.close(file);
      return id;
    });
    server.content = bytesOf(5000, 99);
    return Object.assign(world, { ids });
  }

  function openAs(world: World, flags: number, backingId = 0): OpenFile {
    world.server.opened = { handle: 1, flags, backingId };
    return world.open(true);
  }

  test('a file that is passed through cannot be opened for the cache, until the last close', () => {
    const world = passing();
    const { process, ids } = world;
    const file = openAs(world, FOPEN_PASSTHROUGH, ids[0]);
    expect(world.read(file, 5000)).toEqual(bytesOf(5000, 0));
    world.takeRequests();
    expect(() => openAs(world, 0)).toThrow(code('EIO'));
    // The server is told that its open file is not used.
    expect(world.takeRequests()).toEqual(['lookup', 'open', 'release']);
    expect(() => openAs(world, FOPEN_DIRECT_IO)).toThrow(code('EIO'));
    const second = openAs(world, FOPEN_PASSTHROUGH, ids[0]);
    process.close(file);
    expect(() => openAs(world, 0)).toThrow(code('EIO'));
    process.close(second);
    process.close(openAs(world, 0));
    world.server.device.backingClose(ids[0]!);
    world.server.device.backingClose(ids[1]!);
    world.machine.umount('/tmp');
    world.end();
  });

  test('a file in the cache cannot be passed through; one with FOPEN_DIRECT_IO can', () => {
    const world = passing();
    const { process, ids } = world;
    const cached = openAs(world, FOPEN_KEEP_CACHE);
    expect(() => openAs(world, FOPEN_PASSTHROUGH, ids[0])).toThrow(code('EIO'));
    process.close(cached);
    const direct = openAs(world, FOPEN_DIRECT_IO);
    const passed = openAs(world, FOPEN_PASSTHROUGH, ids[0]);
    // But the first cannot be mapped at this point.
    expect(() => process.mmap(PAGE_SIZE, PROT_READ, MAP_PRIVATE, { file: direct })).toThrow(
      code('ENODEV'),
    );
    process.close(passed);
    process.mmap(PAGE_SIZE, PROT_READ, MAP_PRIVATE, { file: direct });
    process.close(direct);
    world.end();
  });

  test('all have to have one backing file, an id that is one, and flags that go together', () => {
    const world = passing();
    const { process, ids } = world;
    const file = openAs(world, FOPEN_PASSTHROUGH, ids[0]);
    expect(() => openAs(world, FOPEN_PASSTHROUGH, ids[1])).toThrow(code('EIO'));
    process.close(file);
    for (const id of [0, -1, 17]) {
      expect(() => openAs(world, FOPEN_PASSTHROUGH, id)).toThrow(code('EIO'));
    }
    expect(() => openAs(world, FOPEN_PASSTHROUGH | FOPEN_KEEP_CACHE, ids[0])).toThrow(code('EIO'));
    process.close(openAs(world, FOPEN_PASSTHROUGH, ids[1]));
    world.end();
  });

  test('with FOPEN_DIRECT_IO too, reads and writes go to the server, maps to the backing file', () => {
    const world = passing();
    const { process, server, ids } = world;
    const file = openAs(world, FOPEN_PASSTHROUGH | FOPEN_DIRECT_IO, ids[0]);
    expect(world.read(file, 5000)).toEqual(server.content);
    const address = process.mmap(5000, RW, MAP_SHARED, { file });
    expect(process.load(address + 1)).toBe(bytesOf(2)[1]);
    process.close(file);
    world.end();
  });

  test('a backing id can be closed while files use it, and is gone then', () => {
    const world = passing();
    const { process, server, ids } = world;
    const file = openAs(world, FOPEN_PASSTHROUGH, ids[0]);
    server.device.backingClose(ids[0]!);
    expect(world.read(file, 5000)).toEqual(bytesOf(5000, 0));
    expect(() => openAs(world, FOPEN_PASSTHROUGH, ids[0])).toThrow(code('EIO'));
    expect(() => {
      server.device.backingClose(ids[0]!);
    }).toThrow(code('ENOENT'));
    process.close(file);
    world.end();
  });

  test('directories cannot be backing files; nor anything without FUSE_PASSTHROUGH', () => {
    const world = passing();
    const directory = world.process.open('/tmp');
    expect(() => world.server.device.backingOpen(directory)).toThrow(code('EISDIR'));
    world.process.close(directory);
    world.end();
    const plain = new World();
    const file = plain.open();
    expect(() => plain.server.device.backingOpen(file)).toThrow(code('EPERM'));
  });
});

describe.each([false, true])('the mirror of a tmpfs, passthrough: %s', (passthrough) => {
  function mirror(): { machine: Machine; process: Process } {
    const machine = new Machine();
    machine.mount('/tmp', new TmpfsSuperBlock(machine.phys));
    const server = new MirrorServer(machine.spawn(), '/tmp', { passthrough });
    machine.mount('/fuse', new FuseSuperBlock(machine.phys, server));
    return { machine, process: machine.spawn() };
  }

  test('names are made, found, renamed and removed through it', () => {
    const { machine, process } = mirror();
    process.mkdir('/fuse/d');
    const file = process.open('/fuse/d/f', { write: true, create: true });
    process.pwrite(file, 0, Uint8Array.of(1, 2, 3));
    process.link('/fuse/d/f', '/fuse/g');
    process.symlink('d/f', '/fuse/s');
    expect(process.readlink('/tmp/s')).toBe('d/f');
    expect(process.stat('/fuse/s')).toEqual(process.stat('/fuse/g'));
    expect(process.stat('/fuse/g')).toMatchObject({ size: 3, links: 2 });
    process.rename('/fuse/g', '/fuse/d/h');
    process.unlink('/fuse/d/f');
    expect(() => process.stat('/fuse/d/f')).toThrow(code('ENOENT'));
    process.unlink('/tmp/d/h');
    // Open, but without a name.
    process.ftruncate(file, 2);
    expect(process.fstat(file)).toMatchObject({ size: 2, links: 0 });
    const bytes = new Uint8Array(3);
    expect(process.pread(file, 0, bytes)).toBe(2);
    expect(bytes).toEqual(Uint8Array.of(1, 2, 0));
    process.close(file);
    process.rmdir('/fuse/d');
    process.unlink('/fuse/s');
    expect(() => process.stat('/tmp/d')).toThrow(code('ENOENT'));
    machine.umount('/fuse');
    expect(machine.phys.used).toBe(0);
  });
});
