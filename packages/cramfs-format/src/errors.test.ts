import { describe, expect, test } from 'vitest';
import { CramfsError, isCramfsError } from './errors.js';

describe('CramfsError', () => {
  const cause = new Error('inner');
  const error = new CramfsError('BAD_DATA', 'does not inflate', { path: '/a', offset: 12, cause });

  test('carries code, message, path, offset and cause', () => {
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: 'CramfsError', code: 'BAD_DATA', path: '/a', offset: 12 });
    expect(error.message).toBe('does not inflate');
    expect(error.cause).toBe(cause);
  });

  test('differs from other errors, and by its code', () => {
    expect(isCramfsError(error)).toBe(true);
    expect(isCramfsError(error, 'LOOP', 'BAD_DATA')).toBe(true);
    expect(isCramfsError(error, 'LOOP')).toBe(false);
    expect(isCramfsError(cause)).toBe(false);
    expect(isCramfsError({ name: 'CramfsError', code: 'BAD_DATA' })).toBe(false);
    expect(isCramfsError(undefined)).toBe(false);
  });

  test('is recognised if it comes from another copy of this package', () => {
    const foreign = Object.assign(new Error('x'), { name: 'CramfsError', code: 'LOOP' });
    expect(isCramfsError(foreign, 'LOOP')).toBe(true);
  });
});
