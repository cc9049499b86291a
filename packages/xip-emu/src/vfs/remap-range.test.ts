import { beforeEach, describe, expect, test } from 'vitest';
import { errnoOf } from '../../../../test/helpers/emulator.js';
import { OverlaySuperBlock } from '../fs/overlay/super.js';
import { CowfsSuperBlock } from '../fs/cowfs/super.js';
import { TmpfsSuperBlock } from '../fs/tmpfs/super.js';
import { Machine } from '../machine.js';
import type { Process } from '../process.js';
import { DEFAULT_PAGE_SIZE as P } from '../units.js';
import type { OpenFile } from './file.js';

let machine: Machine;
let process: Process;
let cow: CowfsSuperBlock;
beforeEach(() => {
  machine = new Machine();
  cow = machine.mount('/cow', new CowfsSuperBlock(machine.phys));
  process = machine.spawn();
});

function bytes(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + seed * (index >> 8)) & 255);
}

function write(path: string, content: Uint8Array): OpenFile {
  const file = process.open(path, { write: true, create: true });
  process.pwrite(file, 0, content);
  return file;
}

function dedupe(
  source: OpenFile,
  target: OpenFile,
  [sourceOffset, length, targetOffset]: readonly [number, number, number],
): unknown {
  return process.fideduperange(source, target, { sourceOffset, length, targetOffset });
}

function failure(
  source: OpenFile,
  target: OpenFile,
  range: readonly [number, number, number],
): string | undefined {
  return errnoOf(() => dedupe(source, target, range));
}

describe('FIDEDUPERANGE', () => {
  test('shares pages with the same bytes, and no others', () => {
    const a = write('/cow/a', bytes(3 * P + 50));
    const b = write('/cow/b', bytes(3 * P + 50));
    expect(cow.store.used).toBe(8);
    expect(dedupe(a, b, [P, P, P])).toEqual({ status: 'same', bytesDeduped: P });
    expect(cow.store.used).toBe(7);
    process.pwrite(b, 2 * P, Uint8Array.of(bytes(3 * P)[2 * P]! + 1));
    expect(dedupe(a, b, [2 * P, P, 2 * P])).toEqual({ status: 'differs', bytesDeduped: 0 });
    expect(dedupe(a, b, [0, 3 * P, 0])).toEqual({ status: 'differs', bytesDeduped: 0 });
    expect(cow.store.used).toBe(7);
    // The ends of both files, with their partial blocks.
    expect(dedupe(a, b, [3 * P, 50, 3 * P])).toEqual({ status: 'same', bytesDeduped: 50 });
    expect(cow.store.used).toBe(6);
    cow.validate();
  });

  test('a partial block inside the target is left out, and counted all the same', () => {
    const a = write('/cow/a', bytes(P + 50));
    const b = write('/cow/b', bytes(2 * P));
    expect(dedupe(a, b, [0, P + 50, 0])).toEqual({ status: 'same', bytesDeduped: P + 50 });
    expect(cow.store.used).toBe(3);
    // A request within one block has no effect: the blocks are not even compared.
    const c = write('/cow/c', bytes(2 * P, 9));
    expect(dedupe(a, c, [P, 50, 0])).toEqual({ status: 'same', bytesDeduped: 50 });
    expect(cow.store.used).toBe(5);
  });

  test('the target need not be open for writing, but its mount has to be writable', () => {
    const a = write('/cow/a', bytes(P));
    process.close(write('/cow/b', bytes(P)));
    const b = process.open('/cow/b');
    expect(dedupe(a, b, [0, P, 0])).toEqual({ status: 'same', bytesDeduped: P });
    process.close(a);
    machine.remount('/cow', { readOnly: true });
    expect(failure(process.open('/cow/a'), b, [0, P, 0])).toBe('EROFS');
  });

  test('refusals', () => {
    machine.mount('/tmp', new TmpfsSuperBlock(machine.phys));
    const a = write('/cow/a', bytes(3 * P));
    const b = write('/cow/b', bytes(2 * P));
    const tmp = write('/tmp/t', bytes(2 * P));
    const unreadable = process.open('/cow/a', { read: false, write: true });
    const directory = process.open('/cow', { directory: true });
    expect(failure(unreadable, b, [0, P, 0])).toBe('EINVAL');
    expect(failure(directory, b, [0, P, 0])).toBe('EISDIR');
    expect(failure(tmp, b, [0, P, 0])).toBe('EOPNOTSUPP');
    expect(failure(a, tmp, [0, P, 0])).toBe('EXDEV');
    expect(failure(a, directory, [0, P, 0])).toBe('EISDIR');
    expect(failure(a, b, [0, 4 * P, 0]), 'beyond the source').toBe('EINVAL');
    expect(failure(a, b, [0, 3 * P, 0]), 'beyond the target').toBe('EINVAL');
    expect(failure(a, b, [1, P, 0])).toBe('EINVAL');
    expect(failure(a, b, [0, P, 1])).toBe('EINVAL');
    expect(failure(a, b, [-P, P, 0])).toBe('EINVAL');
    expect(failure(a, b, [0, P, 2 ** 63])).toBe('EINVAL');
    expect(failure(a, b, [0, 0.5, 0])).toBe('EINVAL');
    expect(failure(a, a, [0, 2 * P, P]), 'overlap').toBe('EINVAL');
    expect(dedupe(a, b, [0, 0, 0])).toEqual({ status: 'same', bytesDeduped: 0 });
    process.close(b);
    expect(failure(a, b, [0, P, 0])).toBe('EBADF');
  });
});

