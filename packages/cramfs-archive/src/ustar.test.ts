import { expect, test } from 'vitest';
import { tarItem } from '../../../test/helpers/tar-builder.js';
import {
  TarFormatError,
  decodeTarHeader,
  decodeTarNumber,
  isTarHeader,
  isZeroBlock,
} from './ustar.js';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

test('a ustar header, field by field', () => {
  const block = tarItem({
    name: 'f\xff',
    prefix: 'dir/sub',
    mode: 0o4755,
    uid: 1000,
    gid: 100,
    size: 0o777,
    typeflag: '3',
    linkname: 'l',
    major: 5,
    minor: 1,
  });
  expect(isTarHeader(block)).toBe(true);
  expect(decodeTarHeader(block)).toEqual({
    format: 'ustar',
    name: 'dir/sub/f\xff',
    mode: 0o4755,
    uid: 1000,
    gid: 100,
    size: 0o777,
    typeflag: '3',
    linkname: 'l',
    devmajor: 5,
    devminor: 1,
  });
});

test('full fields have no terminator', () => {
  const header = decodeTarHeader(
    tarItem({ name: 'n'.repeat(100), prefix: 'p'.repeat(155), linkname: 'l'.repeat(100) }),
  );
  expect(header.name).toBe(`${'p'.repeat(155)}/${'n'.repeat(100)}`);
  expect(header.linkname).toBe('l'.repeat(100));
});

test('the prefix counts in ustar only, and ends early in star’s headers', () => {
  expect(decodeTarHeader(tarItem({ name: 'n', prefix: 'p', format: 'gnu' })).name).toBe('n');
  expect(decodeTarHeader(tarItem({ name: 'n', prefix: 'p', format: 'v7' })).name).toBe('n');
  const star = tarItem({
    name: 'n',
    prefix: `${'p'.repeat(131)}01234567890 `,
    patches: [[508, 'tar\0']],
  });
  expect(decodeTarHeader(star).name).toBe(`${'p'.repeat(131)}/n`);
});

test('device numbers are only looked at where they mean something', () => {
  const patches = [[329, 'junk']] as const;
  expect(decodeTarHeader(tarItem({ name: 'n', patches })).devmajor).toBe(0);
  expect(() => decodeTarHeader(tarItem({ name: 'n', typeflag: '4', patches }))).toThrow(
    "the header's devmajor is not a number",
  );
});

test('NUL is the type of files before POSIX', () => {
  expect(decodeTarHeader(tarItem({ name: 'n', typeflag: '\0', format: 'v7' })).typeflag).toBe('0');
});

test.each([
  ['0000644\0', 0o644],
  ['   644 \0', 0o644],
  ['644     ', 0o644],
  ['00000644', 0o644],
  ['\0\0\0\0\0\0\0\0', 0],
  ['        ', 0],
  ['\x80\0\0\0\0\x01\x11\x70', 70000],
  ['\x80\x1f\xff\xff\xff\xff\xff\xff', Number.MAX_SAFE_INTEGER],
])('%j is a number', (field, value) => {
  expect(decodeTarNumber(bytes(field), [0, 8], 'x')).toBe(value);
});

test.each([
  '0000648\0',
  'deadbeef',
  '-000001\0',
  '\xff\xff\xff\xff\xff\xff\xff\xfe',
  '\x80\x20\0\0\0\0\0\0',
])('%j is not', (field) => {
  expect(() => decodeTarNumber(bytes(field), [0, 8], 'x')).toThrow(TarFormatError);
});

test('any changed byte makes the checksum wrong', () => {
  const block = tarItem({ name: 'name' });
  for (let at = 0; at < 512; at += 1) {
    if (at >= 154 && at < 156) continue; // the end of the checksum field itself
    block[at]! ^= 0x01;
    expect(isTarHeader(block), `byte ${at}`).toBe(false);
    block[at]! ^= 0x01;
  }
  expect(isTarHeader(block)).toBe(true);
});

test('a checksum of signed characters is right as well', () => {
  const block = tarItem({ name: '\xff\xff' });
  const sum = parseInt(block.toString('latin1', 148, 154), 8) - 512;
  block.write(sum.toString(8).padStart(6, '0'), 148);
  expect(isTarHeader(block)).toBe(true);
});

test('a zero block is not a header, and nothing shorter is one', () => {
  const zero = new Uint8Array(512);
  expect(isZeroBlock(zero)).toBe(true);
  expect(isTarHeader(zero)).toBe(false);
  expect(isTarHeader(tarItem({ name: 'n' }).subarray(0, 511))).toBe(false);
});
