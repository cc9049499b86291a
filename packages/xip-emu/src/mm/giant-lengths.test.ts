import { afterEach, describe, expect, test, vi } from 'vitest';
import { romMachine } from '../../../../test/helpers/emulator.js';
import {
  buildRawImage,
  file,
  noise,
  symlink,
  type RawNode,
} from '../../../../test/helpers/raw-image.js';
import { Machine } from '../machine.js';
import {
  MAP_ANONYMOUS,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from '../memory-map.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE, type Address } from '../units.js';
import { PageTable } from './page-table.js';

/*
 * A system call may be about more pages than anybody can look at. Entries of page tables that are read are
 * counted, not the time it takes.
 */

/** Counts what is looked at while `action` runs. */
function lookedAt(action: () => void): number {
  const get = vi.spyOn(PageTable.prototype, 'get');
  const set = vi.spyOn(PageTable.prototype, 'set');
  try {
    action();
    return get.mock.calls.length + set.mock.calls.length;
  } finally {
    get.mockRestore();
    set.mockRestore();
  }
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('64 GiB of which two pages are present', () => {
  const LENGTH = 2 ** 36;
  const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  function sparse() {
    const process = new Machine().spawn();
    const at = process.mmap(LENGTH, PROT_READ | PROT_WRITE, ANONYMOUS);
    process.store(at, 1);
    process.store(at + LENGTH - 1, 2);
    return { process, at };
  }
  type Call = (process: ReturnType<Machine['spawn']>, at: Address) => void;
  const calls: readonly (readonly [string, Call])[] = [
    [
      'munmap',
      (process, at) => {
        process.munmap(at, LENGTH);
      },
    ],
    [
      'mprotect',
      (process, at) => {
        process.mprotect(at, LENGTH, PROT_READ);
      },
    ],
    [
      'madvise dontneed',
      (process, at) => {
        process.madvise(at, LENGTH, 'dontneed');
      },
    ],
    [
      'madvise willneed',
      (process, at) => {
        process.madvise(at, LENGTH, 'willneed');
      },
    ],
    [
      'msync',
      (process, at) => {
        process.msync(at, LENGTH);
      },
    ],
    [
      'fork',
      (process) => {
        process.mm.fork();
      },
    ],
    [
      'exit',
      (process) => {
        process.exit();
      },
    ],
    [
      'mmap over it',
      (process, at) => {
        process.mmap(LENGTH, PROT_READ, ANONYMOUS, { address: at });
      },
    ],
  ];

  test.each(calls)('%s', (_, call) => {
    const { process, at } = sparse();
    // Both pages, and a page table of 512 entries around each.
    expect(
      lookedAt(() => {
        call(process, at);
      }),
    ).toBeLessThan(3000);
  });
});

describe('MAP_POPULATE of a length beyond the end of a file', () => {
  const { bytes } = buildRawImage({
    f: file(noise(5 * PAGE_SIZE)),
    d: file(noise(3 * PAGE_SIZE), { blocks: [{ kind: 'D', align: PAGE_SIZE }, 'D', 'U'] }),
  });

  test.each([
    ['/rom/f', MAP_PRIVATE],
    ['/rom/f', MAP_SHARED],
    ['/rom/d', MAP_PRIVATE],
  ] as const)('%s, flags %i: stops at the first page that is not there', (path, flags) => {
    const process = romMachine(bytes).spawn();
    const { size } = process.lstat(path);
    const options = { file: process.open(path) };
    let at = 0;
    const looked = lookedAt(() => {
      at = process.mmap(2 ** 35, PROT_READ, flags | MAP_POPULATE, options);
    });
    expect(looked).toBeLessThan(3000);
    const present = process.mincore(at, size).filter((page) => page === 1);
    expect(present).toHaveLength(Math.ceil(size / PAGE_SIZE));
  });
});

test('a farm of symlinks is left at the fortieth link', () => {
  const farm = Array.from({ length: 60 }, (_, index): [string, RawNode] => [
    `l${index}`,
    symlink(`l${index + 1}/l${index + 1}`),
  ]);
  const machine = romMachine(buildRawImage(farm).bytes);
  const process = machine.spawn();
  const reads = vi.spyOn(machine.mounts.at('/rom')!.sb as unknown as { read(): void }, 'read');
  for (let round = 0; round < 50; round += 1) {
    expect(() => process.stat('/rom/l0')).toThrow('ELOOP');
  }
  // Each link is searched for among at most 60 entries, and read.
  expect(reads.mock.calls.length).toBeLessThan(50 * 41 * 2 * 65);
});

describe('mincore() of more than there is', () => {
  test('finds the hole before it makes a vector', () => {
    const process = new Machine().spawn();
    const at = process.mmap(PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS);
    expect(() => process.mincore(at, 2 ** 46)).toThrow(expect.objectContaining({ code: 'ENOMEM' }));
  });

  test('of an area of more than 64 GiB is not emulated, and says so', () => {
    const process = new Machine().spawn();
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    const at = process.mmap(2 ** 37, PROT_READ, flags);
    expect(() => process.mincore(at, 2 ** 37)).toThrow('mincore() with a vector of 33554432 bytes');
  });
});
