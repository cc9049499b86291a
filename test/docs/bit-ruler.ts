import type { Endianness } from 'cramfs-format';

type Field = readonly [name: string, width: number];

/** Columns per bit: one for the border on its left and one for its content. */
const COLUMNS = 2;
const BITS = 32;

/**
 * Draws a 32-bit word with its most significant bit on the left, as docs/format.md does:
 *
 *     31                           16 15                            0
 *     +-------------------------------+-------------------------------+
 *     |              uid              |             mode              |
 *     +-------------------------------+-------------------------------+
 *
 * @param fields bit-fields in the order of their declaration.
 */
export function bitRuler(fields: readonly Field[], endianness: Endianness): string {
  const fromTheLeft = endianness === 'big' ? fields : [...fields].reverse();
  let [numbers, border, names] = ['', '+', '|'];
  let high = BITS - 1;
  for (const [name, width] of fromTheLeft) {
    const space = width * COLUMNS - 1;
    const low = high - width + 1;
    numbers += ` ${high}${String(low).padStart(space - String(high).length)}`;
    border += `${'-'.repeat(space)}+`;
    names += `${centred(name, space)}|`;
    high = low - 1;
  }
  return [numbers, border, names, border].join('\n');
}

function centred(text: string, width: number): string {
  const left = Math.floor((width - text.length) / 2);
  return text.padStart(left + text.length).padEnd(width);
}
