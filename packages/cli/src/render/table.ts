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
  return [...tablePieces(columns, () => rows)].join('');
}

/**
 * The lines of {@link renderTable}, for tables that are too long to be held.
 *
 * @param rows called twice, for the widths of the columns are known when all cells have been seen.
 */
export function* tablePieces(
  columns: readonly Column[],
  rows: () => Iterable<readonly string[]>,
): Generator<string, void> {
  const titles = columns.map(({ title }) => title);
  const titled = titles.some((title) => title !== '');
  const widths = columns.map(() => 0);
  const measure = (line: readonly string[]): void => {
    for (const index of widths.keys()) {
      widths[index] = Math.max(widths[index]!, displayWidth(line[index] ?? ''));
    }
  };
  const format = (line: readonly string[]): string => {
    const cells = columns.map(({ align = 'left' }, index) => {
      const cell = line[index] ?? '';
      const space = ' '.repeat(widths[index]! - displayWidth(cell));
      return align === 'right' ? space + cell : cell + space;
    });
    return `${cells.join('  ').trimEnd()}\n`;
  };
  if (titled) measure(titles);
  for (const line of rows()) measure(line);
  if (titled) yield format(titles);
  for (const line of rows()) yield format(line);
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
