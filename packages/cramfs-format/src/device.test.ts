import { describe, expect, test } from 'vitest';
import { oldDecodeDev, oldEncodeDev, oldValidDev } from './device.js';

describe('device numbers', () => {
  test.each([
    [0x0103, { major: 1, minor: 3 }],
    [0x1f00, { major: 31, minor: 0 }],
    [0xffff, { major: 255, minor: 255 }],
  ])('%i', (stored, device) => {
    expect(oldDecodeDev(stored)).toEqual(device);
    expect(oldEncodeDev(device)).toBe(stored);
  });

  test('the rest of the 24 bits is ignored, as in Linux', () => {
    expect(oldDecodeDev(0xab0103)).toEqual({ major: 1, minor: 3 });
  });

  test('beyond eight bits a number does not survive', () => {
    expect(oldValidDev({ major: 255, minor: 255 })).toBe(true);
    for (const device of [
      { major: 256, minor: 0 },
      { major: 0, minor: 256 },
      { major: -1, minor: 0 },
    ]) {
      expect(oldValidDev(device)).toBe(false);
      expect(oldDecodeDev(oldEncodeDev(device))).not.toEqual(device);
    }
  });
});
