import { describe, expect, test } from 'vitest';
import { mapFile, mmOf } from '../../../../../test/helpers/emulator.js';
import { concat, text } from '../../../../../test/helpers/raw-image.js';
import { Machine } from '../../machine.js';
import { MAP_SHARED, PROT_READ, PROT_WRITE } from '../../memory-map.js';
import { pteFrame } from '../../mm/pte.js';
import { validateMm } from '../../mm/validate.js';
import type { PolicyName } from '../../policy.js';
import type { Process } from '../../process.js';
import { accountMachine } from '../../report/accounting.js';
import { smapsCounts } from '../../mm/task-mmu.js';
import type { TraceEvent } from '../../trace.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../../units.js';
import { CowfsSuperBlock, type CowfsOptions } from './super.js';
import { cowfsInode } from './inode.js';

const P = PAGE_SIZE;
const RW = PROT_READ | PROT_WRITE;
const POLICIES = ['linux-6.12', 'linux-6.12-shared-page-cache'] as const;
const SHARING = POLICIES[1];

class Ground {
  readonly machine: Machine;
  readonly sb: CowfsSuperBlock;
  readonly process: Process;

  constructor(policy: PolicyName = SHARING, options: CowfsOptions = {}) {
    this.machine = new Machine({ policy, faultAround: P });
    this.sb = this.machine.mount('/cow', new CowfsSuperBlock(this.machine.phys, options));
    this.process = this.machine.spawn();
  }

  write(name: string, bytes: Uint8Array, at = 0): void {
    const file = this.process.open(`/cow/${name}`, { write: true, create: true });
    try {
      expect(this.process.pwrite(file, at, bytes)).toBe(bytes.length);
    } finally {
      this.process.close(file);
    }
  }

  read(name: string): Uint8Array {
    const file = this.process.open(`/cow/${name}`);
    const bytes = new Uint8Array(this.process.fstat(file).size);
    this.process.pread(file, 0, bytes);
    this.process.close(file);
    return bytes;
  }

  clone(
    source: string,
    target: string,
    range: { sourceOffset?: number; length?: number; targetOffset?: number } = {},
  ): void {
    const from = this.process.open(`/cow/${source}`);
    const to = this.process.open(`/cow/${target}`, { write: true, create: true });
    try {
      this.process.ficlone(from, to, range);
    } finally {
      this.process.close(from);
      this.process.close(to);
    }
    this.check();
  }

  blocks(name: string): { blocks: number; shared: number } {
    return cowfsInode(this.sb.root.lookup(name)!).blockCounts();
  }

  map(name: string, pages: number, prot: number, flags?: number): number {
    const file = this.process.open(`/cow/${name}`, { write: true });
    const address = this.process.mmap(pages * P, prot, flags ?? 2, { file });
    this.process.close(file);
    return address;
  }

  frame(address: number): number {
    this.process.load(address);
    return pteFrame(mmOf(this.process).pageTable.get(address / PAGE_SIZE));
  }

  sync(name: string): void {
    const file = this.process.open(`/cow/${name}`);
    this.process.fsync(file);
    this.process.close(file);
    this.check();
  }

  check(): void {
    this.sb.validate();
    this.sb.sharedPages?.validate();
    validateMm(mmOf(this.process));
  }

  get account(): ReturnType<typeof accountMachine> {
    return accountMachine(this.machine);
  }
}

const three = text(3 * P);

