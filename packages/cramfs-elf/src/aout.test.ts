import { expect, test } from 'vitest';
import { parseAout } from './aout.js';

/** A struct exec of SunOS 4: a_dynamic and a_toolversion, a_machtype, a_magic, seven words. */
function header(first: number, magic: number): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  bytes.set([first, 3]);
  view.setUint16(2, magic);
  for (let word = 1; word < 8; word += 1) view.setUint32(word * 4, word * 0x1000);
  return bytes;
}

test('the header of SunOS 4', () => {
  expect(parseAout(header(0x81, 0o413))).toEqual({
    dynamic: true,
    machine: 3,
    magic: 'ZMAGIC',
    text: 0x1000,
    data: 0x2000,
    bss: 0x3000,
    symbols: 0x4000,
    entry: 0x5000,
    textRelocations: 0x6000,
    dataRelocations: 0x7000,
  });
  expect(parseAout(header(1, 0o407))).toMatchObject({ dynamic: false, magic: 'OMAGIC' });
  expect(parseAout(header(1, 0o410))).toMatchObject({ magic: 'NMAGIC' });
});

test('not a program', () => {
  expect(parseAout(header(0, 0o411))).toBeUndefined();
  expect(parseAout(header(0, 0o413).subarray(0, 31))).toBeUndefined();
});