describe('through an overlay', () => {
  beforeEach(() => {
    const lower = machine.mount('/low', new CowfsSuperBlock(machine.phys));
    process.close(write('/low/lower', bytes(2 * P)));
    machine.mount('/ovl', new OverlaySuperBlock(lower.root, cow.root));
  });

  test('FIDEDUPERANGE of files of the upper layer; EPERM, and no copy-up, below', () => {
    const a = write('/ovl/a', bytes(2 * P));
    const b = write('/ovl/b', bytes(2 * P));
    const used = cow.store.used;
    expect(dedupe(a, b, [0, 2 * P, 0])).toEqual({ status: 'same', bytesDeduped: 2 * P });
    expect(cow.store.used).toBe(used - 2);
    process.pwrite(b, 0, Uint8Array.of(1));
    expect(dedupe(a, b, [0, P, 0])).toEqual({ status: 'differs', bytesDeduped: 0 });

    const lower = process.open('/ovl/lower');
    expect(failure(lower, b, [0, P, 0])).toBe('EPERM');
    expect(failure(a, lower, [0, P, 0])).toBe('EPERM');
    expect(errnoOf(() => process.stat('/cow/lower'))).toBe('ENOENT');
  });

  test('FICLONE: within the upper layer, EXDEV from below, EBADF for O_APPEND', () => {
    const a = write('/ovl/a', bytes(2 * P));
    const target = process.open('/ovl/copy', { write: true, create: true });
    process.ficlone(a, target);
    const copy = new Uint8Array(2 * P);
    process.pread(target, 0, copy);
    expect(copy).toEqual(bytes(2 * P));
    expect(cow.store.used).toBe(2);
    expect(process.fstat(target).size).toBe(2 * P);

    const clone = (from: OpenFile, to: OpenFile) =>
      errnoOf(() => {
        process.ficlone(from, to);
      });
    expect(clone(process.open('/ovl/lower'), target)).toBe('EXDEV');
    expect(clone(a, process.open('/ovl/copy', { write: true, append: true }))).toBe('EBADF');
  });

  test('an upper layer that shares no blocks: EOPNOTSUPP, EINVAL to dedupe', () => {
    const up = machine.mount('/up', new TmpfsSuperBlock(machine.phys));
    machine.mount('/plain', new OverlaySuperBlock(cow.root, up.root));
    const [a, b] = [write('/plain/x', bytes(P)), write('/plain/y', bytes(P))];
    expect(
      errnoOf(() => {
        process.ficlone(a, b);
      }),
    ).toBe('EOPNOTSUPP');
    expect(failure(a, b, [0, P, 0])).toBe('EINVAL');
  });
});