describe.each(POLICIES)('cowfs under %s', (policy) => {
  test('a clone has the same bytes and blocks; a write gives a block to one of them', () => {
    const ground = new Ground(policy);
    ground.write('a', three);
    ground.clone('a', 'b');
    expect(ground.read('b')).toEqual(three);
    expect(ground.sb.store.used).toBe(3);
    ground.write('b', text(10, 7), P + 5);
    expect(ground.blocks('a')).toEqual({ blocks: 3, shared: 2 });
    expect(ground.blocks('b')).toEqual({ blocks: 3, shared: 2 });
    expect(ground.sb.store.used).toBe(4);
    const changed = three.slice();
    changed.set(text(10, 7), P + 5);
    expect(ground.read('a')).toEqual(three);
    expect(ground.read('b')).toEqual(changed);
    ground.sync('b');
    ground.sb.dropCaches();
    expect(ground.machine.phys.used).toBe(0);
    expect(ground.read('a')).toEqual(three);
    expect(ground.read('b')).toEqual(changed);
  });

  test('a store through a shared map, before and after a clone', () => {
    const ground = new Ground(policy);
    ground.write('a', three);
    const a = ground.map('a', 3, RW, MAP_SHARED);
    ground.process.store(a, 1);
    ground.clone('a', 'b');
    const b = ground.map('b', 3, RW, MAP_SHARED);
    ground.process.store(a, 2);
    ground.check();
    expect(ground.process.load(b)).toBe(1);
    ground.process.store(b, 3);
    ground.check();
    expect([ground.process.load(a), ground.process.load(b)]).toEqual([2, 3]);
    expect([ground.read('a')[0], ground.read('b')[0]]).toEqual([2, 3]);
    ground.machine.mounts.at('/cow')!.sb.sync();
    ground.check();
    expect(ground.blocks('a')).toEqual({ blocks: 3, shared: 2 });
    // Clean again: the next store asks the file system again.
    ground.clone('b', 'c');
    ground.process.store(b, 4);
    expect([ground.read('b')[0], ground.read('c')[0]]).toEqual([4, 3]);
    ground.check();
  });

  test('a range, holes, and a last page that is not full', () => {
    const ground = new Ground(policy);
    ground.write('a', text(3 * P + 77));
    ground.write('b', text(P, 5), 4 * P);
    ground.clone('a', 'b', { sourceOffset: P, length: P, targetOffset: 2 * P });
    const expected = concat(
      new Uint8Array(2 * P),
      text(3 * P + 77).subarray(P, 2 * P),
      new Uint8Array(P),
      text(P, 5),
    );
    expect(ground.read('b')).toEqual(expected);
    expect(ground.blocks('b')).toEqual({ blocks: 2, shared: 1 });
    // A hole replaces the old content.
    ground.clone('b', 'a', { sourceOffset: 0, length: P });
    expect(ground.blocks('a')).toEqual({ blocks: 3, shared: 1 });
    expect(ground.read('a').subarray(0, P)).toEqual(new Uint8Array(P));
    // The last block reaches the end of a file, and the file grows up to it.
    ground.clone('a', 'b', { sourceOffset: 3 * P, targetOffset: 6 * P });
    expect(ground.read('b').length).toBe(6 * P + 77);
    expect(ground.read('b').subarray(6 * P)).toEqual(text(3 * P + 77).subarray(3 * P));
    expect(() => {
      ground.clone('a', 'b', { sourceOffset: 3 * P, targetOffset: 2 * P });
    }).toThrow('EINVAL');
  });

  test('truncation of one file leaves the other', () => {
    const ground = new Ground(policy);
    ground.write('a', three);
    ground.clone('a', 'b');
    const a = ground.map('a', 3, PROT_READ);
    const b = ground.map('b', 3, PROT_READ);
    for (let page = 0; page < 3; page += 1) {
      ground.process.load(a + page * P);
      ground.process.load(b + page * P);
    }
    ground.process.truncate('/cow/b', P + 100);
    ground.check();
    expect(ground.read('a')).toEqual(three);
    expect(ground.process.load(a + 2 * P)).toBe(three[2 * P]);
    expect(() => ground.process.load(b + 2 * P)).toThrow('SIGBUS');
    expect(ground.process.load(b + P + 100)).toBe(0);
    expect(ground.process.load(a + P + 100)).toBe(three[P + 100]);
    ground.process.truncate('/cow/b', 3 * P);
    expect(ground.read('b')).toEqual(
      concat(three.subarray(0, P + 100), new Uint8Array(2 * P - 100)),
    );
    expect(ground.blocks('b')).toEqual({ blocks: 2, shared: 1 });
    ground.process.truncate('/cow/a', 0);
    ground.check();
    expect(ground.sb.store.used).toBe(2);
    expect(() => ground.process.load(a)).toThrow('SIGBUS');
    expect(ground.process.load(b)).toBe(three[0]);
  });

  test('bytes after the end do not become part of the file', () => {
    const ground = new Ground(policy);
    ground.write('a', text(100));
    const a = ground.map('a', 1, RW, MAP_SHARED);
    ground.process.store(a + 200, 7);
    expect(ground.process.load(a + 200)).toBe(7);
    ground.clone('a', 'b');
    ground.write('b', text(1, 9), 300);
    ground.process.store(a + 200, 7);
    ground.write('a', text(1, 9), 300);
    const expected = concat(text(100), new Uint8Array(200), text(1, 9));
    expect(ground.read('a')).toEqual(expected);
    expect(ground.read('b')).toEqual(expected);
  });

  test('unlinked files keep their blocks until they are closed', () => {
    const ground = new Ground(policy);
    ground.write('a', three);
    ground.clone('a', 'b');
    const a = ground.map('a', 3, PROT_READ);
    ground.process.unlink('/cow/a');
    ground.process.unlink('/cow/b');
    ground.check();
    expect(ground.sb.store.used).toBe(3);
    expect(ground.process.load(a + P)).toBe(three[P]);
    ground.process.munmap(a, 3 * P);
    ground.check();
    expect(ground.sb.store.used).toBe(0);
    expect(ground.machine.phys.used).toBe(0);
  });

  test('a full device: ENOSPC, short writes, SIGBUS for a store, and the other file unharmed', () => {
    const ground = new Ground(policy, { blocks: 4 });
    ground.write('a', three);
    ground.clone('a', 'b');
    ground.write('b', text(1, 3));
    const b = ground.map('b', 3, RW, MAP_SHARED);
    expect(() => {
      ground.process.store(b + P, 1);
    }).toThrow('SIGBUS');
    expect(() => {
      ground.write('b', text(1, 3), P);
    }).toThrow('ENOSPC');
    const file = ground.process.open('/cow/b', { write: true });
    expect(ground.process.pwrite(file, P - 2, text(10, 4))).toBe(2);
    ground.process.close(file);
    expect(ground.read('a')).toEqual(three);
    ground.check();
    ground.process.unlink('/cow/a');
    ground.process.store(b + P, 1);
    ground.check();
  });

  test('a pipe keeps what it got', () => {
    const ground = new Ground(policy);
    ground.write('a', three);
    ground.clone('a', 'b');
    ground.sb.dropCaches();
    const file = ground.process.open('/cow/a');
    const pipe = ground.process.pipe();
    ground.process.splice({ file, position: 0 }, pipe, 2 * P);
    ground.read('b');
    ground.process.truncate('/cow/a', 0);
    ground.process.close(file);
    ground.process.unlink('/cow/b');
    const bytes = new Uint8Array(2 * P);
    pipe.read(bytes);
    expect(bytes).toEqual(three.subarray(0, 2 * P));
    pipe.close();
    ground.check();
    expect(ground.machine.phys.used).toBe(0);
  });

  test('umount and mount: the device has all', () => {
    const ground = new Ground(policy);
    ground.write('a', three);
    ground.clone('a', 'b');
    ground.write('b', text(5), P);
    ground.machine.mounts.remove('/cow');
    expect(ground.machine.phys.used).toBe(0);
    ground.machine.mount('/cow', ground.sb);
    expect(ground.read('a')).toEqual(three);
    expect(ground.read('b').subarray(P, P + 5)).toEqual(text(5));
    ground.check();
  });
});

