import { describe, expect, test } from 'vitest';
import { tarArchive, tarItem } from '../../../../../test/helpers/tar-builder.js';
import {
  hasPager,
  readAll,
  tarfsWorld,
  writeAt,
  type TarfsWorld,
} from '../../../../../test/helpers/tarfs.js';
import { AccessFault } from '../../errno.js';
import {
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_MAYMOVE,
  PROT_READ,
  PROT_WRITE,
} from '../../memory-map.js';
import type { Process } from '../../process.js';
import type { TraceEvent } from '../../trace.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../../units.js';

const SIZE = 3 * PAGE_SIZE + 100;

function byteAt(position: number): number {
  return (position * 7 + (position >> 8)) & 255;
}

const CONTENT = Uint8Array.from({ length: SIZE }, (_, position) => byteAt(position));

function world(): TarfsWorld {
  return tarfsWorld(
    tarArchive(
      tarItem({ name: 'before', data: 'untouched' }),
      tarItem({ name: 'file', data: CONTENT }),
      tarItem({ name: 'after', data: 'untouched, too' }),
    ),
  );
}

interface MapRequest {
  readonly flags?: number;
  readonly prot?: number;
  readonly pages?: number;
}

function map(
  process: Process,
  { flags = MAP_SHARED, prot = PROT_READ | PROT_WRITE, pages = 5 }: MapRequest = {},
): number {
  const file = process.open('/tar/file', { write: true });
  const address = process.mmap(pages * PAGE_SIZE, prot, flags, { file });
  process.close(file);
  return address;
}

function signalOf(access: () => unknown): string | undefined {
  try {
    access();
  } catch (error) {
    if (error instanceof AccessFault) return error.signal;
    throw error;
  }
  return undefined;
}

function byteOf(process: Process, position: number): number | undefined {
  return readAll(process, '/tar/file')[position];
}

describe('a pager per node', () => {
  test('is made at the first map, not at open, read or write; goes with the last map', () => {
    const { machine, tarfs, process } = world();
    const events: TraceEvent[] = [];
    machine.trace.sink = (event) => {
      if (event.type === 'pager') events.push(event);
    };
    const file = process.open('file', { write: true });
    process.pread(file, 0, new Uint8Array(10));
    process.pwrite(file, 0, CONTENT.subarray(0, 10));
    expect(hasPager(tarfs, 'file')).toBe(false);
    expect(machine.phys.used).toBe(0);

    const first = map(process, { prot: PROT_READ });
    const second = map(process, { flags: MAP_PRIVATE });
    expect(hasPager(tarfs, 'file')).toBe(true);
    expect(hasPager(tarfs, 'before')).toBe(false);
    process.load(first);
    process.munmap(first, 5 * PAGE_SIZE);
    expect(hasPager(tarfs, 'file')).toBe(true);
    process.munmap(second, 5 * PAGE_SIZE);
    expect(hasPager(tarfs, 'file')).toBe(false);
    process.close(file);
    expect(events.map((event) => event.type === 'pager' && event.made)).toEqual([true, false]);
    expect(machine.phys.used).toBe(0);
  });

  test('parts of a map, a child’s maps, and an exit count', () => {
    const { machine, tarfs, process } = world();
    const address = map(process);
    process.munmap(address + PAGE_SIZE, PAGE_SIZE);
    process.mprotect(address, PAGE_SIZE, PROT_READ);
    const child = machine.fork(process);
    process.exit();
    expect(hasPager(tarfs, 'file')).toBe(true);
    child.mremap(address + 2 * PAGE_SIZE, PAGE_SIZE, 2 * PAGE_SIZE, MREMAP_MAYMOVE);
    child.munmap(address, PAGE_SIZE);
    expect(hasPager(tarfs, 'file')).toBe(true);
    child.exit();
    expect(hasPager(tarfs, 'file')).toBe(false);
  });

  test('its unwritten pages are written when it goes', () => {
    const { process } = world();
    const address = map(process);
    process.store(address + 5000, 0xaa);
    process.munmap(address, 5 * PAGE_SIZE);
    expect(byteOf(process, 5000)).toBe(0xaa);
    expect(process.load(map(process) + 5000)).toBe(0xaa);
  });

  test('the file may be closed, and even removed, while it is mapped', () => {
    const { machine, process } = world();
    const address = map(process);
    process.load(address);
    process.unlink('file');
    process.store(address, 1);
    expect(process.load(address + SIZE - 1)).toBe(byteAt(SIZE - 1));
    process.exit();
    expect(machine.phys.used).toBe(0);
  });
});

