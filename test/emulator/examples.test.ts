import { readFileSync } from 'node:fs';
import { openImage } from 'cramfs-reader';
import {
  CowfsSuperBlock,
  FOPEN_PASSTHROUGH,
  FuseSuperBlock,
  MAP_PRIVATE,
  MAP_SHARED,
  Machine,
  PROT_READ,
  PROT_WRITE,
  SyscallError,
  TarfsSuperBlock,
  accountMachine,
  mapsText,
  pagesIn,
  type FuseDevice,
  type FuseServer,
} from 'xip-emu';
import { expect, test } from 'vitest';
import { cramfs } from '../cli/run-cli.js';
import { kernelImage } from '../helpers/kernel-images.js';
import { tarArchive, tarItem } from '../helpers/tar-builder.js';

const manual = readFileSync(new URL('../../docs/emulator.md', import.meta.url), 'utf8');

test('the program in docs/emulator.md', () => {
  const bytes = kernelImage('basic');
  const printed: string[] = [];
  const print = (text: string) => printed.push(text);

  // begin
  const romAddress = 0x22000000;
  const machine = new Machine({ roms: [{ address: romAddress, size: 32 << 20, bytes }] });
  machine.mountCramfs('/rom', openImage(bytes), romAddress);

  const process = machine.spawn();
  const file = process.open('/rom/direct-5p-sharedtail');
  const address = process.mmap(5 * 4096, PROT_READ, MAP_PRIVATE, { file });
  process.close(file);

  process.load(address + 4 * 4096); // a fault: the last page comes from the page cache
  for (const { backing } of pagesIn(process.mm, address, 5 * 4096)) print(backing);
  try {
    process.store(address, 1);
  } catch (error) {
    print(String(error)); // AccessFault: SIGSEGV (ACCERR) at 0x3ff7ff8000
  }
  print(mapsText(process.mm));
  const { ramBytes, savedBytes } = accountMachine(machine);
  print(`${ramBytes} bytes of RAM, ${savedBytes} saved`);
  process.exit();
  // end

  expect(printed.slice(0, 6)).toEqual([
    ...['rom', 'rom', 'rom', 'rom', 'page-cache'],
    'AccessFault: SIGSEGV (ACCERR) at 0x3ff7ff8000',
  ]);
  expect(printed[6]).toMatch(/^3ff7ff8000-3ff7ffd000 r--p .* \/rom\/direct-5p-sharedtail\n/);
  expect(printed[7]).toBe('4096 bytes of RAM, 16384 saved');
});

test('the program about sharing in docs/emulator.md', () => {
  const printed: string[] = [];
  const print = (text: string) => printed.push(text);

  // begin
  const machine = new Machine({ policy: 'linux-6.12-shared-page-cache' });
  const cow = machine.mount('/cow', new CowfsSuperBlock(machine.phys));
  const process = machine.spawn();
  const original = process.open('/cow/original', { write: true, create: true });
  process.pwrite(original, 0, new Uint8Array(16 * 4096).fill(1));

  const copy = process.open('/cow/copy', { write: true, create: true });
  process.ficlone(original, copy);
  process.pread(original, 0, new Uint8Array(16 * 4096));
  process.pread(copy, 0, new Uint8Array(16 * 4096));
  print(`${accountMachine(machine).sharingSavedBytes} bytes saved`); // 65536

  process.pwrite(copy, 5 * 4096, Uint8Array.of(2)); // one page, and one block, of its own
  print(`${accountMachine(machine).sharingSavedBytes} bytes saved`); // 61440
  print(`${cow.store.used} blocks`); // 17
  // end

  expect(printed).toEqual(['65536 bytes saved', '61440 bytes saved', '17 blocks']);
});

test('the program about FUSE in docs/emulator.md', () => {
  const bytes = kernelImage('basic');
  const printed: string[] = [];
  const print = (text: string) => printed.push(text);

  // begin
  const romAddress = 0x22000000;
  const machine = new Machine({ roms: [{ address: romAddress, size: 32 << 20, bytes }] });
  machine.mountCramfs('/rom', openImage(bytes), romAddress);

  const library = machine.spawn().open('/rom/direct-5p-sharedtail'); // the server's own
  const attributes = { mode: 0o100555, size: 16484 };
  let device: FuseDevice;
  let backingId = 0;
  const server: FuseServer = {
    init(fuse) {
      device = fuse;
      return { passthrough: true, maxStackDepth: 1 };
    },
    lookup(_parent, name) {
      if (name !== 'lib') throw new SyscallError('ENOENT');
      return { nodeId: 2, attributes };
    },
    getattr: () => attributes,
    open() {
      if (backingId === 0) backingId = device.backingOpen(library);
      return { flags: FOPEN_PASSTHROUGH, backingId };
    },
  };
  machine.mount('/fuse', new FuseSuperBlock(machine.phys, server));

  const process = machine.spawn();
  const file = process.open('/fuse/lib');
  const address = process.mmap(5 * 4096, PROT_READ, MAP_PRIVATE, { file });
  for (const { backing } of pagesIn(process.mm, address, 4 * 4096)) print(backing); // rom
  print(mapsText(process.mm).split('\n')[0]!); // … /fuse/lib
  // end

  expect(printed.slice(0, 4)).toEqual(['rom', 'rom', 'rom', 'rom']);
  expect(printed[4]).toMatch(/^3f[0-9a-f]{8}-3f[0-9a-f]{8} r--p .* \/fuse\/lib$/);
  expect(accountMachine(machine).savedBytes).toBe(4 * 4096);
});

test('the program about tarfs in docs/emulator.md', () => {
  const archive = tarArchive(tarItem({ name: 'motd', data: 'hello' }));
  const printed: string[] = [];
  const print = (value: unknown) => printed.push(String(value));

  // begin
  const machine = new Machine();
  const tarfs = machine.mount('/', new TarfsSuperBlock(archive, { phys: machine.phys }));
  const process = machine.spawn();
  const file = process.open('/motd', { write: true });
  const address = process.mmap(4096, PROT_READ | PROT_WRITE, MAP_SHARED, { file });
  process.pwrite(file, 0, Uint8Array.of(0x48));
  print(process.load(address)); // 72: seen at once
  process.store(address + 1, 0x49);
  machine.sync();
  print(tarfs.archive.subarray(512, 514)); // 72,73
  // end

  expect(printed).toEqual(['72', '72,73']);
});

test('the programs above are those in docs/emulator.md', () => {
  const source = readFileSync(new URL(import.meta.url), 'utf8');
  const programs = [...source.matchAll(/^ {2}\/\/ begin\n([^]*?)^ {2}\/\/ end\n/gm)];
  expect(programs).toHaveLength(4);
  for (const [, program] of programs) expect(manual).toContain(program!.replace(/^ {2}/gm, ''));
});

/** Blocks of the manual that show a command and all that it prints. */
const SESSIONS = [...manual.matchAll(/^```console\n\$ cramfs (.*)\n([^]*?)^```$/gm)].map(
  ([, command, output]) => ({ command: command!, output: output! }),
);

test('docs/emulator.md shows commands', () => {
  expect(SESSIONS.length).toBeGreaterThan(3);
});

test.each(SESSIONS)('docs/emulator.md: cramfs $command', async ({ command, output }) => {
  const { stdout, stderr } = await cramfs(command.split(' '));
  expect(stdout + stderr).toBe(output);
});
