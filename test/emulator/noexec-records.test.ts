import { PF_R, PF_W, PF_X } from 'cramfs-elf';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isSyscallError } from '#xip-emu/errno.js';
import { startProgram } from '#xip-emu/exec/start-program.js';
import { TmpfsSuperBlock } from '#xip-emu/fs/tmpfs/super.js';
import { Machine } from '#xip-emu/machine.js';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '#xip-emu/memory-map.js';
import type { Process } from '#xip-emu/process.js';
import { permissionsText } from '#xip-emu/mm/task-mmu.js';
import { vmFlagsText } from '#xip-emu/report/vm-flags.js';
import { parseScenario } from '#xip-emu/scenario/parse.js';
import { runScenario } from '#xip-emu/scenario/run.js';
import { createWorld } from '#xip-emu/scenario/world.js';
import type { OpenOptions } from '#xip-emu/vfs/open.js';
import { elfObject } from '../../bench/src/emulator/elf-object.js';
import { elfFile, type TestSegment } from '../helpers/elf-builder.js';
import { mmOf } from '../helpers/emulator.js';
import { buildRawImage, file, special } from '../helpers/raw-image.js';

/** What a kernel has answered, by the mounts and by the call; see test/fixtures/kernel-records. */
const url = new URL('../fixtures/kernel-records/noexec.json.gz', import.meta.url);
const { answers } = JSON.parse(new TextDecoder().decode(gunzipSync(readFileSync(url)))) as {
  readonly answers: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

const P = 4096;
const X = PROT_EXEC;
const R = PROT_READ;
const W = PROT_WRITE;
const PT_INTERP = 3;
const ET_DYN = 3;
/** Status of the recorded program. */
const STATUS = 7;
const OPEN_RW: OpenOptions = { write: true };

function write(process: Process, path: string, bytes: Uint8Array): void {
  const file = process.open(path, { write: true, create: true, mode: 0o755 });
  process.pwrite(file, 0, bytes);
  process.close(file);
}

/** A program; with the name of an interpreter. */
function program(interpreter?: string): Uint8Array {
  const body = new Uint8Array(2 * P);
  const at = 2 * P - 64;
  const load: TestSegment = { flags: PF_R | PF_W | PF_X, offset: 0, filesz: body.length };
  if (interpreter === undefined) return elfFile(64, true, [load], body, ET_DYN);
  body.set(new TextEncoder().encode(`${interpreter}\0`), at);
  const interp = { type: PT_INTERP, flags: PF_R, offset: at, filesz: interpreter.length + 1 };
  return elfFile(64, true, [interp, load], body, ET_DYN);
}

/** What the directory under test has. */
function fill(process: Process, directory: string): void {
  write(process, `${directory}/prog`, program());
  write(process, `${directory}/ld.so`, program());
  write(process, `${directory}/file`, new Uint8Array(4 * P));
  write(process, `${directory}/script`, new TextEncoder().encode('#!/x/prog\n'));
  process.mknod(`${directory}/zero`, 0o020666, { major: 1, minor: 5 });
  process.mknod(`${directory}/null`, 0o020666, { major: 1, minor: 3 });
  process.mknod(`${directory}/fifo`, 0o010666);
}

/** The machine of a set of answers, and the directory that they are about. */
function machineOf(set: string): { machine: Machine; directory: string } {
  const machine = new Machine();
  const [, fs, own] = /^(tmpfs|overlay)(?: (noexec|nodev|nosuid))?/.exec(set)!;
  const [, option, layer] = / of a (noexec|nodev) (lower|upper)$/.exec(set) ?? [];
  machine.mount('tmpfs', 'none', '/x');
  machine.mount('tmpfs', 'none', '/t');
  const process = machine.spawn();
  write(process, '/x/prog', program());
  fill(process, '/t');
  const directory = fs === 'tmpfs' ? '/t' : '/o';
  if (fs === 'overlay') {
    machine.mount('tmpfs', 'none', '/u');
    process.mkdir('/u/u');
    process.mkdir('/u/w');
    machine.mount('overlay', 'none', '/o', 'lowerdir=/t,upperdir=/u/u,workdir=/u/w');
    if (option !== undefined) machine.remount(layer === 'lower' ? '/t' : '/u', { [option]: true });
  }
  if (own !== undefined) machine.remount(directory, { [own]: true });
  write(process, '/x/toscript', new TextEncoder().encode(`#!${directory}/prog\n`));
  write(process, '/x/dyn', program(`${directory}/ld.so`));
  process.exit();
  return { machine, directory };
}

/** The answer of a call, as it was recorded. */
function answer(call: () => unknown): unknown {
  try {
    return call() ?? 'ok';
  } catch (error) {
    if (isSyscallError(error)) return error.code;
    throw error;
  }
}

/** The calls that were recorded, in a process of its own each. */
function callsIn(directory: string): Readonly<Record<string, (process: Process) => unknown>> {
  const exec = (path: string) => (process: Process) => {
    startProgram(process, path);
    return STATUS;
  };
  const map = (
    process: Process,
    prot: number,
    flags = MAP_PRIVATE,
    { name = 'file', ...options }: OpenOptions & { readonly name?: string } = OPEN_RW,
  ): number =>
    process.mmap(P, prot, flags, { file: process.open(`${directory}/${name}`, options) });
  const mapped =
    (prot: number, flags?: number, options?: OpenOptions & { readonly name?: string }) =>
    (process: Process) => {
      map(process, prot, flags, options);
    };
  const thenProtect = (prot: number, then: number) => (process: Process) => {
    process.mprotect(map(process, prot), P, then);
  };
  const area = (process: Process, address: number) => mmOf(process).vmas.vmaAt(address / P)!;
  const permissions = (process: Process, address: number) =>
    permissionsText(area(process, address).flags);
  const flags = (process: Process, address: number) =>
    vmFlagsText(area(process, address).flags)
      .split(' ')
      .filter((flag) => /^(rd|wr|ex|mr|mw|me|sh|ms)$/.test(flag));
  const impliesExec = (call: (process: Process) => unknown) => (process: Process) => {
    mmOf(process).readImpliesExec = true;
    return call(process);
  };
  const open = (name: string) => (process: Process) => {
    process.open(`${directory}/${name}`, OPEN_RW);
  };
  const zero = { name: 'zero', write: true };
  return {
    'execve program': exec(`${directory}/prog`),
    'execve script there, interpreter elsewhere': exec(`${directory}/script`),
    'execve script elsewhere, interpreter there': exec('/x/toscript'),
    'execve program elsewhere, PT_INTERP there': exec('/x/dyn'),
    'mmap private x': mapped(X),
    'mmap private rx': mapped(R | X),
    'mmap shared rx': mapped(R | X, MAP_SHARED),
    'mmap shared rwx': mapped(R | W | X, MAP_SHARED),
    'mmap r: flags': (process) => flags(process, map(process, R)),
    'mmap shared rw: flags': (process) => flags(process, map(process, R | W, MAP_SHARED)),
    'mmap r, mprotect rx': thenProtect(R, R | X),
    'mmap r, mprotect rw': thenProtect(R, R | W),
    'mmap none, mprotect x': thenProtect(PROT_NONE, X),
    'O_WRONLY, mmap x': mapped(X, MAP_PRIVATE, { read: false, write: true }),
    'read-only file, mmap shared rwx': mapped(R | W | X, MAP_SHARED, {}),
    'READ_IMPLIES_EXEC: mmap r': impliesExec((process) => permissions(process, map(process, R))),
    'READ_IMPLIES_EXEC: mmap w': impliesExec((process) => permissions(process, map(process, W))),
    'READ_IMPLIES_EXEC: mmap none, mprotect r': impliesExec((process) => {
      const address = map(process, PROT_NONE);
      process.mprotect(address, P, R);
      return ['ok', permissions(process, address)];
    }),
    'READ_IMPLIES_EXEC: mmap anonymous r': impliesExec((process) =>
      permissions(process, process.mmap(P, R, MAP_PRIVATE | MAP_ANONYMOUS)),
    ),
    '/dev/zero private rx': mapped(R | X, MAP_PRIVATE, zero),
    '/dev/zero shared rx': mapped(R | X, MAP_SHARED, zero),
    '/dev/zero private r, mprotect rx': (process) => {
      process.mprotect(map(process, R, MAP_PRIVATE, zero), P, R | X);
    },
    'open null': open('null'),
    'open fifo': open('fifo'),
    'open file': open('file'),
    'mmap of null': mapped(R | X, MAP_PRIVATE, { name: 'null', write: true }),
    'mmap of a directory, x': mapped(R | X, MAP_PRIVATE, { name: '.' }),
  };
}

const { remount, ...sets } = answers;

describe.each(Object.entries(sets))('%s, as Linux has answered', (set, recorded) => {
  const { machine, directory } = machineOf(set);
  const calls = callsIn(directory);

  test('all calls are compared', () => {
    expect(Object.keys(calls).sort()).toEqual(Object.keys(recorded).sort());
  });

  test.each(Object.entries(calls))('%s', (name, call) => {
    const process = machine.spawn();
    expect(answer(() => call(process))).toEqual(recorded[name]);
    process.exit();
  });
});

test('a remount leaves areas and open files as they are', () => {
  const { machine } = machineOf('tmpfs');
  const process = machine.spawn();
  const file = process.open('/t/file', OPEN_RW);
  const map = (prot: number): number => process.mmap(P, prot, MAP_PRIVATE, { file });
  const [read, executed] = [map(R), map(R | X)];
  const none = process.open('/t/null', OPEN_RW);
  machine.remount('/t', { noexec: true, nodev: true });
  const flags = (address: number) => vmFlagsText(mmOf(process).vmas.vmaAt(address / P)!.flags);
  expect([
    answer(() => {
      process.mprotect(read, P, R | X);
    }),
    answer(() => {
      process.mprotect(executed, P, R);
    }),
    answer(() => {
      process.mprotect(executed, P, R | X);
    }),
    answer(() => map(X)),
    flags(map(R)).split(' '),
    process.write(none, new Uint8Array(3)),
  ]).toEqual(remount);
});

describe('without an MMU (by the source)', () => {
  const machine = new Machine({ mmu: false });
  machine.mount('tmpfs', 'none', '/t', 'noexec,nodev');
  const process = machine.spawn();
  write(process, '/t/prog', program());
  process.mknod('/t/null', 0o020666, { major: 1, minor: 3 });
  const file = process.open('/t/prog', OPEN_RW);

  test('execve is EACCES, PROT_EXEC EPERM, a device node EACCES', () => {
    expect(answer(() => startProgram(machine.spawn(), '/t/prog'))).toBe('EACCES');
    expect(answer(() => process.mmap(P, R | X, MAP_PRIVATE, { file }))).toBe('EPERM');
    expect(answer(() => process.mmap(P, X, MAP_SHARED, { file }))).toBe('EPERM');
    expect(answer(() => process.open('/t/null'))).toBe('EACCES');
    expect(process.mmap(P, R, MAP_PRIVATE, { file })).toBeGreaterThan(0);
  });

  test('what the file cannot comes first', () => {
    const writer = process.open('/t/prog', { read: false, write: true });
    expect(answer(() => process.mmap(P, R | X, MAP_PRIVATE, { file: writer }))).toBe('EACCES');
    const directory = process.open('/t');
    expect(answer(() => process.mmap(P, R | X, MAP_PRIVATE, { file: directory }))).toBe('ENODEV');
  });
});

test.each(['ld-linux-test.so.1', 'ld-musl-test.so.1'])(
  'a library on a noexec mount cannot be mapped: %s',
  (name) => {
    const machine = new Machine();
    machine.mount('/', new TmpfsSuperBlock(machine.phys));
    const process = machine.spawn();
    for (const directory of ['/lib', '/opt']) process.mkdir(directory);
    machine.mount('/opt', new TmpfsSuperBlock(machine.phys), { noexec: true });
    write(process, '/p', elfObject({ interpreter: `/lib/${name}`, needed: ['libx.so'] }));
    write(process, `/lib/${name}`, elfObject({ soname: name }));
    write(process, '/opt/libx.so', elfObject({ soname: 'libx.so' }));
    const start = () => startProgram(machine.spawn(), '/p', { libraryPath: ['/opt'] }).missing;
    expect(start()).toMatchObject([{ name: 'libx.so', reason: 'EPERM: the mount is noexec' }]);
    machine.remount('/opt', {});
    expect(start()).toEqual([]);
  },
);

test('scenarios: options of the mount, and remounts', () => {
  const image = buildRawImage({
    prog: file(program(), { mode: 0o755 }),
    zero: special(0o020666, 0x105),
  });
  const scenario = `
    mount overlay noexec,nodev
    open 0 prog r
    mmap A 0 4096 rx private 0
    mmap B 0 4096 r private 0
    mprotect B 0 4096 rx
    open 1 zero r
    open 1 /rom/zero r
    mmap C 1 4096 rx private 0
    exec prog
    remount /ovl rw
    mmap A 0 4096 rx private 0
    mprotect B 0 4096 rx
    open 1 zero r
    remount /rom ro,noexec
    mmap C 1 4096 rx private 0
    open 1 /rom/prog r
    mmap C 1 4096 rx private 0`;
  const world = createWorld(image.bytes, { mmu: true });
  const records = runScenario(parseScenario(scenario), world);
  expect(records.slice(1, -1).map(({ ret }) => ret)).toEqual([
    ...['ok', 'EPERM', 'ok', 'EACCES', 'EACCES', 'ok', 'ok', 'start', 'EACCES'],
    ...['ok', 'ok', 'EACCES', 'ok', 'ok', 'ok', 'ok', 'EPERM'],
  ]);
  expect(() => parseScenario('mount mtd noexec,relatime')).toThrow(
    'no such mount option: relatime',
  );
});