/** Reads so much that the emulator keeps no decoded content of earlier pages. */
function forgetContents(ground: Ground): void {
  const pages = 4200;
  ground.write('large', new Uint8Array(pages * P).fill(1));
  ground.sync('large');
  ground.sb.dropCaches();
  const file = ground.process.open('/cow/large');
  ground.process.pread(file, 0, new Uint8Array(pages * P));
  ground.process.close(file);
}

test('a clean page whose first file is gone has its bytes from the others', () => {
  const ground = new Ground();
  ground.write('a', three);
  ground.clone('a', 'b');
  ground.sb.dropCaches();
  ground.read('a');
  const b = ground.map('b', 3, PROT_READ);
  for (let page = 0; page < 3; page += 1) ground.process.load(b + page * P);
  expect(ground.account.sharingSavedBytes).toBe(3 * P);
  ground.process.truncate('/cow/a', 0);
  forgetContents(ground);
  expect(ground.read('b')).toEqual(three);
});

test('a page that becomes writable has the bytes of its old block', () => {
  for (const policy of POLICIES) {
    const ground = new Ground(policy);
    ground.write('a', three);
    ground.clone('a', 'b');
    ground.sb.dropCaches();
    const a = ground.map('a', 3, RW, MAP_SHARED);
    ground.process.load(a);
    forgetContents(ground);
    ground.process.store(a + 1, 9);
    expect([ground.process.load(a), ground.process.load(a + 1)]).toEqual([three[0], 9]);
    expect(ground.read('b')).toEqual(three);
  }
});

