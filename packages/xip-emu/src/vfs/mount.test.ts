import { describe, expect, test } from 'vitest';
import { romMachine } from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { TmpfsSuperBlock } from '../fs/tmpfs/super.js';
import { Machine } from '../machine.js';
import { MAP_PRIVATE, PROT_READ } from '../memory-map.js';
import type { Process } from '../process.js';

const code = (error: string): unknown => expect.objectContaining({ code: error });

function tmpfsMachine(...paths: readonly string[]): { machine: Machine; process: Process } {
  const machine = new Machine();
  for (const path of paths) machine.mount(path, new TmpfsSuperBlock(machine.phys));
  return { machine, process: machine.spawn() };
}

function make(process: Process, path: string): void {
  process.close(process.open(path, { write: true, create: true }));
}

describe('umount', () => {
  test('waits for files and maps, and for what is mounted below', () => {
    const { machine, process } = tmpfsMachine('/a', '/a/b', '/ab');
    make(process, '/a/b/f');
    const umount = (path: string) => () => {
      machine.umount(path);
    };
    expect(umount('/nothing')).toThrow(code('EINVAL'));
    expect(umount('/a')).toThrow(code('EBUSY'));
    const file = process.open('/a/b/f', { write: true });
    process.pwrite(file, 0, new Uint8Array(10));
    const address = process.mmap(1, PROT_READ, MAP_PRIVATE, { file });
    expect(umount('/a/b')).toThrow(code('EBUSY'));
    process.close(file);
    expect(umount('/a/b')).toThrow(code('EBUSY'));
    process.munmap(address, 1);
    machine.umount('/a/b');
    machine.umount('/a');
    expect(() => process.open('/a')).toThrow(code('ENOENT'));
    expect(machine.phys.used).toBe(0);
  });

  test('uncovers what was below', () => {
    const { machine, process } = tmpfsMachine('/a', '/a');
    make(process, '/a/second');
    machine.umount('/a');
    expect(() => process.open('/a/second')).toThrow(code('ENOENT'));
    make(process, '/a/first');
    machine.umount('/a');
    expect(() => {
      machine.umount('/a');
    }).toThrow(code('EINVAL'));
  });

  test('leaves a file system alone that is mounted elsewhere, too', () => {
    const { machine, process } = tmpfsMachine('/a');
    machine.mount('/b', machine.mounts.at('/a')!.sb, { readOnly: true });
    make(process, '/a/f');
    expect(() => process.open('/b/f', { write: true })).toThrow(code('EROFS'));
    machine.umount('/a');
    process.close(process.open('/b/f'));
    machine.remount('/b', { readOnly: false, bind: true });
    process.close(process.open('/b/f', { write: true }));
  });
});

describe('remount', () => {
  test('of a file system asks all its mounts, with bind only this one', () => {
    const { machine, process } = tmpfsMachine('/a');
    machine.mount('/b', machine.mounts.at('/a')!.sb);
    const file = process.open('/a/f', { write: true, create: true });
    expect(() => {
      machine.remount('/b', { readOnly: true });
    }).toThrow(code('EBUSY'));
    machine.remount('/b', { readOnly: true, bind: true });
    expect(() => {
      machine.remount('/a', { readOnly: true, bind: true });
    }).toThrow(code('EBUSY'));
    make(process, '/a/g');
    process.close(file);
    machine.remount('/a', { readOnly: true });
    // The flag of the mount is independent of that of the file system.
    machine.remount('/a', { readOnly: false });
    expect(() => {
      make(process, '/b/h');
    }).toThrow(code('EROFS'));
    make(process, '/a/h');
  });

  test('does not make cramfs writable', () => {
    const machine = romMachine(kernelImage('basic'));
    machine.remount('/rom', { readOnly: false });
    const process = machine.spawn();
    expect(() => process.open('/rom/direct-5p-sharedtail', { write: true })).toThrow(code('EROFS'));
    expect(() => {
      machine.remount('/nothing', { readOnly: true });
    }).toThrow(code('EINVAL'));
  });

  test('to read-only does not mind readers; nothing can be changed then', () => {
    const { machine, process } = tmpfsMachine('/a');
    make(process, '/a/f');
    const reader = process.open('/a/f');
    machine.remount('/a', { readOnly: true });
    expect(() => {
      process.unlink('/a/f');
    }).toThrow(code('EROFS'));
    expect(() => {
      process.truncate('/a/f', 1);
    }).toThrow(code('EROFS'));
    process.close(reader);
  });
});
