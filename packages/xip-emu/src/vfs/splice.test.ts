import { describe, expect, test } from 'vitest';
import { romMachine } from '../../../../test/helpers/emulator.js';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { tarfsWorld } from '../../../../test/helpers/tarfs.js';
import { TmpfsSuperBlock } from '../fs/tmpfs/super.js';
import { Machine } from '../machine.js';
import type { Process } from '../process.js';
import { accountMachine } from '../report/accounting.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import type { OpenFile } from './file.js';

const code = (error: string): unknown => expect.objectContaining({ code: error });

const bytesOf = (length: number, first = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, at) => (first + at * 7 + (at >> 8)) & 255);

interface World {
  readonly machine: Machine;
  readonly process: Process;
  readonly file: OpenFile;
}

/** A file in a tmpfs: a page of bytes, a hole of a page, 100 bytes. */
function tmpfsWorld(): World {
  const machine = new Machine();
  machine.mount('/tmp', new TmpfsSuperBlock(machine.phys));
  const process = machine.spawn();
  const file = process.open('/tmp/f', { write: true, create: true });
  process.pwrite(file, 0, bytesOf(PAGE_SIZE));
  process.pwrite(file, 2 * PAGE_SIZE, bytesOf(100));
  return { machine, process, file };
}

function contentOf(process: Process, file: OpenFile): Uint8Array {
  const bytes = new Uint8Array(process.fstat(file).size);
  expect(process.pread(file, 0, bytes)).toBe(bytes.length);
  return bytes;
}

describe('pipes', () => {
  test('take 16 pages and give bytes in their order', () => {
    const { process } = tmpfsWorld();
    const pipe = process.pipe();
    expect(() => pipe.read(new Uint8Array(1))).toThrow(code('EAGAIN'));
    const bytes = bytesOf(20 * PAGE_SIZE);
    expect(pipe.write(bytes)).toBe(16 * PAGE_SIZE);
    expect(() => pipe.write(bytes)).toThrow(code('EAGAIN'));
    const into = new Uint8Array(5000);
    expect(pipe.read(into)).toBe(5000);
    expect(into).toEqual(bytes.subarray(0, 5000));
    expect(pipe.room).toBe(1);
    expect(pipe.length).toBe(16 * PAGE_SIZE - 5000);
    pipe.close();
  });

  test('pass pages on to another pipe without copying', () => {
    const { machine, process } = tmpfsWorld();
    const [one, two] = [process.pipe(), process.pipe()];
    one.write(bytesOf(6000));
    const { used } = machine.phys;
    expect(process.splice(one, two, 5000)).toBe(5000);
    expect(machine.phys.used).toBe(used);
    expect([one.length, two.length]).toEqual([1000, 5000]);
    expect(() => process.splice(one, one, 10)).toThrow(code('EINVAL'));
    const into = new Uint8Array(6000);
    two.read(into);
    one.read(into.subarray(5000));
    expect(into).toEqual(bytesOf(6000));
  });
});

test('holes of a tmpfs are the zero page, and the end is the end', () => {
  const { machine, process, file } = tmpfsWorld();
  const pipe = process.pipe();
  const { used } = machine.phys;
  expect(process.splice({ file, position: 10 }, pipe, 1 << 20)).toBe(2 * PAGE_SIZE + 90);
  expect(machine.phys.used).toBe(used);
  const into = new Uint8Array(2 * PAGE_SIZE + 90);
  pipe.read(into);
  expect(into).toEqual(contentOf(process, file).subarray(10));
  expect(process.splice({ file, position: 1 << 20 }, pipe, 100)).toBe(0);
});

test('pages in a pipe outlive the file', () => {
  const { machine, process, file } = tmpfsWorld();
  const pipe = process.pipe();
  process.splice({ file, position: 0 }, pipe, PAGE_SIZE);
  process.unlink('/tmp/f');
  process.close(file);
  const into = new Uint8Array(PAGE_SIZE);
  pipe.read(into);
  expect(into).toEqual(bytesOf(PAGE_SIZE));
  process.exit();
  expect(machine.phys.used).toBe(0);
});

test('sendfile goes on pipe by pipe', () => {
  const { process, file } = tmpfsWorld();
  process.pwrite(file, 0, bytesOf(40 * PAGE_SIZE + 5));
  const target = process.open('/tmp/g', { write: true, create: true });
  const from = { file, position: 1 };
  expect(process.sendfile(from, { file: target, position: 3 }, 1 << 20)).toBe(40 * PAGE_SIZE + 4);
  const expected = new Uint8Array(40 * PAGE_SIZE + 7);
  expected.set(bytesOf(40 * PAGE_SIZE + 5).subarray(1), 3);
  expect(Buffer.compare(contentOf(process, target), expected)).toBe(0);
});

test('splice from ROM reads into the page cache', () => {
  const machine = romMachine(kernelImage('basic'));
  const process = machine.spawn();
  const file = process.open('/rom/direct-5p-sharedtail');
  const pipe = process.pipe();
  process.splice({ file, position: 0 }, pipe, 2 * PAGE_SIZE);
  expect(accountMachine(machine)).toMatchObject({ pageCachePages: 2, romPages: 0 });
  expect(() => process.splice(pipe, { file, position: 0 }, 1)).toThrow(code('EBADF'));
  pipe.close();
});

test('a file whose content is not in pages gives copies', () => {
  const { process } = tarfsWorld(new Uint8Array(1024));
  const file = process.open('f', { write: true, create: true });
  process.pwrite(file, 0, bytesOf(5000));
  const pipe = process.pipe();
  expect(process.splice({ file, position: 1000 }, pipe, 10000)).toBe(4000);
  process.pwrite(file, 1000, Uint8Array.of(255));
  const into = new Uint8Array(4000);
  pipe.read(into);
  expect(into).toEqual(bytesOf(5000).subarray(1000));
  expect(process.splice({ file, position: 5000 }, pipe, 10)).toBe(0);
});

test('files that cannot be spliced', () => {
  const { process, file } = tmpfsWorld();
  const reader = process.open('/tmp/f');
  const directory = process.open('/tmp');
  const pipe = process.pipe();
  const place = { file, position: 0 };
  expect(() => process.splice(place, place, 1)).toThrow(code('EINVAL'));
  expect(() => process.splice({ file: directory, position: 0 }, pipe, 1)).toThrow(code('EINVAL'));
  expect(() => process.splice(pipe, place, 1)).toThrow(code('EAGAIN'));
  expect(() => process.sendfile(place, { file: reader, position: 0 }, 1)).toThrow(code('EBADF'));
});
