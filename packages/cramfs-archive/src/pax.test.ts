import { expect, test } from 'vitest';
import { TarFormatError } from './ustar.js';
import { PaxAttributes, parsePaxRecords } from './pax.js';

const parse = (text: string) => parsePaxRecords(Buffer.from(text, 'latin1'));

test('records in their order, values as bytes', () => {
  expect(parse('9 path=a\n12 path=\xff\xfeb\n9 uid=1=\n9 x=a b\n\n7 gid=\n')).toEqual([
    ['path', 'a'],
    ['path', '\xff\xfeb'],
    ['uid', '1='],
    ['x', 'a b\n'],
    ['gid', ''],
  ]);
  expect(parse('')).toEqual([]);
});

test.each([
  '9path=a\n',
  '11 path=a\n',
  '8 path=a\n',
  '9 path=ab',
  '0 path=a\n',
  '1 path=a\n',
  '2 path=a\n',
  '-9 path=a\n',
  'x path=a\n',
  '9 path a\n',
  '5 =a\n',
  '99999999999 a=b\n',
  '9 path=a\n\0',
])('%j is refused', (text) => {
  expect(() => parse(text)).toThrow(TarFormatError);
});

test('a member’s own records go before global ones, an empty value takes one back', () => {
  const global = new Map([
    ['uid', '1'],
    ['gid', '2'],
    ['path', 'g'],
  ]);
  const pax = new PaxAttributes(global, [
    ['uid', '3'],
    ['uid', '4'],
    ['path', ''],
  ]);
  expect([pax.number('uid'), pax.number('gid'), pax.text('path'), pax.text('no')]).toEqual([
    4,
    2,
    undefined,
    undefined,
  ]);
});

test.each(['-1', '1.5', ' 1', '0x1', '9007199254740992'])('%j is not a number', (value) => {
  const pax = new PaxAttributes(new Map(), [['size', value]]);
  expect(() => pax.number('size')).toThrow('bad number for size');
});
