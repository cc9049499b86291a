/*
 * The map is laid out like text: bytes run from left to right in rows of a power of two, so that addresses
 * are easy to read and blocks line up.
 */

/** The part of the image that is shown, and its scale. */
export interface Viewport {
  /** Bytes in a row: a power of two. */
  readonly rowBytes: number;
  /** Number of the first row shown; may be a fraction. */
  readonly top: number;
}

/** Places of a canvas, in CSS pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  /** Where rows start: addresses are before them. */
  readonly left: number;
  readonly right: number;
  /** Bytes in all. */
  readonly end: number;
  readonly blockSize: number;
}

const SMALLEST_ROW = 64;
const ROW_HEIGHT = 20;
/** If a block fills a row there is room. */
const TALL_ROW_HEIGHT = 32;
const HIGHEST_ROW = 44;
export const ROW_GAP = 3;

/** Rows are higher if a block fills one, or if there are only a few. */
export function rowHeight(
  viewport: Pick<Viewport, 'rowBytes'>,
  frame: Pick<Frame, 'blockSize' | 'height' | 'end'>,
): number {
  const least = viewport.rowBytes <= frame.blockSize ? TALL_ROW_HEIGHT : ROW_HEIGHT;
  return Math.max(least, Math.min(HIGHEST_ROW, frame.height / rowCount(viewport, frame)));
}

export function rowCount(
  { rowBytes }: Pick<Viewport, 'rowBytes'>,
  { end }: Pick<Frame, 'end'>,
): number {
  return Math.max(1, Math.ceil(end / rowBytes));
}

function rowsShown(viewport: Pick<Viewport, 'rowBytes'>, frame: Frame): number {
  return frame.height / rowHeight(viewport, frame);
}

/** The shortest rows with which everything is visible at once. */
export function wholeImage(frame: Frame): Viewport {
  let rowBytes = SMALLEST_ROW;
  while (rowCount({ rowBytes }, frame) > rowsShown({ rowBytes }, frame) && rowBytes < 2 ** 31) {
    rowBytes *= 2;
  }
  return { rowBytes, top: 0 };
}

/** The viewport, moved so that its first row is in the image. */
export function clamped(viewport: Viewport, frame: Frame): Viewport {
  const whole = wholeImage(frame);
  const rowBytes = Math.min(whole.rowBytes, Math.max(SMALLEST_ROW, viewport.rowBytes));
  const last = Math.max(0, rowCount({ rowBytes }, frame) - rowsShown({ rowBytes }, frame));
  return { rowBytes, top: Math.min(last, Math.max(0, viewport.top)) };
}

/** Rows become twice as long for each step out, half as long for each step in; `offset` stays in place. */
export function zoomed(viewport: Viewport, frame: Frame, steps: number, offset: number): Viewport {
  const rowBytes = clamped({ rowBytes: viewport.rowBytes * 2 ** steps, top: 0 }, frame).rowBytes;
  const y = (Math.floor(offset / viewport.rowBytes) - viewport.top) * rowHeight(viewport, frame);
  const top = Math.floor(offset / rowBytes) - y / rowHeight({ rowBytes }, frame);
  return clamped({ rowBytes, top }, frame);
}

/** The viewport moved as little as is needed to show a byte. */
export function showing(viewport: Viewport, frame: Frame, offset: number): Viewport {
  const row = Math.floor(offset / viewport.rowBytes);
  const rows = Math.max(1, Math.floor(rowsShown(viewport, frame)));
  if (row < viewport.top) return clamped({ ...viewport, top: row }, frame);
  if (row >= viewport.top + rows) return clamped({ ...viewport, top: row - rows + 1 }, frame);
  return viewport;
}

/** The byte at a place of the canvas; undefined if there is none. */
export function offsetAt(
  viewport: Viewport,
  frame: Frame,
  x: number,
  y: number,
): number | undefined {
  const row = Math.floor(viewport.top + y / rowHeight(viewport, frame));
  const part = (x - frame.left) / (frame.width - frame.left - frame.right);
  if (part < 0 || part >= 1 || row < 0) return undefined;
  const offset = row * viewport.rowBytes + Math.floor(part * viewport.rowBytes);
  return offset < frame.end ? offset : undefined;
}

/** Where a byte of a row starts, in pixels from the left edge. */
export function xOf(viewport: Viewport, frame: Frame, byteOfRow: number): number {
  const width = frame.width - frame.left - frame.right;
  return frame.left + (byteOfRow / viewport.rowBytes) * width;
}
