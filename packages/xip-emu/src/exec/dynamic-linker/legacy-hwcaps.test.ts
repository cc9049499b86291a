import { expect, test } from 'vitest';
import { ARCHITECTURES } from '../../arch/kernel-build.js';
import { searchedCapabilities } from './legacy-hwcaps.js';

const EM_ARM = 40;
const EM_RISCV = 243;

// The sizes that glibc 2.36 of Debian asked its malloc() for.
test('the list has a directory for each combination', () => {
  expect(searchedCapabilities(EM_RISCV, ARCHITECTURES.riscv64)).toEqual({ count: 2, bytes: 36 });
  expect(searchedCapabilities(EM_ARM, ARCHITECTURES.arm)).toEqual({ count: 8, bytes: 84 });
});

test('NEON doubles it', () => {
  const { arm } = ARCHITECTURES;
  const hwcap = arm.elf.hwcap! | (1 << 12);
  const { count } = searchedCapabilities(EM_ARM, { ...arm, elf: { ...arm.elf, hwcap } });
  expect(count).toBe(16);
});
