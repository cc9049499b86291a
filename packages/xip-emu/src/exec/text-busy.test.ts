import { PF_R, PF_W, PF_X } from 'cramfs-elf';
import { describe, expect, test } from 'vitest';
import { elfFile } from '../../../../test/helpers/elf-builder.js';
import { errnoOf, memoryOf } from '../../../../test/helpers/emulator.js';
import { TmpfsSuperBlock } from '../fs/tmpfs/super.js';
import { Machine } from '../machine.js';
import { NommuMemory } from '../nommu/nommu-memory.js';
import type { Process } from '../process.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { execElf } from './elf.js';
import { execNommu } from './nommu-program.js';

const ET_DYN = 3;
const PT_INTERP = 3;
const AT = 2 * PAGE_SIZE - 16;

/** A machine with /p, which asks for the interpreter /i, and /i in a tmpfs. */
function machineWithPrograms(mmu: boolean): { machine: Machine; editor: Process } {
  const machine = new Machine({ mmu });
  machine.mount('/', new TmpfsSuperBlock(machine.phys));
  const editor = machine.spawn();
  const body = new Uint8Array(3 * PAGE_SIZE);
  body.set(Buffer.from('/i\0'), AT);
  const load = { flags: PF_R | PF_W | PF_X, offset: 0, filesz: body.length };
  const interp = { type: PT_INTERP, flags: PF_R, offset: AT, filesz: 3 };
  for (const [path, segments] of [
    ['/p', [interp, load]],
    ['/i', [load]],
  ] as const) {
    const file = editor.open(path, { write: true, create: true, mode: 0o755 });
    editor.pwrite(file, 0, elfFile(64, true, segments, body, ET_DYN));
    editor.close(file);
  }
  return { machine, editor };
}

function exec(process: Process, path: string): void {
  const { mm } = process;
  if (mm instanceof NommuMemory) execNommu(process, mm, path, { argv: [path], envp: [] });
  else execElf(process, memoryOf(process), path);
}

describe.each([true, false])('with an MMU: %s', (mmu) => {
  test('a program that runs cannot be written to or truncated; its interpreter can', () => {
    const { machine, editor } = machineWithPrograms(mmu);
    const process = machine.spawn();
    exec(process, '/p');
    expect(errnoOf(() => editor.open('/p', { write: true }))).toBe('ETXTBSY');
    expect(errnoOf(() => editor.open('/p', { truncate: true }))).toBe('ETXTBSY');
    expect(
      errnoOf(() => {
        editor.truncate('/p', 0);
      }),
    ).toBe('ETXTBSY');
    editor.close(editor.open('/i', { write: true }));

    const second = machine.spawn();
    exec(second, '/p');
    process.exit();
    expect(errnoOf(() => editor.open('/p', { write: true }))).toBe('ETXTBSY');
    second.exit();
    editor.close(editor.open('/p', { write: true }));
  });

  test('a program or interpreter that is open for writing is not executed', () => {
    const { machine, editor } = machineWithPrograms(mmu);
    const process = machine.spawn();
    for (const path of ['/p', '/i']) {
      const file = editor.open(path, { write: true });
      expect(
        errnoOf(() => {
          exec(process, '/p');
        }),
      ).toBe('ETXTBSY');
      editor.close(file);
    }
    exec(process, '/p');
  });

  test('an execve() that fails leaves nothing locked', () => {
    const { machine, editor } = machineWithPrograms(mmu);
    editor.unlink('/i');
    expect(
      errnoOf(() => {
        exec(machine.spawn(), '/p');
      }),
    ).toBe('ENOENT');
    editor.close(editor.open('/p', { write: true }));
  });
});

test('a child keeps the program busy; another execve() frees it', () => {
  const { machine, editor } = machineWithPrograms(true);
  const process = machine.spawn();
  exec(process, '/p');
  const child = machine.fork(process);
  exec(process, '/i');
  expect(errnoOf(() => editor.open('/p', { write: true }))).toBe('ETXTBSY');
  exec(child, '/i');
  editor.close(editor.open('/p', { write: true }));
  expect(errnoOf(() => editor.open('/i', { write: true }))).toBe('ETXTBSY');
});
