import { expect, test } from 'vitest';
import { elfObject } from '../../bench/src/emulator/elf-object.js';
import { SyscallError, UnmodelledError, AccessFault } from '#xip-emu/errno.js';
import { MMFD_INTERPRET, MMFD_PADDING, mmapfd } from '#xip-emu/exec/mmapfd/mmapfd.js';
import { ExecKilled } from '#xip-emu/exec/point-of-no-return.js';
import { programCost } from '#xip-emu/exec/program-cost.js';
import { programMachine, xipFile } from '../helpers/programs.js';
import { file, noise } from '../helpers/raw-image.js';

/*
 * Damaged programs, loaders, libraries and ld.so.caches: whatever is in a file, the answer is an errno,
 * a library that is missing, a signal, or that it is too much; never another error, and never no end.
 */

const PROGRAMS = Number(process.env['HOSTILE_PROGRAMS'] ?? 200);
const LOADERS = ['/lib/ld-linux-test.so.1', '/lib/ld-musl-test.so.1'];

/** Values that are somewhere between two sizes. */
const VALUES = [0, 1, 0xff, 0x1000, 0xfff, 0x7fffffff, 0xffffffff, 0x80000000];

/** Changes some words of the headers, the tables, or the dynamic section. */
function damaged(bytes: Uint8Array, random: () => number): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (let change = random() % 4; change > 0; change -= 1) {
    const regions = [0x150, 0xb00, copy.length - 4];
    const at = random() % regions[random() % 3]!;
    const value = random() % 3 === 0 ? random() : VALUES[random() % VALUES.length]!;
    if (random() % 2 === 0) view.setUint32(Math.min(at, copy.length - 4), value, true);
    else copy[at] = value;
  }
  return copy;
}

test(
  `${PROGRAMS} damaged programs`,
  () => {
    const bytes = new DataView(noise(PROGRAMS * 400 * 4, 1).buffer);
    for (let program = 0; program < PROGRAMS; program += 1) {
      let at = program * 400;
      const random = (): number => {
        at += 1;
        return bytes.getUint32((at % (PROGRAMS * 400)) * 4);
      };
      const elfClass = program % 2 === 0 ? 64 : 32;
      const interpreter = LOADERS[random() % 2]!;
      const osAbi = random() % 2 === 0 ? 65 : 0;
      const kind = { elfClass, machine: 40, osAbi } as const;
      const object = (options: Parameters<typeof elfObject>[0]) =>
        xipFile(
          damaged(elfObject({ ...kind, data: 0x1800, relocations: [0x1000], ...options }), random),
        );
      const machine = programMachine(
        {
          '/bin/p': object({ interpreter, needed: ['x', 'y'], runpath: '$ORIGIN' }),
          [interpreter]: object({ soname: 'ld', strings: '\0/lib/\0/usr/lib/\0' }),
          '/lib/x': object({ soname: 'x', gap: 2, bss: 0x3000, relro: 0x1000 }),
          '/usr/lib/y': object({ soname: 'y', textRelocations: true, textPlaces: [0x1800] }),
          '/etc/ld.so.cache': file(noise(200, program)),
        },
        { mmu: program % 3 !== 0 },
      );
      for (const path of ['/bin/p', '/lib/x']) {
        expectTyped(() => programCost(machine, path));
      }
      const process = machine.spawn();
      for (const path of ['/bin/p', '/lib/x', '/usr/lib/y']) {
        const opened = process.open(path);
        expectTyped(() => mmapfd(process, opened, MMFD_INTERPRET, 8));
        expectTyped(() =>
          mmapfd(process, opened, MMFD_INTERPRET | MMFD_PADDING, 8, { padding: 0x5000 }),
        );
        process.close(opened);
      }
      process.exit();
    }
  },
  60_000 + PROGRAMS * 100,
);

function expectTyped(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    const isTyped =
      error instanceof SyscallError ||
      error instanceof ExecKilled ||
      error instanceof UnmodelledError ||
      error instanceof AccessFault;
    if (!isTyped) throw error;
    expect(error.message).not.toBe('');
  }
}
