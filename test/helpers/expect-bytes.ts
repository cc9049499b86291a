import { expect } from 'vitest';

/** As expect().toEqual() does, which takes its time with long arrays. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) !== 0) expect(actual).toEqual(expected);
}
