import { expect, test } from 'vitest';
import { ARM_ABI } from './arm.js';
import { RISCV32_ABI, RISCV64_ABI } from './riscv.js';
import { StructLayout } from './struct-layout.js';
import type { Structs } from './structs.js';

test.each([
  [RISCV64_ABI, { stat: 128, sigaction: 24 }],
  [RISCV32_ABI, { stat: undefined, sigaction: 16 }],
  [ARM_ABI, { stat: 104, sigaction: 20 }],
] as const)(
  'structures of $name have the sizes of the kernel headers',
  (abi, { stat, sigaction }) => {
    expect(abi.stat?.size).toBe(stat);
    expect(abi.sigaction.size).toBe(sigaction);
  },
);

const SIZES: Readonly<Partial<Record<keyof Structs, readonly [bits64: number, bits32: number]>>> = {
  timespec: [16, 8],
  timespec64: [16, 16],
  statx: [256, 256],
  statfs: [120, 64],
  statfs64: [120, 88],
  rusage: [144, 72],
  sysinfo: [112, 64],
  utsname: [390, 390],
  termios: [36, 36],
  siginfo: [128, 128],
  stack: [24, 12],
  iovec: [16, 8],
  pollfd: [8, 8],
  rlimit64: [16, 16],
  flock: [32, 16],
  flock64: [32, 32],
  tms: [32, 16],
  cloneArgs: [88, 88],
};

test('structures that are alike differ by the size of a register', () => {
  const sizes = Object.keys(SIZES).map((name) => {
    const key = name as keyof Structs;
    return [key, [RISCV64_ABI.structs[key].size, ARM_ABI.structs[key].size]];
  });
  expect(Object.fromEntries(sizes)).toEqual(SIZES);
});

test('values are stored and read with their sign', () => {
  const layout = new StructLayout(
    [
      ['small', 's16'],
      ['long', 'long'],
      ['big', 'u64'],
      ['list', 'u8', 3],
    ],
    4,
  );
  expect(layout.size).toBe(24);
  const bytes = layout.encode({
    small: -2,
    long: -3,
    big: 2n ** 40n,
    list: Uint8Array.of(1, 2, 3),
  });
  expect(['small', 'long', 'big'].map((name) => layout.get(bytes, name))).toEqual([
    -2,
    -3,
    2 ** 40,
  ]);
  expect([...layout.part(bytes, 'list')]).toEqual([1, 2, 3]);
  expect(() => layout.get(bytes, 'other')).toThrow('a structure without other');
});
