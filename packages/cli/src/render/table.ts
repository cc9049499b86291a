import { PLAIN, paint, type Color, type Look } from './look.js';
import { cutStart, displayWidth, wrapText } from './text-width.js';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** How to shorten long cells if the table must fit: words wrap, or paths lose their start. */
  readonly fit?: 'wrap' | 'cut';
  /** Shorter words for cells, if the table must fit. */
  readonly short?: Readonly<Record<string, string>>;
  /** The colour of a cell in a row. */
  readonly color?: (cell: string, row: readonly string[]) => Color | undefined;
}

/**
 * Text in columns as wide as they need to be, two spaces apart, without spaces at the ends of lines. Without
 * any title there is no head line. If it is wider than the terminal, empty columns are left out, others are
 * narrowed, and cells that still do not fit go below, indented.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  look: Look,
): string {
  return [...tablePieces(columns, () => rows, look)].join('');
}

/**
 * The lines of {@link renderTable}, for tables too long to be held in memory.
 *
 * @param rows called twice, because column widths are known only after all cells have been seen.
 */
export function* tablePieces(
  columns: readonly Column[],
  rows: () => Iterable<readonly string[]>,
  look: Look = PLAIN,
): Generator<string, void> {
  const widths = columns.map(() => 0);
  const shortWidths = columns.map(() => 0);
  for (const row of rows()) {
    for (const [index, column] of columns.entries()) {
      const cell = row[index] ?? '';
      const width = displayWidth(cell);
      widths[index] = Math.max(widths[index]!, width);
      const short = column.short?.[cell];
      const shortWidth = short === undefined ? width : displayWidth(short);
      shortWidths[index] = Math.max(shortWidths[index]!, shortWidth);
    }
  }
  const titles = columns.map(({ title }) => title);
  const natural = placesOf(columns, widths);
  const lines = fits(natural, look.width)
    ? [natural]
    : planLines(placesOf(columns, shortWidths), look.width);
  if (titles.some((title) => title !== '')) yield renderRow(lines, titles, PLAIN);
  for (const row of rows()) yield renderRow(lines, row, look);
}

/** Names and values below each other. */
export function renderFields(
  fields: readonly (readonly [string, string])[],
  look: Look = PLAIN,
): string {
  return renderTable(
    [{ title: '' }, { title: '', fit: 'wrap' }],
    fields.map(([name, value]) => [`${name}:`, value]),
    look,
  );
}

/** A column in a line of the table, and how wide it is there. */
interface Place {
  readonly column: Column;
  /** Index of its cell in a row. */
  readonly index: number;
  /** No row has anything in it. */
  readonly isEmpty: boolean;
  width: number;
}

/** Columns beside each other: all of them, or as many as there is room for. */
interface Line {
  readonly indent: number;
  readonly places: Place[];
  /** Whether cells have their shorter words. */
  readonly isShort: boolean;
}

const GAP = 2;
/** Columns before a cell that is put on a line of its own. */
const INDENT = 4;
/** A column becomes narrower than this only if it has a line of its own. */
const MIN_WIDTHS = { wrap: 24, cut: 20 } as const;

/** All columns beside each other. */
function placesOf(columns: readonly Column[], widths: readonly number[]): Line {
  const places = columns.map((column, index): Place => ({
    column,
    index,
    isEmpty: widths[index] === 0,
    width: Math.max(widths[index]!, displayWidth(column.title)),
  }));
  return { indent: 0, places, isShort: false };
}

/** Lines of a table that is too wide. */
function planLines({ places }: Line, width: number): Line[] {
  const lines: Line[] = [];
  for (const place of places) {
    if (place.isEmpty) continue;
    const last = lines.at(-1);
    if (last !== undefined && canFit({ ...last, places: [...last.places, place] }, width)) {
      last.places.push(place);
    } else {
      lines.push({ indent: lines.length === 0 ? 0 : INDENT, places: [place], isShort: true });
    }
  }
  for (const line of lines) shrink(line, width);
  return lines;
}

function fits(line: Line, width: number): boolean {
  return lineWidth(line) <= width;
}

function lineWidth({ indent, places }: Line): number {
  return places.reduce((sum, place) => sum + place.width + GAP, indent - GAP);
}

/** Whether columns can be made to fit beside each other. */
function canFit(line: Line, width: number): boolean {
  const narrowest = line.places.map((place) => ({ ...place, width: minWidth(place) }));
  return fits({ ...line, places: narrowest }, width);
}

function minWidth({ column: { fit }, width }: Place): number {
  return fit === undefined ? width : Math.min(width, MIN_WIDTHS[fit]);
}

/** Takes the excess from the columns that can be wrapped, then from those that can be cut. */
function shrink(line: Line, width: number): void {
  const alone = line.places.length === 1;
  for (const fit of ['wrap', 'cut'] as const) {
    for (const place of line.places) {
      if (place.column.fit !== fit) continue;
      const excess = Math.max(lineWidth(line) - width, 0);
      place.width = Math.max(place.width - excess, alone ? 1 : minWidth(place));
    }
  }
}

/** A row of the table; empty lines, except the first, are left out. */
function renderRow(lines: readonly Line[], row: readonly string[], look: Look): string {
  return lines
    .filter(({ places }, at) => at === 0 || places.some(({ index }) => (row[index] ?? '') !== ''))
    .map((line) => renderLine(line, row, look))
    .join('');
}

function renderLine({ indent, places, isShort }: Line, row: readonly string[], look: Look): string {
  const cells = places.map(({ column, index, width }) => {
    const cell = row[index] ?? '';
    return fitCell(isShort ? (column.short?.[cell] ?? cell) : cell, width, column);
  });
  const height = Math.max(...cells.map(({ length }) => length));
  return Array.from({ length: height }, (_, at) => {
    const padded = places.map(({ column, index, width }, of) => {
      const cell = cells[of]![at] ?? '';
      const space = ' '.repeat(Math.max(width - displayWidth(cell), 0));
      const color = look.color ? column.color?.(row[index] ?? '', row) : undefined;
      const painted = paint(look, color, cell);
      return column.align === 'right' ? space + painted : painted + space;
    });
    return `${(' '.repeat(indent) + padded.join(' '.repeat(GAP))).trimEnd()}\n`;
  }).join('');
}

/** The lines that a cell takes. */
function fitCell(cell: string, width: number, { fit }: Column): readonly string[] {
  // No code unit takes more than two cells, so most texts need no closer look.
  if (fit === undefined || 2 * cell.length <= width || displayWidth(cell) <= width) return [cell];
  return fit === 'wrap' ? wrapText(cell, width) : [cutStart(cell, width)];
}
