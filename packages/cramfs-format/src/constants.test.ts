import { describe, expect, test } from 'vitest';
import {
  CRAMFS_INODE_SIZE,
  CRAMFS_MAXPATHLEN,
  CRAMFS_MAX_FILE_SIZE,
  CRAMFS_OFFSET_LIMIT,
  CRAMFS_SUPPORTED_FLAGS,
  CRAMFS_SUPER_ROOT_OFFSET,
  CRAMFS_SUPER_SIZE,
  alignUp,
  isBlockSize,
} from './constants.js';

describe('limits', () => {
  test('follow from the widths of the fields', () => {
    expect(CRAMFS_MAXPATHLEN).toBe(252);
    expect(CRAMFS_MAX_FILE_SIZE).toBe(16 * 2 ** 20 - 1);
    expect(CRAMFS_OFFSET_LIMIT).toBe(256 * 2 ** 20);
    expect(CRAMFS_SUPER_ROOT_OFFSET + CRAMFS_INODE_SIZE).toBe(CRAMFS_SUPER_SIZE);
  });

  test('Linux 6.12 supports these flags and no others', () => {
    expect(CRAMFS_SUPPORTED_FLAGS).toBe(0xfff);
  });
});

describe('isBlockSize', () => {
  test('page sizes only', () => {
    const sizes = [0, 512, 2048, 4096, 5000, 8192, 16384, 32768, 65536, 131072, NaN];
    expect(sizes.filter(isBlockSize)).toEqual([4096, 8192, 16384, 32768, 65536]);
  });
});

describe('alignUp', () => {
  test('rounds up to a multiple', () => {
    expect([0, 1, 4, 5].map((value) => alignUp(value, 4))).toEqual([0, 4, 4, 8]);
    expect(alignUp(2 ** 31 + 1, 4096)).toBe(2 ** 31 + 4096);
    expect(alignUp(10, 3)).toBe(12);
  });
});
