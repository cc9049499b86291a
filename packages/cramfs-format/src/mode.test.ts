import { describe, expect, test } from 'vitest';
import { fileType, formatMode, hasData, typeBits, type FileType } from './mode.js';

const TYPES: [FileType, number][] = [
  ['socket', 0o140000],
  ['symlink', 0o120000],
  ['file', 0o100000],
  ['block-device', 0o060000],
  ['directory', 0o040000],
  ['char-device', 0o020000],
  ['fifo', 0o010000],
];

describe('file types', () => {
  test.each(TYPES)('%s', (type, bits) => {
    expect(fileType(bits | 0o7777)).toBe(type);
    expect(typeBits(type)).toBe(bits);
  });

  test('the nine other values are not types', () => {
    const known = new Set(TYPES.map(([, bits]) => bits));
    const others = Array.from({ length: 16 }, (_, nibble) => nibble << 12).filter(
      (bits) => !known.has(bits),
    );
    expect(others).toHaveLength(9);
    expect(others.map(fileType)).toEqual(others.map(() => undefined));
  });

  test('data: files, directories and symlinks', () => {
    const withData = TYPES.filter(([, bits]) => hasData(bits | 0o777)).map(([type]) => type);
    expect(withData).toEqual(['symlink', 'file', 'directory']);
  });
});

describe('formatMode', () => {
  // What ls -l prints.
  test.each([
    [0o100644, '-rw-r--r--'],
    [0o104755, '-rwsr-xr-x'],
    [0o104644, '-rwSr--r--'],
    [0o102755, '-rwxr-sr-x'],
    [0o102644, '-rw-r-Sr--'],
    [0o101777, '-rwxrwxrwt'],
    [0o101666, '-rw-rw-rwT'],
    [0o107777, '-rwsrwsrwt'],
    [0o107000, '---S--S--T'],
    [0o041777, 'drwxrwxrwt'],
    [0o120777, 'lrwxrwxrwx'],
    [0o020620, 'crw--w----'],
    [0o060660, 'brw-rw----'],
    [0o010644, 'prw-r--r--'],
    [0o140755, 'srwxr-xr-x'],
    [0o000000, '?---------'],
    [0o170644, '?rw-r--r--'],
  ])('%o', (mode, text) => {
    expect(formatMode(mode)).toBe(text);
  });
});
