import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { AccessFault, UnmodelledError, isSyscallError } from '#xip-emu/errno.js';
import { execElf } from '#xip-emu/exec/elf.js';
import { ExecKilled } from '#xip-emu/exec/point-of-no-return.js';
import { TmpfsSuperBlock } from '#xip-emu/fs/tmpfs/super.js';
import { Machine } from '#xip-emu/machine.js';
import type { Process } from '#xip-emu/process.js';
import { mapsText } from '#xip-emu/report/maps.js';
import { memoryOf } from '../helpers/emulator.js';
import { mutate } from '../helpers/exec-mutations.js';

/** A program in wrong places, and what a kernel made of it; see the fixture's README.md. */
interface Row {
  /** How the program is made: {@link mutate}. */
  readonly change: string;
  /** True if that is not the program but its interpreter; the program is `q-dyn` as it is. */
  readonly interpreter?: boolean;
  /** The errno of execve(2). */
  readonly ret?: string;
  /** True if execve(2) killed the process. */
  readonly killed?: boolean;
  /** `exit 7`, `signal SIGSEGV`; missing after an errno. */
  readonly status?: string;
  /** Address of the first instruction, hexadecimal. */
  readonly entry?: string;
  /** Areas before the first instruction: addresses, permissions, offset and file. */
  readonly areas?: readonly string[];
}

function fixture(name: string): Uint8Array {
  const url = new URL(`../fixtures/exec-mutations/x86_64/${name}.gz`, import.meta.url);
  return new Uint8Array(gunzipSync(readFileSync(url)));
}

const ROWS = JSON.parse(new TextDecoder().decode(fixture('rows.json'))) as readonly Row[];
const BASES = new Map(['q-static', 'q-pie', 'q-dyn'].map((name) => [name, fixture(name)]));

function write(process: Process, path: string, bytes: Uint8Array): void {
  const file = process.open(path, { write: true, create: true, truncate: true, mode: 0o755 });
  process.pwrite(file, 0, bytes);
  process.close(file);
}

/** Areas as in a row: those of the kernel's own code and data are left out. */
function areasOf(process: Process): string[] {
  return mapsText(process.mm)
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/\s+/))
    .filter(([, , , , , name = '']) => !/^\[(vvar|vdso|vsyscall)/.test(name))
    .map(([range, permissions, offset, , , path = '']) =>
      [range, permissions, offset!.replace(/^0+(?=.)/, ''), path.slice(path.lastIndexOf('/') + 1)]
        .join(' ')
        .trim(),
    );
}

/** What the emulator makes of a program. */
function run(machine: Machine, { change, interpreter = false }: Row): Row {
  const editor = machine.spawn();
  const mutant = mutate(change, BASES);
  write(editor, '/p', interpreter ? BASES.get('q-dyn')! : mutant);
  write(editor, '/tmp/interp', interpreter ? mutant : BASES.get('q-pie')!);
  editor.exit();
  const process = machine.spawn();
  const memory = memoryOf(process);
  try {
    const { entry } = execElf(process, memory, '/p', { argv: ['/p'], envp: [] });
    const areas = areasOf(process);
    const row = { change, entry: entry.toString(16), areas };
    try {
      memory.fetch(entry);
      return row;
    } catch (error) {
      if (error instanceof AccessFault) return { ...row, status: `signal ${error.signal}` };
      // It faults in the [vdso], whose content is not emulated.
      if (error instanceof UnmodelledError) return row;
      throw error;
    }
  } catch (error) {
    if (isSyscallError(error)) return { change, ret: error.code };
    if (error instanceof ExecKilled) return { change, killed: true, status: 'signal SIGSEGV' };
    throw error;
  } finally {
    process.exit();
  }
}

/** Enough for what the recorded machine has promised. */
const RAM_SIZE = 7 * 2 ** 30;
const BATCH = 50;
const batches = Array.from({ length: Math.ceil(ROWS.length / BATCH) }, (_, index) =>
  ROWS.slice(index * BATCH, (index + 1) * BATCH),
);

test.each(batches.map((rows) => [rows[0]!.change, rows] as const))(
  'execve(2) of %s and what follows it, as Linux does it',
  (_, rows) => {
    const machine = new Machine({ arch: 'x86_64', ramSize: RAM_SIZE });
    machine.mount('/', new TmpfsSuperBlock(machine.phys));
    const editor = machine.spawn();
    editor.mkdir('/tmp');
    editor.exit();
    const differences: string[] = [];
    for (const expected of rows) {
      const actual = run(machine, expected);
      // Code is not run: the end of a program is known only if its first instruction cannot be
      // fetched.
      const status = actual.status ?? (actual.ret === undefined ? expected.status : undefined);
      const same = { ...actual, ...(status === undefined ? {} : { status }) };
      const [wanted, got] = [text(expected), text(same)];
      if (wanted !== got) differences.push(`${expected.change}: ${wanted}, not ${got}`);
    }
    expect(differences).toEqual([]);
  },
);

function text({ ret = '', killed = false, status = '', entry = '', areas = [] }: Row): string {
  return [ret, killed ? 'killed' : '', status, entry, ...areas].join('|');
}
