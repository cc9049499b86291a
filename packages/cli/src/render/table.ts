export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
}

/**
 * Text in columns as wide as they need to be, two spaces apart, without spaces at the ends of
 * lines. Without any title there is no head line.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const titled = columns.some(({ title }) => title !== '');
  const lines = titled ? [columns.map(({ title }) => title), ...rows] : rows;
  const widths = columns.map((_, index) =>
    lines.reduce((width, line) => Math.max(width, displayWidth(line[index] ?? '')), 0),
  );
  return lines
    .map((line) => {
      const cells = columns.map(({ align = 'left' }, index) => {
        const cell = line[index] ?? '';
        const space = ' '.repeat(widths[index]! - displayWidth(cell));
        return align === 'right' ? space + cell : cell + space;
      });
      return `${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}

/** Names and values below each other. */
export function renderFields(fields: readonly (readonly [string, string])[]): string {
  return renderTable(
    [{ title: '' }, { title: '' }],
    fields.map(([name, value]) => [`${name}:`, value]),
  );
}

/** Number of characters, not of UTF-16 units. */
function displayWidth(cell: string): number {
  return /^[ -~]*$/.test(cell)
    ? cell.length
    : cell.replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g, '?').length;
}

/** `1 file`, `2 files`. */
export function plural(count: number, noun: string, nouns = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : nouns}`;
}