test('FICLONE refuses what Linux refuses', () => {
  const ground = new Ground();
  const { process } = ground;
  ground.write('a', text(2 * P + 1));
  ground.write('b', text(5 * P));
  for (const range of [
    { sourceOffset: 1 },
    { targetOffset: 100 },
    { length: 100 },
    { length: 3 * P },
    { sourceOffset: 3 * P },
    { sourceOffset: -P },
    // A partial block into the middle of the other file.
    { sourceOffset: 2 * P, targetOffset: P },
  ]) {
    expect(() => {
      ground.clone('a', 'b', range);
    }, JSON.stringify(range)).toThrow('EINVAL');
  }
  expect(() => {
    ground.clone('b', 'b', { length: 2 * P, targetOffset: P });
  }).toThrow('EINVAL');
  ground.clone('b', 'b', { length: 2 * P, targetOffset: 2 * P });
  expect(ground.blocks('b')).toEqual({ blocks: 5, shared: 4 });
  const readOnly = process.open('/cow/a');
  expect(() => {
    process.ficlone(readOnly, readOnly);
  }).toThrow('EBADF');
  const directory = process.open('/cow');
  expect(() => {
    process.ficlone(directory, readOnly);
  }).toThrow('EISDIR');
  ground.machine.mount('/other', new CowfsSuperBlock(ground.machine.phys));
  const other = process.open('/other/x', { write: true, create: true });
  expect(() => {
    process.ficlone(readOnly, other);
  }).toThrow('EXDEV');
});

