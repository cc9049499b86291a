import { wrap } from '../shell/help.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** What becomes of long cells where the table must fit: words go on below, or paths lose their start. */
  readonly fit?: 'wrap' | 'cut';
}

/**
 * Text in columns as wide as they need to be, two spaces apart, without spaces at the ends of
 * lines. Without any title there is no head line.
 *
 * @param width characters that a line may have, as far as columns can be made to fit.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = Infinity,
): string {
  return [...tablePieces(columns, () => rows, width)].join('');
}

/**
 * The lines of {@link renderTable}, for tables that are too long to be held.
 *
 * @param rows called twice, for the widths of the columns are known when all cells have been seen.
 */
export function* tablePieces(
  columns: readonly Column[],
  rows: () => Iterable<readonly string[]>,
  width = Infinity,
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
    const cells = columns.map(({ fit }, index) => fitCell(line[index] ?? '', widths[index]!, fit));
    const height = Math.max(...cells.map(({ length }) => length));
    return Array.from({ length: height }, (_, row) => {
      const padded = columns.map(({ align = 'left' }, index) => {
        const cell = cells[index]![row] ?? '';
        const space = ' '.repeat(Math.max(widths[index]! - displayWidth(cell), 0));
        return align === 'right' ? space + cell : cell + space;
      });
      return `${padded.join('  ').trimEnd()}\n`;
    }).join('');
  };
  if (titled) measure(titles);
  for (const line of rows()) measure(line);
  shrink(widths, columns, width);
  if (titled) yield format(titles);
  for (const line of rows()) yield format(line);
}

/** Narrower than this no column becomes: a few words, a segment of a program. */
const MIN_WIDTHS = { wrap: 16, cut: 20 } as const;

/** Takes what is too much from the columns that can be wrapped, then from those that can be cut. */
function shrink(widths: number[], columns: readonly Column[], width: number): void {
  let excess = widths.reduce((sum, each) => sum + each + 2, -2) - width;
  for (const fit of ['wrap', 'cut'] as const) {
    for (const [index, column] of columns.entries()) {
      if (column.fit !== fit) continue;
      const taken = Math.max(Math.min(excess, widths[index]! - MIN_WIDTHS[fit]), 0);
      widths[index]! -= taken;
      excess -= taken;
    }
  }
}

/** The lines that a cell takes. */
function fitCell(cell: string, width: number, fit: Column['fit']): readonly string[] {
  if (fit === undefined || displayWidth(cell) <= width) return [cell];
  if (fit === 'wrap') return wrap(cell, width);
  return [
    `…${Array.from(cell)
      .slice(1 - width)
      .join('')}`,
  ];
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