describe('coherence', () => {
  test('a read-only map shows the archive’s bytes, with zeros up to the end of the last page', () => {
    const { process } = world();
    const address = map(process, { prot: PROT_READ, pages: 4 });
    const bytes = new Uint8Array(4 * PAGE_SIZE);
    expect(process.loadRange(address, bytes)).toEqual({ loaded: 4 * PAGE_SIZE });
    expect(bytes.subarray(0, SIZE)).toEqual(CONTENT);
    expect(bytes.subarray(SIZE).every((byte) => byte === 0)).toBe(true);
  });

  test('a write is seen at once through every map, of every process, touched before or not', () => {
    const { machine, process } = world();
    const touched = map(process);
    process.load(touched);
    process.store(touched + PAGE_SIZE, 1);
    const untouched = map(process, { prot: PROT_READ });
    const child = machine.fork(process);
    const readOnly = map(child, { flags: MAP_PRIVATE, prot: PROT_READ });
    child.load(readOnly);
    writeAt(process, 'file', PAGE_SIZE - 1, Uint8Array.of(0x11, 0x22));
    for (const [reader, address] of [
      [process, touched],
      [process, untouched],
      [child, touched],
      [child, readOnly],
    ] as const) {
      expect([reader.load(address + PAGE_SIZE - 1), reader.load(address + PAGE_SIZE)]).toEqual([
        0x11, 0x22,
      ]);
    }
  });

  test('a store through a shared map is seen at once by read, and through other maps', () => {
    const { machine, process } = world();
    const child = machine.fork(process);
    const one = map(process);
    const other = map(child, { prot: PROT_READ });
    child.load(other + 2 * PAGE_SIZE);
    process.store(one + 2 * PAGE_SIZE, 0x33);
    expect(byteOf(process, 2 * PAGE_SIZE)).toBe(0x33);
    expect(byteOf(child, 2 * PAGE_SIZE)).toBe(0x33);
    expect(child.load(other + 2 * PAGE_SIZE)).toBe(0x33);
  });

  test('a store through a private map is seen by nobody else, and ends what that page sees', () => {
    const { process } = world();
    const copy = map(process, { flags: MAP_PRIVATE });
    const shared = map(process);
    process.store(copy + 10, 0x44);
    expect(byteOf(process, 10)).toBe(byteAt(10));
    expect(process.load(shared + 10)).toBe(byteAt(10));
    writeAt(process, 'file', 10, Uint8Array.of(0x55, 0x66));
    writeAt(process, 'file', PAGE_SIZE, Uint8Array.of(0x77));
    expect([process.load(copy + 10), process.load(copy + 11)]).toEqual([0x44, byteAt(11)]);
    expect(process.load(copy + PAGE_SIZE)).toBe(0x77);
  });

  test('truncation: SIGBUS past the end, zeros in the rest of the last page', () => {
    const { process } = world();
    const address = map(process);
    const copy = map(process, { flags: MAP_PRIVATE });
    process.load(address + 2 * PAGE_SIZE);
    process.store(copy + 2 * PAGE_SIZE, 1);
    process.truncate('file', PAGE_SIZE + 50);
    expect(signalOf(() => process.load(address + 2 * PAGE_SIZE))).toBe('SIGBUS');
    expect(
      signalOf(() => {
        process.store(address + 2 * PAGE_SIZE, 1);
      }),
    ).toBe('SIGBUS');
    expect(signalOf(() => process.load(copy + 2 * PAGE_SIZE))).toBe('SIGBUS');
    expect(process.load(address + PAGE_SIZE + 49)).toBe(byteAt(PAGE_SIZE + 49));
    expect(process.load(address + PAGE_SIZE + 50)).toBe(0);
    expect(readAll(process, 'file')).toEqual(CONTENT.subarray(0, PAGE_SIZE + 50));
  });

  test('growth: new pages are there, of zeros, also where a map stored past the old end', () => {
    const { process } = world();
    const address = map(process);
    expect(signalOf(() => process.load(address + 4 * PAGE_SIZE))).toBe('SIGBUS');
    process.store(address + SIZE + 5, 0x99);
    process.truncate('file', 4 * PAGE_SIZE + 1);
    expect(process.load(address + SIZE + 5)).toBe(0);
    expect(process.load(address + 4 * PAGE_SIZE)).toBe(0);
    process.store(address + 4 * PAGE_SIZE, 7);
    expect(byteOf(process, 4 * PAGE_SIZE)).toBe(7);
    expect(byteOf(process, SIZE + 5)).toBe(0);
  });

  test('growth by a write past the end: the gap is zeros', () => {
    const { process } = world();
    const address = map(process, { pages: 6 });
    process.store(address + SIZE + 5, 0x99);
    writeAt(process, 'file', 4 * PAGE_SIZE + 10, Uint8Array.of(5));
    expect(process.load(address + SIZE + 5)).toBe(0);
    expect(process.load(address + 4 * PAGE_SIZE + 10)).toBe(5);
    expect(readAll(process, 'file').length).toBe(4 * PAGE_SIZE + 11);
  });

  test('a shorter file that grows again has zeros where it was cut, mapped or not', () => {
    const { process } = world();
    process.truncate('file', 100);
    process.truncate('file', SIZE);
    expect(
      readAll(process, 'file')
        .subarray(100)
        .every((byte) => byte === 0),
    ).toBe(true);
    const address = map(process);
    process.store(address + 90, 1);
    process.truncate('file', 80);
    process.truncate('file', 200);
    expect([process.load(address + 79), process.load(address + 90)]).toEqual([byteAt(79), 0]);
  });

  test('after msync and sync a store makes its page dirty again', () => {
    const { machine, tarfs, process } = world();
    const address = map(process);
    process.store(address, 1);
    process.msync(address, PAGE_SIZE);
    const synced = tarfs.archive;
    process.store(address, 2);
    expect(byteOf(process, 0)).toBe(2);
    machine.sync();
    expect(tarfs.archive).not.toBe(synced);
    process.store(address, 3);
    process.munmap(address, 5 * PAGE_SIZE);
    expect(byteOf(process, 0)).toBe(3);
  });
});