describe('page-cache sharing', () => {
  test('a page that was cached before the clone is found by the copy', () => {
    const ground = new Ground();
    ground.write('a', three);
    const a = ground.map('a', 3, PROT_READ);
    const frame = ground.frame(a);
    ground.clone('a', 'b');
    const events: TraceEvent[] = [];
    ground.machine.trace.sink = (event) => events.push(event);
    const b = ground.map('b', 3, PROT_READ);
    expect(ground.frame(b)).toBe(frame);
    expect(events.map(({ type }) => type)).toEqual(['mmap', 'share-folio', 'fault']);
    expect(ground.account).toMatchObject({ pageCachePages: 3, sharingSavedBytes: P });
    const counts = smapsCounts(
      mmOf(ground.process),
      mmOf(ground.process).vmas.vmaAt(b / PAGE_SIZE)!,
    );
    expect(counts).toMatchObject({ rss: P, pss: P / 2, sharedClean: P });
  });

  test('a write unshares one page, and maps of that file alone fault again', () => {
    const ground = new Ground();
    ground.write('a', three);
    ground.clone('a', 'b');
    const a = ground.map('a', 3, PROT_READ);
    const b = ground.map('b', 3, PROT_READ);
    const before = [0, 1, 2].map((page) => ground.frame(a + page * P));
    expect([0, 1, 2].map((page) => ground.frame(b + page * P))).toEqual(before);
    const events: TraceEvent[] = [];
    ground.machine.trace.sink = (event) => events.push(event);
    ground.write('b', text(1, 9), P);
    const { ino } = ground.process.stat('/cow/b');
    expect(events).toEqual([{ type: 'unshare-folio', fs: 'cowfs', ino, index: 1 }]);
    ground.check();
    const { pageTable } = mmOf(ground.process);
    expect(pageTable.get(b / PAGE_SIZE + 1)).toBe(0);
    expect([0, 1, 2].map((page) => ground.frame(a + page * P))).toEqual(before);
    const after = [0, 1, 2].map((page) => ground.frame(b + page * P));
    expect([after[0], after[2]]).toEqual([before[0], before[2]]);
    expect(after[1]).not.toBe(before[1]);
    expect(ground.account).toMatchObject({ pageCachePages: 4, sharingSavedBytes: 2 * P });
  });

  test('a private copy stays when the page below it is unshared', () => {
    const ground = new Ground();
    ground.write('a', three);
    ground.clone('a', 'b');
    const a = ground.map('a', 3, RW);
    const b = ground.map('b', 3, RW);
    ground.process.load(a);
    ground.process.load(b);
    ground.process.store(b, 77);
    expect([ground.process.load(a), ground.process.load(b)]).toEqual([three[0], 77]);
    ground.write('b', Uint8Array.of(78), 0);
    ground.check();
    expect([ground.process.load(a), ground.process.load(b)]).toEqual([three[0], 77]);
    expect([ground.read('a')[0], ground.read('b')[0]]).toEqual([three[0], 78]);
    expect(ground.account.sharingSavedBytes).toBe(2 * P);
  });

  test('the page that was written first is shared again after another clone', () => {
    const ground = new Ground();
    ground.write('a', three);
    ground.clone('a', 'b');
    ground.write('b', text(P, 3), P);
    ground.clone('b', 'c');
    ground.read('a');
    ground.read('b');
    ground.read('c');
    ground.check();
    // Three files of three pages; page 1 exists twice.
    expect(ground.account).toMatchObject({ pageCachePages: 4, sharingSavedBytes: 5 * P });
  });

  test('a child of fork shares what the parent mapped', () => {
    const ground = new Ground();
    ground.write('a', three);
    ground.clone('a', 'b');
    const a = ground.map('a', 3, RW, MAP_SHARED);
    const b = ground.map('b', 3, RW, MAP_SHARED);
    ground.process.load(a);
    const child = ground.machine.fork(ground.process);
    child.load(a);
    child.load(b);
    child.store(b, 5);
    ground.check();
    expect([ground.process.load(b), ground.process.load(a), child.load(a)]).toEqual([
      5,
      three[0],
      three[0],
    ]);
    child.exit();
  });

  test('mapFile through a read-only descriptor shares as well', () => {
    const ground = new Ground();
    ground.write('a', three);
    ground.clone('a', 'b');
    const a = mapFile(ground.process, '/cow/a', 3, PROT_READ, { flags: MAP_SHARED });
    const b = mapFile(ground.process, '/cow/b', 3, PROT_READ, { flags: MAP_SHARED });
    expect(ground.frame(a)).toBe(ground.frame(b));
  });
});
