import { expect, test } from 'vitest';
import { ARM_ABI } from '../abi/arm.js';
import { RISCV32_ABI, RISCV64_ABI } from '../abi/riscv.js';
import { SYSTEM_CALLS } from './index.js';

const ABIS = [RISCV64_ABI, RISCV32_ABI, ARM_ABI];

test('each call has a number somewhere', () => {
  const numbered = new Set(ABIS.flatMap(({ calls }) => [...calls.values()]));
  expect([...SYSTEM_CALLS.keys()].filter((name) => !numbered.has(name))).toEqual([]);
});

test.each([
  [RISCV64_ABI, 64, 'write'],
  [RISCV64_ABI, 79, 'newfstatat'],
  [RISCV64_ABI, 260, 'wait4'],
  [RISCV64_ABI, 435, 'clone3'],
  [RISCV32_ABI, 62, 'llseek'],
  [RISCV32_ABI, 222, 'mmap2'],
  [RISCV32_ABI, 403, 'clock_gettime64'],
  [RISCV32_ABI, 113, undefined],
  [ARM_ABI, 4, 'write'],
  [ARM_ABI, 192, 'mmap2'],
  [ARM_ABI, 0xf0005, 'set_tls'],
] as const)('%o', (abi, number, name) => {
  expect(abi.calls.get(number)).toBe(name);
});
