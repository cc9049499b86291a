import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  Machine,
  PROT_READ,
  PROT_WRITE,
  isSyscallError,
} from 'xip-emu';
import { expect, test } from 'vitest';
import { LinearMemory } from '../../memory/linear-memory.js';
import { bootKernel, startFirst } from '../boot.js';
import { boardFor } from '../processors.js';
import type { Caller } from './call.js';
import { SYSTEM_CALLS } from './index.js';

const PROGRAM = join(import.meta.dirname, '../../../../../test/fixtures/programs/calls-arm.gz');
const PAGE = 4096;
const DIGITS = '0123456789'.repeat(5);

/** A process that makes system calls for the test; it has a page of memory for their arguments. */
async function world() {
  const linear = new LinearMemory(96 << 20);
  const board = await boardFor('arm', { linear, mmu: true });
  const options = { mmu: true, arch: 'arm', ramBytes: 16 << 20 } as const;
  const machine = new Machine({ ...options, ...board.machineOptions(PAGE) });
  for (const path of ['/', '/other']) {
    if (path !== '/') machine.spawn().mkdir(path);
    machine.mount('tmpfs', 'none', path);
  }
  const setUp = machine.spawn();
  for (const path of ['/proc', '/dev']) setUp.mkdir(path);
  const program = setUp.open('/program', { write: true, create: true, mode: 0o755 });
  setUp.write(program, gunzipSync(readFileSync(PROGRAM)));
  setUp.close(program);
  const kernel = bootKernel(board, machine, {
    host: {
      kinds: ['pipe', 'pipe', 'pipe'],
      read: () => 0,
      write: () => undefined,
      windowSize: () => ({ rows: 24, columns: 80 }),
    },
  });
  kernel.mountByName('proc', 'proc', '/proc', '');
  kernel.mountByName('devtmpfs', 'dev', '/dev', '');
  const group = startFirst(kernel, { path: '/program', argv: ['/program'], envp: [] });
  const [task] = group.tasks;
  const { process } = group;
  const page = process.mmap(PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  const caller: Caller = { kernel, task: task! };
  kernel.current = task;
  return { caller, group, process, page, space: task!.space };
}

type World = Awaited<ReturnType<typeof world>>;

function call({ caller }: World, name: string, ...values: readonly number[]): unknown {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = values;
  try {
    return SYSTEM_CALLS.get(name)!.run(caller, a, b, c, d, e, f);
  } catch (error) {
    if (isSyscallError(error)) return error.code;
    throw error;
  }
}

function open({ process, group }: World, path: string, flags: object = {}): number {
  return group.fds.add(process.open(path, { create: path.startsWith('/file'), ...flags }));
}

const READ_WRITE = { write: true } as const;

async function withDigits() {
  const at = await world();
  const digits = open(at, '/file', READ_WRITE);
  at.process.pwrite(at.group.fds.get(digits), 0, Buffer.from(DIGITS));
  return { at, digits };
}

// The answers of Linux; proc's files of a process have no splice_read, except mounts.
test.each([
  ...['maps', 'smaps', 'status', 'stat', 'statm', 'cmdline', 'environ', 'comm'].map(
    (name) => [`/proc/self/${name}`, 'EINVAL'] as const,
  ),
  ['/proc/self/mounts', 4],
  ...['meminfo', 'version', 'cpuinfo', 'uptime', 'loadavg', 'stat', 'cmdline', 'filesystems'].map(
    (name) => [`/proc/${name}`, 4] as const,
  ),
  ['/proc/sys/kernel/ostype', 4],
  ['/dev/null', 'EINVAL'],
  ['/dev/zero', 4],
  ['/dev/full', 4],
  ['/dev/urandom', 4],
  ['/proc', 'EINVAL'],
] as const)('sendfile of %s: %s', async (path, expected) => {
  const at = await world();
  expect(call(at, 'sendfile64', open(at, '/file.out', READ_WRITE), open(at, path), 0, 4)).toBe(
    expected,
  );
});

test.each([
  ['/dev/null', 16],
  ['/dev/zero', 16],
  ['/dev/full', 'EINVAL'],
  ['/dev/urandom', 16],
] as const)('sendfile to %s: %s', async (path, expected) => {
  const { at, digits } = await withDigits();
  const to = open(at, path, { read: false, write: true });
  expect(call(at, 'sendfile64', to, digits, 0, 16)).toBe(expected);
});

test('sendfile of pipes, and to them', async () => {
  const { at, digits } = await withDigits();
  expect(call(at, 'pipe', at.page)).toBe(0);
  const [reading, writing] = [0, 4].map((offset) => at.space.readInt32(at.page + offset));
  expect(call(at, 'sendfile64', writing!, digits, 0, 16)).toBe(16);
  expect(call(at, 'sendfile64', writing!, reading!, 0, 16)).toBe('EINVAL');
  expect(call(at, 'sendfile64', digits, reading!, 0, 16)).toBe('EINVAL');
  at.space.writeBits64(at.page, 0n);
  expect(call(at, 'sendfile64', digits, reading!, at.page, 16)).toBe('ESPIPE');
});

test('sendfile: positions, and files that do not allow it', async () => {
  const { at, digits } = await withDigits();
  const out = open(at, '/file.out', READ_WRITE);
  at.space.writeInt32(at.page, 12);
  expect(call(at, 'sendfile', out, digits, at.page, 3)).toBe(3);
  expect(at.space.readInt32(at.page)).toBe(15);
  at.space.writeBits64(at.page, 47n);
  expect(call(at, 'sendfile64', out, digits, at.page, 100)).toBe(3);
  expect(at.space.readBits64(at.page)).toBe(50n);
  expect(call(at, 'sendfile64', out, digits, 0, 2)).toBe(2);
  expect(at.group.fds.get(digits).position).toBe(2);
  const text = new Uint8Array(20);
  const length = at.process.pread(at.group.fds.get(out), 0, text);
  expect(Buffer.from(text.subarray(0, length)).toString()).toBe('23478901');
  at.space.writeBits64(at.page, -1n);
  expect(call(at, 'sendfile64', out, digits, at.page, 1)).toBe('EINVAL');
  const appends = open(at, '/file.out', { write: true, append: true });
  expect(call(at, 'sendfile64', appends, digits, 0, 1)).toBe('EINVAL');
  const onlyRead = open(at, '/file.out');
  expect(call(at, 'sendfile64', onlyRead, digits, 0, 1)).toBe('EBADF');
  const onlyWritten = open(at, '/file.out', { read: false, write: true });
  expect(call(at, 'sendfile64', digits, onlyWritten, 0, 1)).toBe('EBADF');
});

test('copy_file_range is for two regular files of one file system', async () => {
  const { at, digits } = await withDigits();
  const out = open(at, '/file.out', READ_WRITE);
  const copy = (...values: readonly number[]): unknown => call(at, 'copy_file_range', ...values);
  at.space.writeBits64(at.page, 45n);
  at.space.writeBits64(at.page + 8, 3n);
  expect(copy(digits, at.page, out, at.page + 8, 100, 0)).toBe(5);
  expect([at.page, at.page + 8].map((place) => at.space.readBits64(place))).toEqual([50n, 8n]);
  expect(copy(digits, at.page, out, at.page + 8, 100, 0)).toBe(0);
  expect(copy(digits, 0, out, 0, 100, 1)).toBe('EINVAL');
  const other = open(at, '/other/file', { write: true, create: true });
  expect(copy(digits, 0, other, 0, 16, 0)).toBe('EXDEV');
  expect(copy(open(at, '/dev/zero'), 0, out, 0, 16, 0)).toBe('EINVAL');
  expect(copy(open(at, '/proc'), 0, out, 0, 16, 0)).toBe('EISDIR');
  const appends = open(at, '/file.out', { write: true, append: true });
  expect(copy(digits, 0, appends, 0, 16, 0)).toBe('EBADF');
  at.space.writeBits64(at.page, 0n);
  at.space.writeBits64(at.page + 8, 5n);
  expect(copy(digits, at.page, digits, at.page + 8, 8, 0)).toBe('EINVAL');
  at.space.writeBits64(at.page + 8, 20n);
  expect(copy(digits, at.page, digits, at.page + 8, 8, 0)).toBe(8);
});
