import { eastAsianWidth } from 'get-east-asian-width';

/*
 * How much room text takes on a terminal. Text has no control characters: names are escaped before they
 * come here. An escape, and a letter with its accents, is one unit that is never split.
 */

/** Cells of a terminal: two for wide characters, none for accents. Compare wcwidth(3). */
export function displayWidth(text: string): number {
  // ASCII, and Latin letters but for the soft hyphen between them: most texts need no closer look.
  if (/^[ -~¡-¬®-ʯ]*$/.test(text)) return text.length;
  let width = 0;
  for (const char of text) {
    width += hasNoWidth(char) ? 0 : eastAsianWidth(char.codePointAt(0)!);
  }
  return width;
}

/** The sets of characters take half a millisecond to make: here they are made on demand. */
function hasNoWidth(char: string): boolean {
  return /^[\p{Mn}\p{Me}\p{Default_Ignorable_Code_Point}]$/u.test(char);
}

/** The end of `text`, with `…` for the missing part before it. */
export function cutStart(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  const kept: string[] = [];
  let room = width - 1;
  for (const unit of unitsOf(text).reverse()) {
    room -= displayWidth(unit);
    if (room < 0) break;
    kept.push(unit);
  }
  return `…${kept.reverse().join('')}`;
}

/** Lines of at most `width` cells, broken at spaces; a longer word is broken anywhere. */
export function wrapText(text: string, width: number): string[] {
  const lines: string[] = [];
  let rest = unitsOf(text);
  while (rest.length > 0) {
    const fitting = countFitting(rest, width);
    if (fitting === rest.length) {
      lines.push(rest.join(''));
      break;
    }
    // The space after the last word that fits, and none at the start of a line.
    const space = rest.lastIndexOf(' ', fitting);
    const end = space > 0 ? space : fitting;
    lines.push(rest.slice(0, end).join('').trimEnd());
    rest = rest.slice(rest[end] === ' ' ? end + 1 : end);
  }
  return lines.length === 0 ? [''] : lines;
}

/** How many units go into a line: one at least. */
function countFitting(units: readonly string[], width: number): number {
  let room = width;
  const tooMuch = units.findIndex((unit) => (room -= displayWidth(unit)) < 0);
  return tooMuch === -1 ? units.length : Math.max(tooMuch, 1);
}

/** Columns before a line that is continued. */
const HANGING_INDENT = 4;

/** A line, which continues below, indented, if it is too long. */
export function hangingLine(text: string, width: number): string {
  if (displayWidth(text) <= width) return `${text}\n`;
  const [first = '', ...more] = wrapText(text, width);
  const rest = text.slice(first.length).trimStart();
  if (more.length === 0) return `${first}\n`;
  const room = Math.max(width - HANGING_INDENT, 1);
  return [first, ...wrapText(rest, room).map((line) => ' '.repeat(HANGING_INDENT) + line)]
    .map((line) => `${line}\n`)
    .join('');
}

function unitsOf(text: string): string[] {
  return text.match(/(?:\\x[0-9a-f]{2}|\\u\{[0-9a-f]+\}|\\\\|[^])[\p{Mn}\p{Me}]*/gu) ?? [];
}
