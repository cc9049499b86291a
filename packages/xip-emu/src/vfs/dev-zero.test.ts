import { describe, expect, test } from 'vitest';
import { errnoOf, mmOf } from '../../../../test/helpers/emulator.js';
import { TmpfsSuperBlock } from '../fs/tmpfs/super.js';
import { Machine, type MachineOptions } from '../machine.js';
import { MAP_NORESERVE, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../memory-map.js';
import { validateMm } from '../mm/validate.js';
import type { Process } from '../process.js';
import { accountMachine } from '../report/accounting.js';
import { areasIn } from '../report/areas.js';
import { pagesIn } from '../report/pages.js';
import { DEFAULT_PAGE_SIZE as P } from '../units.js';
import type { OpenFile } from './file.js';

const RW = PROT_READ | PROT_WRITE;
const END = 0x4000000000;

function zeroDevice(options: MachineOptions = {}): {
  machine: Machine;
  process: Process;
  open: (write: boolean) => OpenFile;
} {
  const machine = new Machine(options);
  machine.mount('/dev', new TmpfsSuperBlock(machine.phys));
  const process = machine.spawn();
  process.mknod('/dev/zero', 0o020666, { major: 1, minor: 5 });
  return { machine, process, open: (write) => process.open('/dev/zero', { write }) };
}

function backings(process: Process, at: number, pages: number): string[] {
  return pagesIn(process.mm, at, pages * P).map(({ backing }) => backing);
}

describe('mmap of /dev/zero: mmap_zero()', () => {
  test('private: anonymous memory under the name of the device', () => {
    const { machine, process, open } = zeroDevice();
    const file = open(true);
    const at = process.mmap(3 * P, RW, MAP_PRIVATE, { file, offset: 7 * P });
    process.close(file);
    expect(areasIn(process.mm, at, END)[0]).toMatchObject({ path: '/dev/zero', offset: 7 * P });
    expect(process.load(at + P)).toBe(0);
    expect(backings(process, at, 2)).toEqual(['none', 'zero']);
    process.store(at, 5);
    const child = machine.fork(process);
    child.store(at, 6);
    expect([process.load(at), child.load(at)]).toEqual([5, 6]);
    expect(
      errnoOf(() => {
        process.madvise(at, P, 'free');
      }),
    ).toBeUndefined();
    validateMm(mmOf(process));
    child.exit();
    process.munmap(at, 3 * P);
    expect(accountMachine(machine)).toMatchObject({ anonymousPages: 0 });
    expect(
      errnoOf(() => {
        machine.umount('/dev');
      }),
    ).toBeUndefined();
  });

  test('shared: pages of a file of its own, which a child shares', () => {
    const { machine, process, open } = zeroDevice();
    const file = open(true);
    const at = process.mmap(2 * P, RW, MAP_SHARED, { file });
    const other = process.mmap(2 * P, RW, MAP_SHARED, { file });
    process.close(file);
    expect(areasIn(process.mm, at, END)[0]!.line).toMatch(/rw-s .*\/dev\/zero \(deleted\)$/);
    const child = machine.fork(process);
    child.store(at + P, 9);
    expect([process.load(at + P), process.load(other + P)]).toEqual([9, 0]);
    child.exit();
    // The device is no longer in use.
    machine.umount('/dev');
    process.exit();
    expect(machine.phys.used).toBe(0);
  });

  test('shared, but not open for writing: as private', () => {
    const { process, open } = zeroDevice();
    const file = open(false);
    const at = process.mmap(P, PROT_READ, MAP_SHARED, { file });
    expect(areasIn(process.mm, at, END)[0]!.line).toMatch(/r--s .*\/dev\/zero$/);
    expect(process.load(at)).toBe(0);
    expect(backings(process, at, 1)).toEqual(['zero']);
    expect(errnoOf(() => process.mmap(P, RW, MAP_SHARED, { file }))).toBe('EACCES');
  });

  test('an offset of a shared map counts in its new file: SIGBUS past the end', () => {
    const { process, open } = zeroDevice();
    const file = open(true);
    const at = process.mmap(2 * P, RW, MAP_SHARED, { file, offset: P });
    expect(process.load(at)).toBe(0);
    expect(() => process.load(at + P)).toThrow('SIGBUS');
  });

  test('more than the RAM: ENOMEM, unless MAP_NORESERVE', () => {
    const { process, open } = zeroDevice({ ramSize: 16 * P });
    const file = open(true);
    const map = (flags: number) => errnoOf(() => process.mmap(64 * P, RW, flags, { file }));
    expect([map(MAP_PRIVATE), map(MAP_SHARED)]).toEqual(['ENOMEM', 'ENOMEM']);
    expect(map(MAP_SHARED | MAP_NORESERVE)).toBeUndefined();
    expect(file.refCount, 'failures leave nothing').toBe(1);
  });

  test('without an MMU it is a file to be copied, which the kernel cannot read', () => {
    const { machine, process, open } = zeroDevice({ mmu: false });
    const file = open(true);
    const used = machine.phys.used;
    expect(errnoOf(() => process.mmap(P, RW, MAP_PRIVATE, { file }))).toBe('EINVAL');
    expect(errnoOf(() => process.mmap(P, PROT_READ, MAP_SHARED, { file }))).toBe('ENODEV');
    expect(machine.phys.used).toBe(used);
  });
});