test('splice gives what read gives, with a pager and without', () => {
  const { process } = world();
  const source = process.open('file');
  const target = process.open('copy', { write: true, create: true });
  const from = { file: source, position: 4000 };
  const to = { file: target, position: 0 };
  expect(process.sendfile(from, to, 200)).toBe(200);
  const address = map(process);
  process.store(address + 4000, 0xee);
  process.sendfile(from, to, 1);
  expect([...readAll(process, 'copy').subarray(0, 2)]).toEqual([0xee, byteAt(4001)]);
});

test('remounted read-only: what was written is in the archive, and nothing more comes', () => {
  const { machine, process, tarfs } = world();
  writeAt(process, 'before', 0, Uint8Array.of(0x55));
  machine.mounts.at('/tar')!.remount({ readOnly: true });
  expect(tarfs.archive[512]).toBe(0x55);
  expect(() => process.open('before', { write: true })).toThrow('EROFS');
  machine.mounts.at('/tar')!.remount({ readOnly: false });
  writeAt(process, 'before', 0, Uint8Array.of(0x56));
  const compressed = tarfsWorld(tarArchive(tarItem({ name: 'file' })), { readOnly: true });
  expect(() => {
    compressed.machine.mounts.at('/tar')!.remount({ readOnly: false });
  }).toThrow('EROFS');
});

test('a read-only mount: maps for reading and private copies, nothing else', () => {
  const { process } = tarfsWorld(tarArchive(tarItem({ name: 'file', data: 'content' })), {
    readOnly: true,
  });
  expect(() => process.open('file', { write: true })).toThrow('EROFS');
  const file = process.open('file');
  expect(() => process.mmap(PAGE_SIZE, PROT_WRITE, MAP_SHARED, { file })).toThrow('EACCES');
  const address = process.mmap(PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, { file });
  process.store(address, 1);
  expect(process.load(address + 1)).toBe('o'.charCodeAt(0));
  expect(() => {
    process.mkdir('d');
  }).toThrow('EROFS');
});

test('without an MMU private maps are copies, shared ones are refused', () => {
  const archive = tarArchive(tarItem({ name: 'file', data: CONTENT }));
  const { process } = tarfsWorld(archive, { mmu: false });
  const file = process.open('file', { write: true });
  const address = process.mmap(SIZE, PROT_READ, MAP_PRIVATE, { file });
  expect(process.load(address + SIZE - 1)).toBe(byteAt(SIZE - 1));
  expect(() => process.mmap(SIZE, PROT_READ, MAP_SHARED, { file })).toThrow('ENODEV');
});
