import { expect, test } from 'vitest';
import { SeqFile, singleRecord, type SeqShow } from './seq-file.js';

const SIZE = 16;

/** Records that show when they were made. */
function counted(lengths: readonly number[]): { show: SeqShow; made: number[] } {
  const made: number[] = [];
  const show: SeqShow = (position) => {
    const length = lengths[position];
    if (length === undefined) return undefined;
    made.push(position);
    return { text: String(position).repeat(length), next: position + 1 };
  };
  return { show, made };
}

/** Returns the result of read(2). */
function read(file: SeqFile, position: number, length: number): string {
  const into = new Uint8Array(length);
  return Buffer.from(into.subarray(0, file.read(position, into))).toString();
}

test('a read makes the records that it has room for, and no more than the buffer holds', () => {
  const { show, made } = counted([5, 5, 5, 5]);
  const file = new SeqFile(show, SIZE);
  expect(read(file, 0, 7)).toBe('0000011');
  expect(made).toEqual([0, 1]);
  // The rest of the second record, and two that fit.
  expect(read(file, 7, 100)).toBe('1112222233333');
  expect(read(file, 20, 100)).toBe('');
});

test('a buffer takes whole records only, and grows for one that is longer', () => {
  const { show } = counted([10, 6, 5, 40, 1]);
  const file = new SeqFile(show, SIZE);
  expect(read(file, 0, 100)).toBe('0'.repeat(10));
  expect(read(file, 10, 100)).toBe('1'.repeat(6) + '2'.repeat(5));
  expect(read(file, 21, 100)).toBe('3'.repeat(40) + '4');
});

test('from another position, everything is made again', () => {
  let text = 'first';
  const file = new SeqFile(
    singleRecord(() => text),
    SIZE,
  );
  expect(read(file, 0, 3)).toBe('fir');
  text = 'second';
  expect(read(file, 3, 10)).toBe('st');
  expect(read(file, 0, 10)).toBe('second');
  expect(read(file, 4, 10)).toBe('nd');
  expect(read(file, 9, 10)).toBe('');
});
